//! As much of Markdown as finding links and commands takes.

/// The relative targets of a document's links, without the part after `#`.
pub(super) fn links(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    for line in text_lines(text) {
        // Every second piece stands between backticks.
        let prose: String = line.split('`').step_by(2).collect();
        let inline = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        targets.extend(inline.filter_map(relative));
        // `[name]: target`
        let named = prose.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
        let named = named.and_then(|(_, target)| target.split_whitespace().next());
        targets.extend(named.and_then(relative));
    }
    targets
}

/// Every command that begins with `cargo`, in blocks of code and between backticks.
pub(super) fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if is_fence(line) {
            in_code = !in_code;
        } else if in_code {
            let line = line.trim().trim_start_matches("$ ");
            commands.extend(line.starts_with("cargo ").then_some(line));
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            commands.extend(spans.filter(|span| span.starts_with("cargo ")));
        }
    }
    let bare = |command: &str| command.split(" #").next().unwrap_or_default().trim().to_owned();
    commands.into_iter().map(bare).collect()
}

/// The lines outside blocks of code.
fn text_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let fence = is_fence(line);
        in_code ^= fence;
        !in_code && !fence
    })
}

fn is_fence(line: &str) -> bool {
    line.trim_start().starts_with("```")
}

/// A target inside the repository.
fn relative(target: &str) -> Option<String> {
    let path = target.split('#').next().unwrap_or_default().trim_matches(['<', '>']);
    let elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
    (!elsewhere).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
See [one](a.md#part), [two](https://example.com), [three](#here) and `[no](code.md)`.
[four]: b/c.rs
```sh
$ cargo run -p x   # runs it
[no](block.md)
echo cargo no
```
Then `cargo xtask test` and `carg o`.
";

    #[test]
    fn links_are_found() {
        assert_eq!(links(TEXT), ["a.md", "b/c.rs"]);
    }

    #[test]
    fn commands_are_found() {
        assert_eq!(commands(TEXT), ["cargo run -p x", "cargo xtask test"]);
    }
}
