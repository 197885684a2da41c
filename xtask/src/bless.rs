//! `cargo xtask bless`: takes what is said now for what is expected. Read the diff as a user would.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Result, cargo, docs, finish, root};

/// Writes the `.stderr` files of the ui tests, the document made of them and the snapshots anew.
pub(crate) fn run() -> Result<bool> {
    let ui = finish(
        cargo().args(["test", "--package", "tenancy-ui-tests"]).env("TRYBUILD", "overwrite"),
    )?;
    let snapshots = finish(
        cargo()
            .args(["test", "--package", "tenancy-core", "--package", "tenancy-macros"])
            .args(["--no-fail-fast"])
            // A test with several snapshots writes all of them.
            .envs([("INSTA_UPDATE", "always"), ("INSTA_FORCE_PASS", "1")]),
    )?;
    // The table of settings is written by the test that compares it.
    let table = finish(
        cargo()
            .args(["test", "--package", "tenancy", "--features", "config", "--lib"])
            .arg("config::tests::the_table_is_as_the_keys_are")
            .env("INSTA_UPDATE", "always"),
    )?;
    docs::messages::write(&root())?;
    let mut pending = Vec::new();
    for folder in ["core", "macros"] {
        collect_pending(&root().join(folder), &mut pending);
    }
    for file in &pending {
        println!("an inline snapshot differs; run `cargo insta review` for {}", file.display());
    }
    println!("read the changes with `git diff` before you commit them");
    Ok(ui && snapshots && table && pending.is_empty())
}

/// Snapshots inside source files are left to cargo-insta, as files beside the source.
fn collect_pending(folder: &Path, pending: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_pending(&path, pending);
        } else if path.extension().is_some_and(|extension| extension == "pending-snap") {
            pending.push(path);
        }
    }
}
