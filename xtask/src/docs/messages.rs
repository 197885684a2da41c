//! `docs/macros.md`: what the compiler says of each mistake, from the programs of the ui tests.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::Result;

/// The document, from the folder of the workspace.
const DOCUMENT: &str = "docs/macros.md";

/// The folders of `ui-tests/fail`, in the order of a first reading, and what they are about.
const TOPICS: &[(&str, &str)] = &[
    (
        "item",
        "The macros stand on the `Model` of an entity, since SeaORM makes `Entity` of that. The \
         attribute stands above `#[sea_orm::model]` and the derives, or the column it adds comes too \
         late.",
    ),
    (
        "classification",
        "An entity's rows belong to one tenant each, or all tenants share them, and one macro says so.",
    ),
    (
        "argument",
        "Each key is checked where it is written. All mistakes of an entity are reported in one build.",
    ),
    (
        "column",
        "Every row says whose it is, in one column that the scoper reads and writes. So it cannot be \
         empty, missing or there twice.",
    ),
    (
        "key",
        "Two tenants may use the same primary key unless the database numbers the rows, or the key is \
         a UUID. A key that tenants choose and that is unique among all of them tells one what another \
         has.",
    ),
    (
        "name",
        "PostgreSQL silently cuts off names after 63 bytes, so two of them may become one. Names of \
         servers and of this library's own tables are theirs.",
    ),
    (
        "relation",
        "A foreign key leads from a tenant's row to one of the same tenant, or to one that all share. \
         It contains the tenant column at both ends, which `create_tables` adds by itself. These are \
         the compiler's answers to assertions in the expansion, hence `evaluation panicked`. Relations \
         in an enumeration of their own are not seen by the macros; they are refused when tables are \
         made.",
    ),
    (
        "rls",
        "Further policies are written into the database as they were understood, so each is one \
         expression over columns of its own table.",
    ),
    ("soft_delete", "The column that marks a row says when, or nothing."),
    (
        "audit",
        "The database itself records each change of an audited table, beside the changed row. Tenants \
         read their own records, and nobody writes them. On MySQL an audited entity with a foreign key \
         that changes or removes rows is refused when tables are made.",
    ),
    (
        "use",
        "What is typed for one purpose does not fit another. A tenant column in an `ActiveModel` \
         literal is nothing Rust could refuse; one that names another tenant is refused when the \
         statement runs.",
    ),
    ("sql", "`tenant_sql!` asks the scoper when the program is compiled."),
    (
        "migrations",
        "`migrations!` reads the files of a folder when the program is compiled. All that is wrong with \
         them is said at once, each with the files it is in.",
    ),
];

/// Writes the document anew.
pub(crate) fn write(root: &Path) -> Result<()> {
    let path = root.join(DOCUMENT);
    fs::write(&path, document(root)?).map_err(|error| format!("cannot write {DOCUMENT}: {error}"))
}

/// What is wrong with the document, if anything.
pub(super) fn audit(root: &Path) -> Result<Option<String>> {
    let found = fs::read_to_string(root.join(DOCUMENT)).unwrap_or_default();
    let stale = found != document(root)?;
    Ok(stale.then(|| format!("{DOCUMENT} is stale: run `cargo xtask bless`")))
}

fn document(root: &Path) -> Result<String> {
    let fail = root.join("ui-tests/fail");
    let mut text = String::from(
        "# What the macros say, and what they mean\n\n\
         `cargo xtask bless` writes this from the programs in `ui-tests/fail` and what the compiler says \
         of them.\nA heading is the program's name; below it stands what is wrong there, if the message alone \
         does not show it.\n",
    );
    let mut found = folders(&fail)?;
    for (topic, about) in TOPICS {
        let Some(programs) = found.remove(*topic) else {
            return Err(format!("there is no folder ui-tests/fail/{topic}"));
        };
        let title = topic.replace('_', " ");
        text.push_str(&format!("\n## {}\n\n{about}\n", capitalized(&title)));
        for program in programs {
            let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let said = fs::read_to_string(program.with_extension("stderr"))
                .map_err(|error| format!("cannot read what is said of {name}: {error}"))?;
            let source = fs::read_to_string(&program)
                .map_err(|error| format!("cannot read {}: {error}", program.display()))?;
            text.push_str(&format!("\n### {}\n\n", capitalized(&name.replace('_', " "))));
            if let Some(mistake) = mistake(&source) {
                text.push_str(&format!("{mistake}\n\n"));
            }
            text.push_str("```text\n");
            text.push_str(&errors(&said));
            text.push_str("```\n");
        }
    }
    match found.keys().next() {
        Some(topic) => Err(format!("ui-tests/fail/{topic} has no introduction in {}", file!())),
        None => Ok(text),
    }
}

