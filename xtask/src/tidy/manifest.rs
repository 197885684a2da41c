//! What the crates depend on.

use std::{fs, path::Path};

/// The macros run in the user's compiler, and know the runtime by its paths alone.
pub(super) fn macros_depend_on_no_runtime(root: &Path) -> Vec<String> {
    let allowed = ["proc-macro2", "quote", "syn", "tenancy-core"];
    let mut problems = only(root, "source/Cargo.toml", &allowed);
    problems.extend(only(
        root,
        "macros/Cargo.toml",
        &[allowed.as_slice(), &["tenancy-source"]].concat(),
    ));
    problems
}

pub(super) fn core_depends_on_no_runtime(root: &Path) -> Vec<String> {
    let allowed =
        ["chrono", "idna", "quick_cache", "serde", "serde_json", "sha2", "sqlparser", "uuid"];
    only(root, "core/Cargo.toml", &allowed)
}

/// Names every manifest that asks for the client-side cache of `redis`.
pub(super) fn redis_has_no_cache(root: &Path) -> Vec<String> {
    let members = fs::read_dir(root).into_iter().flatten().flatten();
    let folders = members.map(|member| member.path()).chain([root.to_owned()]);
    let mut problems = Vec::new();
    for manifest in folders.map(|folder| folder.join("Cargo.toml")) {
        let text = fs::read_to_string(&manifest).unwrap_or_default();
        if text.contains(concat!("cache", "-aio")) {
            problems.push(format!("{} switches it on", manifest.display()));
        }
    }
    problems
}

/// Names every dependency of a crate that is not one of `allowed`; those of its tests are free.
fn only(root: &Path, manifest: &str, allowed: &[&str]) -> Vec<String> {
    let text = fs::read_to_string(root.join(manifest)).unwrap_or_default();
    dependencies(&text)
        .into_iter()
        .filter(|name| !allowed.contains(&name.as_str()))
        .map(|name| format!("{manifest} depends on `{name}`; allowed are {}", allowed.join(", ")))
        .collect()
}

fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.split(']').next().unwrap_or_default();
            let (table, name) = match section.rsplit_once("dependencies.") {
                Some((before, name)) => (format!("{before}dependencies"), Some(name)),
                None => (section.to_owned(), None),
            };
            inside = table.ends_with("dependencies") && table != "dev-dependencies";
            names.extend(name.filter(|_| inside).map(str::to_owned));
            inside &= name.is_none();
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            names.push(name.trim_matches('"').to_owned());
        }
    }
    names
}

#[test]
fn dependencies_are_found_in_every_form() {
    let manifest = "\
[package]
name = \"x\"
[dependencies]
# a reason
one.workspace = true
two = { version = \"1\" }
[dependencies.three]
version = \"1\"
[target.'cfg(unix)'.dependencies]
four = \"1\"
[dev-dependencies]
five = \"1\"
[features]
six = []
";
    assert_eq!(dependencies(manifest), ["one", "two", "three", "four"]);
}
