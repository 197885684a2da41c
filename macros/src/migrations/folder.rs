//! The files of the folder.

use std::{fs, path::Path};

use tenancy_core::revision::{Problem, Target};

/// Each file's path from the folder of `Cargo.toml`, its text, and its target.
pub(super) type Files = Vec<(String, String, Target)>;

/// Reads the folders `shared` and `tenant` in a folder, in the order of names.
pub(super) fn read(root: &Path, folder: &str) -> (Files, Vec<Problem>) {
    let mut files = Files::new();
    let mut problems = Vec::new();
    let folder = folder.trim_end_matches('/');
    match names(&root.join(folder)) {
        Ok(stray) => {
            for name in stray {
                // Other SQL may lie there, such as what `tenancy rls generate` writes.
                let text = fs::read_to_string(root.join(folder).join(&name));
                let is_revision =
                    |text: String| text.lines().any(|line| line.starts_with("-- revision:"));
                if !text.is_ok_and(is_revision) {
                    continue;
                }
                let what =
                    "it lies in neither of the folders `shared` and `tenant`; move it into one";
                problems.push(Problem::new(what, &[&format!("{folder}/{name}")]));
            }
        }
        Err(why) => {
            let what = format!(
                "the folder with the revisions, which is looked for beside `Cargo.toml`, cannot be \
                 read: {why}; `tenancy init` makes one"
            );
            return (files, vec![Problem::new(what, &[folder])]);
        }
    }
    for target in [Target::Shared, Target::Tenant] {
        let own = format!("{folder}/{target}");
        if !root.join(&own).exists() {
            continue;
        }
        let cannot = |name: &str, why: std::io::Error| {
            Problem::new(format!("it cannot be read: {why}"), &[name])
        };
        match names(&root.join(&own)) {
            Ok(names) => {
                for name in names {
                    let path = format!("{own}/{name}");
                    match fs::read_to_string(root.join(&path)) {
                        Ok(text) => files.push((path, text, target)),
                        Err(why) => problems.push(cannot(&path, why)),
                    }
                }
            }
            Err(why) => problems.push(cannot(&own, why)),
        }
    }
    (files, problems)
}

/// The names of a folder's SQL files.
fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "sql") && !path.is_dir() {
            names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}