/// The programs of each folder.
fn folders(fail: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let list = |folder: &Path| {
        let entries = fs::read_dir(folder)
            .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        Ok::<_, String>(paths)
    };
    let mut folders = BTreeMap::new();
    for folder in list(fail)?.into_iter().filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut programs = list(&folder)?;
        programs.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
        folders.insert(name, programs);
    }
    Ok(folders)
}

/// What a program says at its head that it gets wrong.
fn mistake(program: &str) -> Option<String> {
    let lines: Vec<&str> =
        program.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The sentences of each error, once, with the line it is about: from `error` to the end of its
/// first picture, and the notes that are ours.
fn errors(said: &str) -> String {
    let mut text = String::new();
    let mut known: Vec<&str> = Vec::new();
    let (mut pictured, mut again, mut helps) = (false, false, false);
    for line in said.lines() {
        let begins = line.starts_with("error");
        if begins {
            pictured = false;
            again = known.contains(&line);
            known.push(line);
        }
        let noted = line.trim_start().starts_with("= note: ");
        // What goes on below a help stands further in than the help itself.
        helps = line.trim_start().starts_with("= help: ")
            || helps && line.starts_with("      ") && !line.contains(" | ");
        let theirs = ["= note: this error originates", "= note: required", "= note: `#[warn("]
            .iter()
            .any(|theirs| line.trim_start().starts_with(theirs));
        let label = line.trim_end().ends_with("required by a bound introduced by this call");
        if again || theirs || helps || label {
            continue;
        }
        if line.is_empty() || line.starts_with("help:") || line.starts_with("note:") {
            pictured = true;
        }
        let place =
            line.trim_start().starts_with("-->") || line.trim_end().ends_with('|') && !begins;
        if (!pictured && !place) || noted {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_stands_once_and_without_the_compilers_helps() {
        let error = "error[E0277]: no connection\n  |\n1 | run(db)\n  | --- ^^ not ours\n  |\n  = help: the \
                     trait\n          `A` implements it\n        and $N others\n  = note: ask\n";
        let expected =
            "error[E0277]: no connection\n1 | run(db)\n  | --- ^^ not ours\n  = note: ask\n";
        assert_eq!(errors(&format!("{error}\n{error}")), expected);
        assert_eq!(
            mistake("//! A place\n//! without.\n\nuse a;").as_deref(),
            Some("A place\nwithout.")
        );
        assert_eq!(mistake("use a;"), None);
    }

    #[test]
    fn an_error_is_its_sentence_and_its_line() {
        let said = "error: no key `colum`\n --> fail/a.rs:4:17\n  |\n4 | #[tenant_scoped(colum)]\n  |    \
                    ^^^^^\n\nerror[E0277]: a relation\n  --> fail/b.rs:1\n   |\n12 | x\n   | ^ label\n   |\n\
                    help: the trait\n  --> $W/c.rs\n   |\n 4 | y\n   = note: put `#[tenant_scoped]`\n   \
                    = note: this error originates in\n";
        let expected = "error: no key `colum`\n4 | #[tenant_scoped(colum)]\n  |    ^^^^^\nerror[E0277]: a \
                        relation\n12 | x\n   | ^ label\n   = note: put `#[tenant_scoped]`\n";
        assert_eq!(errors(said), expected);
    }
}
