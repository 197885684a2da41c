//! The table of all keys.

use std::fmt::Write as _;

use super::{keys, setting::Key, source::variable};

/// In Markdown, a section for each first part of the keys.
pub(super) fn markdown() -> String {
    let mut text = String::new();
    let mut section = String::new();
    for Key { name, kind, default, about } in keys() {
        let own = name.split('.').next().unwrap_or_default();
        if own != section {
            own.clone_into(&mut section);
            // A text is always written.
            let _ = write!(
                text,
                "\n## `[{section}]`\n\n| key | variable | value | unless set | |\n|---|---|---|---|---|\n"
            );
        }
        let default = default.map(|default| format!("`{default}`")).unwrap_or_default();
        let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
        let variable = variable(&name);
        let _ = writeln!(text, "| `{name}` | `{variable}` | {kind} | {default} | {about} |");
    }
    text.trim_start().to_owned()
}
