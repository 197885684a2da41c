//! Which module of the runtime may import which.

use std::{collections::BTreeMap, path::Path};

use super::source::{Source, sources};

/// The modules, the lowest first. One may import from those in layers below its own.
const LAYERS: &[&[&str]] = &[
    &["error"],
    &["hex"],
    &["entity", "schema", "pool", "redis", "usage"],
    &["store", "audit"],
    &["db", "cache", "migrate", "record"],
    &["repo", "resolve", "isolation", "limit"],
    &["tenancy"],
    &["web", "testkit"],
    &["config"],
];

/// Modules that import each other: an entity registers the blueprint of its table, and a blueprint
/// is made from entities.
const TOGETHER: &[[&str; 2]] = &[["entity", "schema"]];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Names every import that does not point down, and every module that has no layer.
pub(super) fn imports_point_down(root: &Path) -> Vec<String> {
    let all = sources(&root.join("runtime/src"));
    let exported = exported(&all);
    let mut problems = Vec::new();
    for source in &all {
        let name = source.name(root);
        if let Err(why) = source.readable() {
            problems.push(format!("{name} cannot be read: {why}"));
            continue;
        }
        // The root of the crate ties all together.
        let Some(own) = source.module().first().filter(|module| *module != "lib") else { continue };
        let Some(height) = layer(own) else {
            problems.push(format!("{name} is in no layer; put `{own}` into LAYERS and the text"));
            continue;
        };
        for path in source.paths() {
            let Some(target) = target(source.module(), path, &exported) else { continue };
            let both =
                |pair: &&[&str; 2]| pair.contains(&own.as_str()) && pair.contains(&target.as_str());
            if TOGETHER.iter().any(|pair| both(&pair)) || target == *own {
                continue;
            }
            if layer(&target).is_some_and(|target| target >= height) {
                problems.push(format!("{name} imports `{}` from `{target}`", path.join("::")));
            }
        }
    }
    problems
}

/// What the root of the crate passes on, and the module it is from.
fn exported(all: &[Source]) -> BTreeMap<String, String> {
    let lib = all.iter().filter(|source| *source.module() == ["lib"]);
    lib.flat_map(Source::paths)
        .map(|path| path.strip_prefix(&["crate".to_owned()][..]).unwrap_or(path))
        .filter_map(|path| match path {
            [module, .., name] if layer(module).is_some() => Some((name.clone(), module.clone())),
            _ => None,
        })
        .collect()
}

/// The module of the runtime a path leads to.
fn target(
    module: &[String],
    path: &[String],
    exported: &BTreeMap<String, String>,
) -> Option<String> {
    let up = path.iter().take_while(|part| *part == "super").count();
    let first = match path.first()?.as_str() {
        "crate" => path.get(1)?,
        // `super` in `db/bind.rs` is `db`, and one more is the root.
        "super" if up >= module.len() => path.get(up)?,
        _ => return None,
    };
    if layer(first).is_some() { Some(first.clone()) } else { exported.get(first).cloned() }
}

#[test]
fn a_path_leads_to_its_module() {
    let words = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    let exported = BTreeMap::from([("TenantDb".to_owned(), "db".to_owned())]);
    let check = |module: &str, path: &str, expected: Option<&str>| {
        let found = target(&words(module), &words(path), &exported);
        assert_eq!(found.as_deref(), expected, "{path} in {module}");
    };
    check("repo", "crate::db::TenantDb", Some("db"));
    check("repo", "crate::TenantDb", Some("db"));
    check("repo", "super::TenantDb", Some("db"));
    check("db::bind", "super::super::web", Some("web"));
    check("db::bind", "super::store", None);
    check("db", "sea_orm::entity::Entity", None);
}
