//! `cargo xtask audit-docs`: the documents at the root name only what exists.

mod markdown;
pub(crate) mod messages;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::CommandFactory;

use self::markdown::{commands, links};
use crate::{Chores, Result, root};

/// Prints every link and command that leads nowhere.
pub(crate) fn run() -> Result<bool> {
    let root = root();
    let known = Known::read(&root)?;
    let mut problems = Vec::new();
    let documents = documents(&root)?;
    for document in &documents {
        let text = fs::read_to_string(document)
            .map_err(|error| format!("cannot read {}: {error}", document.display()))?;
        let name = document.file_name().unwrap_or_default().to_string_lossy();
        problems
            .extend(audit(&text, &root, &known).into_iter().map(|why| format!("{name}: {why}")));
    }
    problems.extend(messages::audit(&root)?);
    for problem in &problems {
        println!("{problem}");
    }
    println!("{} documents, {} problems", documents.len(), problems.len());
    Ok(problems.is_empty())
}

fn documents(root: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(root).map_err(|error| format!("cannot list the root: {error}"))?;
    let mut documents: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    documents.sort();
    Ok(documents)
}

/// What a command may name.
#[derive(Debug, Default)]
struct Known {
    packages: Vec<String>,
    chores: Vec<String>,
    topics: Vec<String>,
}

impl Known {
    fn read(root: &Path) -> Result<Self> {
        let read = |path: PathBuf| {
            fs::read_to_string(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        let workspace = read(root.join("Cargo.toml"))?;
        let members = workspace.lines().find_map(|line| line.strip_prefix("members = "));
        let members = members.ok_or("the root Cargo.toml has no line `members = […]`")?;
        let mut packages = Vec::new();
        for member in members.split('"').skip(1).step_by(2) {
            let manifest = read(root.join(member).join("Cargo.toml"))?;
            let name = manifest.lines().find_map(|line| line.strip_prefix("name = "));
            packages.extend(name.map(|name| name.trim_matches('"').to_owned()));
        }
        let chores = Chores::command();
        let chores = chores.get_subcommands().map(|chore| chore.get_name().to_owned()).collect();
        let topics = fs::read_dir(root.join("benches/src"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
            .filter(|name| !matches!(name.as_str(), "main" | "frame"))
            .chain([crate::bench::COMPILE.to_owned()])
            .collect();
        Ok(Self { packages, chores, topics })
    }
}

/// The problems of one document.
fn audit(text: &str, root: &Path, known: &Known) -> Vec<String> {
    let broken = links(text)
        .into_iter()
        .filter(|target| !root.join(target).exists())
        .map(|target| format!("the link `{target}` leads nowhere"));
    let unknown = commands(text)
        .into_iter()
        .filter_map(|command| Some(format!("`{command}`: {}", judge(&command, known)?)));
    broken.chain(unknown).collect()
}

/// What is wrong with a command that begins with `cargo`, if anything.
fn judge(command: &str, known: &Known) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    if let ["cargo", "xtask", rest @ ..] = words.as_slice() {
        let chore = rest.first().filter(|word| !word.starts_with(['-', '<']))?;
        if !known.chores.iter().any(|name| name == chore) {
            return Some(format!("there is no chore `{chore}`"));
        }
        let topic =
            rest.get(1).filter(|word| *chore == "bench" && !word.starts_with(['-', '<']))?;
        let exists = known.topics.iter().any(|name| name == topic);
        return (!exists).then(|| format!("there is no topic `{topic}`"));
    }
    // Dependencies of the reader's own are not ours to know.
    if matches!(words.get(1), Some(&("add" | "install" | "new"))) {
        return None;
    }
    let ours = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    words[..ours].windows(2).find_map(|pair| {
        let names = matches!(pair[0], "-p" | "--package");
        let exists = known.packages.iter().any(|package| package == pair[1]);
        (names && !exists).then(|| format!("there is no package `{}`", pair[1]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        Known {
            packages: vec!["quickstart".into()],
            chores: vec!["test".into(), "bench".into()],
            topics: vec!["tour".into()],
        }
    }

    #[test]
    fn commands_are_judged() {
        let right = [
            "cargo run -p quickstart -- -p nowhere",
            "cargo xtask test some_name",
            "cargo xtask bench tour",
            "cargo xtask bench <topic>",
            "cargo add tenancy",
            "cargo test --workspace",
        ];
        for command in right {
            assert_eq!(judge(command, &known()), None, "{command}");
        }
        for command in ["cargo run -p nowhere", "cargo xtask fly", "cargo xtask bench none"] {
            assert!(judge(command, &known()).is_some(), "{command}");
        }
    }

    #[test]
    fn links_are_judged() {
        let text = "[one](Cargo.toml#x) [two](no/such/file.rs) [three](https://example.com)";
        let problems = audit(text, &root(), &known());
        assert_eq!(problems, ["the link `no/such/file.rs` leads nowhere"]);
    }

    #[test]
    fn the_workspace_is_read() {
        let known = Known::read(&root()).unwrap();
        assert!(known.packages.iter().any(|name| name == "xtask"), "{known:?}");
        assert!(known.chores.iter().any(|name| name == "audit-docs"), "{known:?}");
    }
}
