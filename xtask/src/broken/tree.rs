//! A copy of the tree, to be broken and mended again.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::patch::Patch;
use crate::{Result, cargo};

/// A copy of the tree.
#[derive(Debug)]
pub(super) struct Tree {
    source: PathBuf,
    path: PathBuf,
    /// What is compiled of it.
    pub(super) target: PathBuf,
}

impl Tree {
    /// Copies what git knows of, or would. A file that is there already and the same is left
    /// alone, so that it is not compiled again.
    pub(super) fn copy(source: &Path) -> Result<Self> {
        let place = source.join("target").join("broken");
        let tree = Self {
            source: source.to_owned(),
            path: place.join("tree"),
            target: place.join("target"),
        };
        let files = files(source)?;
        for file in &files {
            tree.fetch(file)?;
        }
        if tree.path.is_dir() {
            tree.clear(&tree.path, &files)?;
        }
        Ok(tree)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Breaks it until the result is dropped.
    pub(super) fn apply(&self, patch: &Patch) -> Result<Applied> {
        let mut applied = Applied(Vec::new());
        for edit in patch.edits {
            let path = self.path.join(edit.file);
            let cannot = |error| format!("cannot change {}: {error}", path.display());
            let text = fs::read_to_string(&path).map_err(cannot)?;
            let broken =
                edit.apply(&text).map_err(|why| format!("the patch `{}`: {why}", patch.name))?;
            fs::write(&path, broken).map_err(cannot)?;
            applied.0.push((path, text));
        }
        Ok(applied)
    }

    fn fetch(&self, file: &Path) -> Result<()> {
        let (from, to) = (self.source.join(file), self.path.join(file));
        let cannot = |error| format!("cannot copy {} to {}: {error}", from.display(), to.display());
        let text = match fs::read(&from) {
            Ok(text) => text,
            // Deleted, and git was not told yet.
            Err(_) if !from.exists() => return Ok(()),
            Err(error) => return Err(cannot(error)),
        };
        if fs::read(&to).is_ok_and(|old| old == text) {
            return Ok(());
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(cannot)?;
        }
        fs::write(&to, text).map_err(cannot)
    }

    /// Removes what the source has no more.
    fn clear(&self, folder: &Path, files: &BTreeSet<PathBuf>) -> Result<()> {
        let cannot = |error| format!("cannot clear {}: {error}", folder.display());
        for entry in fs::read_dir(folder).map_err(cannot)?.flatten() {
            let path = entry.path();
            let known = path.strip_prefix(&self.path).is_ok_and(|file| files.contains(file));
            if path.is_dir() {
                self.clear(&path, files)?;
            } else if !known {
                fs::remove_file(&path).map_err(cannot)?;
            }
        }
        Ok(())
    }
}

/// The files git knows of or would, in the folder of the workspace.
fn files(source: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut git = std::process::Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(source);
    let output = git.output().map_err(|error| format!("cannot run {git:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{git:?} failed; this command needs a checkout of the repository"));
    }
    let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| PathBuf::from(String::from_utf8_lossy(name).into_owned())).collect())
}

/// A patch in the tree: the files it changed, as they were. Dropped, they are so again.
#[derive(Debug)]
pub(super) struct Applied(Vec<(PathBuf, String)>);

impl Drop for Applied {
    fn drop(&mut self) {
        for (path, text) in self.0.drain(..).rev() {
            if let Err(error) = fs::write(&path, text) {
                eprintln!("warning: cannot mend {}: {error}", path.display());
            }
        }
    }
}

/// Cargo, in the copy.
pub(super) fn cargo_in(tree: &Tree) -> std::process::Command {
    let mut cargo = cargo();
    cargo.current_dir(tree.path()).env("CARGO_TARGET_DIR", &tree.target);
    // Nobody reads a backtrace of them.
    cargo.envs([("CARGO_PROFILE_DEV_DEBUG", "0"), ("RUST_BACKTRACE", "0")]);
    cargo
}
