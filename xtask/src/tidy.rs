//! Looks in the source tree for what `ARCHITECTURE.md` says is absent from it.
//!
//! Each rule quotes the sentence it stands for, and a test looks for the sentence there. Files that
//! do not exist cannot break a rule.

mod layer;
mod manifest;
mod source;

use std::{fs, path::Path};

use self::source::{Source, sources};
use crate::root;

/// One invariant.
struct Rule {
    /// As it stands in `ARCHITECTURE.md`.
    sentence: &'static str,
    /// The violations in a tree.
    check: fn(&Path) -> Vec<String>,
}

const CORE: &str =
    "`core` does no I/O, awaits nothing, and knows no clock, environment, database driver or task.";

const RULES: &[Rule] = &[
    Rule { sentence: CORE, check: core_awaits_nothing },
    Rule { sentence: CORE, check: core_has_no_effects },
    Rule { sentence: CORE, check: core_knows_no_runtime },
    Rule {
        sentence: "`macros` and `source` depend on no runtime code: the macros write paths into it.",
        check: manifest::macros_depend_on_no_runtime,
    },
    Rule {
        sentence: "In `runtime`, imports point downwards only:",
        check: layer::imports_point_down,
    },
    Rule { sentence: "`db`, `repo` and `store` know no HTTP.", check: data_knows_no_http },
    Rule { sentence: "There is no `unsafe`.", check: nothing_is_unsafe },
    // EDGE 31.
    Rule {
        sentence: "Nothing switches on the cache that the client of Redis has of its own: it serves stale values.",
        check: manifest::redis_has_no_cache,
    },
    Rule {
        sentence: "No source file is longer than 450 lines, tests apart.",
        check: files_are_short,
    },
];

/// How many lines a source file may have.
const LONGEST: usize = 450;

fn core_awaits_nothing(root: &Path) -> Vec<String> {
    let core = sources(&root.join("core/src"));
    forbid(&core, |source| source.words().find(|word| matches!(*word, "async" | "await")))
}

fn core_has_no_effects(root: &Path) -> Vec<String> {
    const EFFECTS: &[&str] = &[
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "std::io::stdin",
        "std::time::SystemTime",
        "std::time::Instant",
        "chrono::Utc::now",
        "chrono::Local",
        "Utc::now",
        "Local::now",
        "SystemTime::now",
        "Instant::now",
    ];
    let core = sources(&root.join("core/src"));
    forbid(&core, |source| EFFECTS.iter().copied().find(|path| source.uses(path)))
}

fn core_knows_no_runtime(root: &Path) -> Vec<String> {
    const RUNTIME: &[&str] = &["tokio", "sea_orm", "sqlx", "tenancy", "axum", "http"];
    let core = sources(&root.join("core/src"));
    let mut problems =
        forbid(&core, |source| RUNTIME.iter().copied().find(|path| source.uses(path)));
    problems.extend(manifest::core_depends_on_no_runtime(root));
    problems
}

fn data_knows_no_http(root: &Path) -> Vec<String> {
    let mut data = sources(&root.join("runtime/src"));
    data.retain(|source| {
        matches!(source.module().first().map(String::as_str), Some("db" | "store" | "repo"))
    });
    forbid(&data, |source| {
        let word = source.words().find(|word| matches!(*word, "axum" | "StatusCode"));
        word.or_else(|| source.uses("http").then_some("http::"))
    })
}

fn nothing_is_unsafe(root: &Path) -> Vec<String> {
    let folders = [
        "core", "source", "macros", "runtime", "cli", "tests", "ui-tests", "examples", "benches",
        "xtask",
    ];
    folders
        .iter()
        .flat_map(|folder| {
            let all = sources(&root.join(folder));
            forbid(&all, |source| source.all_words().find(|word| *word == "unsafe"))
        })
        .collect()
}

fn files_are_short(root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for folder in ["core/src", "source/src", "macros/src", "runtime/src", "cli/src"] {
        for source in sources(&root.join(folder)).iter().filter(|source| !source.is_test()) {
            let (name, length) = (source.name(root), source.length());
            if length > LONGEST {
                problems.push(format!("{name} has {length} lines; split it by noun"));
            }
        }
    }
    problems
}

/// A problem for each file, tests apart, in which `find` finds something.
fn forbid(all: &[Source], find: impl Fn(&Source) -> Option<&str>) -> Vec<String> {
    let mut problems = Vec::new();
    for source in all {
        if let Err(why) = source.readable() {
            problems.push(format!("{} cannot be read: {why}", source.path().display()));
        } else if let Some(found) = find(source) {
            problems.push(format!("{} mentions `{found}`", source.path().display()));
        }
    }
    problems
}

#[test]
fn the_tree_keeps_every_invariant() {
    let mut report = String::new();
    for rule in RULES {
        for problem in (rule.check)(&root()) {
            report.push_str(&format!("\n{}\n    {problem}", rule.sentence));
        }
    }
    assert!(report.is_empty(), "ARCHITECTURE.md says what does not hold:{report}");
}

#[test]
fn every_rule_stands_in_the_architecture() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for rule in RULES {
        assert!(text.contains(rule.sentence), "ARCHITECTURE.md does not say: {}", rule.sentence);
    }
}

/// Each rule against a small tree that breaks it and nothing else.
#[test]
fn every_rule_can_fail() {
    let long = "\n".repeat(451);
    let trees: &[(&str, &str, &str)] = &[
        ("`core` does", "core/src/a.rs", "async fn f() {}"),
        ("`core` does", "core/src/a/b.rs", "macro_rules! m { () => { x.await } }"),
        ("`core` does", "core/src/a.rs", "use std::{fmt, fs::{self, File}};"),
        ("`core` does", "core/src/a.rs", "fn f() { let _ = std::time::Instant::now(); }"),
        ("`core` does", "core/src/a.rs", "use chrono::Utc; fn f() { Utc::now(); }"),
        ("`core` does", "core/src/a.rs", "use ::sea_orm::DbErr;"),
        ("`core` does", "core/Cargo.toml", "[dependencies]\ntokio.workspace = true"),
        ("`macros` and", "macros/Cargo.toml", "[dependencies]\ntenancy = \"1\""),
        ("`macros` and", "macros/Cargo.toml", "[dependencies.sea-orm]\nversion = \"2\""),
        ("`macros` and", "source/Cargo.toml", "[dependencies]\ntokio.workspace = true"),
        ("In `runtime`", "runtime/src/db.rs", "use crate::web::Layer;"),
        ("In `runtime`", "runtime/src/db/bind.rs", "use super::super::repo;"),
        ("In `runtime`", "runtime/src/unheard_of.rs", "struct A;"),
        ("`db`, `repo`", "runtime/src/store/sql.rs", "use axum::Json;"),
        ("`db`, `repo`", "runtime/src/repo.rs", "fn f() -> http::Method {}"),
        ("There is no", "tests/suite/a.rs", "#[cfg(test)] mod t { unsafe fn f() {} }"),
        ("No source", "core/src/a.rs", &long),
    ];
    for (index, (sentence, file, text)) in trees.iter().enumerate() {
        let tree = std::env::temp_dir().join(format!("xtask-tidy-{}-{index}", std::process::id()));
        let file = tree.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        let broken: Vec<&str> = RULES
            .iter()
            .filter(|rule| !(rule.check)(&tree).is_empty())
            .map(|rule| rule.sentence)
            .collect();
        fs::remove_dir_all(&tree).unwrap();
        let only = broken.len() == 1 && broken[0].starts_with(sentence);
        assert!(only, "{text:?} should break {sentence:?} alone, and breaks {broken:?}");
    }
}
