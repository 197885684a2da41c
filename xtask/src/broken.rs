//! `cargo xtask broken`, EDGE 49: shows that the tests of isolation fail when isolation is broken.
//!
//! Each patch of the [`list`] breaks one thing, in a copy of the tree, and the tests it names
//! must fail. Without a patch they must pass. The copy and what is compiled of it stay in
//! `target/broken`, so that a second run only compiles what a patch touches.

mod list;
mod patch;
mod run;
mod tree;

use self::{
    list::{WALLS, edge::EDGE},
    patch::{Patch, Test},
    tree::Tree,
};
use crate::{Result, child, root, server};

/// What to break.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the patches whose name contains one of these
    filters: Vec<String>,
    /// List the patches
    #[arg(long)]
    list: bool,
}

/// All that can be broken.
fn patches() -> impl Iterator<Item = &'static Patch> {
    WALLS.iter().chain(EDGE)
}

/// Breaks one thing after the other; fails if one of them goes unnoticed.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let filters = &options.filters;
    let wanted =
        |patch: &&Patch| filters.is_empty() || filters.iter().any(|part| patch.name.contains(part));
    let patches: Vec<&Patch> = patches().filter(wanted).collect();
    if patches.is_empty() {
        return Err("no patch has such a name; `--list` shows them".to_owned());
    }
    if options.list {
        for patch in patches {
            println!("{}: {}", patch.name, patch.why);
        }
        return Ok(true);
    }
    child::listen()?;
    let servers = server::prepare()?;
    let tree = Tree::copy(&root())?;
    let mut tests: Vec<Test> = patches.iter().flat_map(|patch| patch.tests).copied().collect();
    tests.sort_unstable();
    tests.dedup();
    println!("unpatched: {} tests must pass", tests.len());
    let control = run::verdicts(&tree, &tests, servers.urls())?;
    if let Some((test, verdict)) = control.iter().find(|(_, verdict)| *verdict != run::Verdict::Ok)
    {
        return Err(format!("`{test}` {verdict} in the unpatched tree; mend that first"));
    }
    let mut unnoticed = 0;
    for patch in patches {
        let applied = tree.apply(patch)?;
        let verdicts = noticed(&tree, patch, servers.urls())?;
        drop(applied);
        let noticed = verdicts.iter().all(|(_, verdict)| *verdict == run::Verdict::Failed);
        unnoticed += u32::from(!noticed);
        println!("{} {}", if noticed { "noticed " } else { "UNNOTICED" }, patch.name);
        for (test, verdict) in verdicts {
            println!("          `{test}` {verdict}");
        }
    }
    println!("{unnoticed} of the patches went unnoticed");
    Ok(unnoticed == 0)
}

/// How often a test may pass before a patch has gone unnoticed: whether a request is dropped at the
/// one await that matters is a matter of chance.
const TRIES: usize = 4;

/// What came of the tests of a patch, those that passed by chance left out.
fn noticed(
    tree: &Tree,
    patch: &Patch,
    urls: &[(&'static str, String)],
) -> Result<Vec<(Test, run::Verdict)>> {
    let mut verdicts = run::verdicts(tree, patch.tests, urls)?;
    for _ in 1..TRIES {
        let passed = |entry: &&(Test, run::Verdict)| entry.1 == run::Verdict::Ok;
        let again: Vec<Test> = verdicts.iter().filter(passed).map(|(test, _)| *test).collect();
        if again.is_empty() {
            break;
        }
        for (test, verdict) in run::verdicts(tree, &again, urls)? {
            verdicts.iter_mut().filter(|entry| entry.0 == test).for_each(|entry| entry.1 = verdict);
        }
    }
    Ok(verdicts)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::{Test, patches, root};

    /// The list must not rot: what a patch changes is still there, once.
    #[test]
    fn every_patch_fits_the_tree() {
        let names: BTreeSet<&str> = patches().map(|patch| patch.name).collect();
        assert_eq!(names.len(), patches().count(), "two patches have the same name");
        for patch in patches() {
            assert!(!patch.tests.is_empty() && !patch.edits.is_empty(), "{}", patch.name);
            for edit in patch.edits {
                let text = fs::read_to_string(root().join(edit.file)).unwrap();
                edit.apply(&text).unwrap_or_else(|why| panic!("the patch `{}`: {why}", patch.name));
            }
        }
    }

    /// What the macros of the suite call a test for each engine and strategy.
    const CELLS: [&str; 10] = [
        "sqlite",
        "postgres",
        "mysql",
        "sqlite_schema",
        "postgres_schema",
        "mysql_schema",
        "sqlite_database",
        "postgres_database",
        "mysql_database",
        "postgres_rls",
    ];

    /// The text of the file with the test, and the function in it that is its body.
    fn source(test: &Test) -> (String, &'static str) {
        let mut parts: Vec<&str> = test.name.split("::").collect();
        if parts.len() > 1 && parts.last().is_some_and(|last| CELLS.contains(last)) {
            parts.pop();
        }
        let function = parts.pop().unwrap();
        let file = if parts.is_empty() { "main".to_owned() } else { parts.join("/") };
        let file = root().join("tests").join(test.program).join(file).with_extension("rs");
        (fs::read_to_string(file).unwrap(), function)
    }

    /// A test that was renamed would not run, and not fail.
    #[test]
    fn every_named_test_is_there() {
        for test in patches().flat_map(|patch| patch.tests) {
            let (text, name) = source(test);
            let there = text.contains(&format!("fn {name}(")) || text.contains(&format!("{name}:"));
            assert!(there, "there is no test `{test}`");
        }
    }
}
