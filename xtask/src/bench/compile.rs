//! `cargo xtask bench compile`: what our macros cost when a program is compiled.
//!
//! Crates of 1, 10 and 100 entities are made twice: with SeaORM's derives and a tenant column written
//! by hand, and with `#[tenant_scoped]` above them. Dependencies are compiled beforehand, and the
//! crates by turns, each round all of them, so that a busy machine is busy for both. What is measured
//! is the processor's time, which others on the machine change little; only Linux tells it, and
//! elsewhere it is the time of the clock.

use std::{
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Result, root};

const SIZES: [usize; 3] = [1, 10, 100];
const KINDS: [&str; 2] = ["plain", "scoped"];

/// What may be added to SeaORM's own time at the largest size, in percent.
const ALLOWED: f64 = 15.0;

/// Measures, prints a table, and fails if ours cost too much.
pub(crate) fn run(rounds: usize) -> Result<bool> {
    let home = root().join("target/bench/compile");
    write_crates(&home)?;
    let mut report = String::from("[");
    let mut within = true;
    for action in ["check", "build"] {
        for kind in KINDS {
            for size in SIZES {
                compile(&home, action, kind, size)?;
            }
        }
        let mut times = vec![Vec::new(); KINDS.len() * SIZES.len()];
        for round in 0..rounds {
            for (index, (kind, size)) in cases().enumerate() {
                // The comment is new, so cargo does not think it has been here before.
                touch(&home, kind, size, &format!("{action} {round}"))?;
                times[index].push(compile(&home, action, kind, size)?);
            }
        }
        println!("cargo {action}, processor time, the least of {rounds} rounds:");
        for (place, size) in SIZES.into_iter().enumerate() {
            let plain = least(&times[place]);
            let scoped = least(&times[SIZES.len() + place]);
            let more = (scoped / plain - 1.0) * 100.0;
            println!(
                "  {size:>3} entities   SeaORM {plain:>7.3} s   ours {scoped:>7.3} s   {more:+.1} %"
            );
            let _ = write!(
                report,
                "{}\n  {{\"action\": \"{action}\", \"entities\": {size}, \"plain\": {plain:.4}, \
                 \"scoped\": {scoped:.4}}}",
                if report.len() > 1 { "," } else { "" }
            );
            if size == SIZES[SIZES.len() - 1] && more > ALLOWED {
                println!("    more than the {ALLOWED} % that are allowed");
                within = false;
            }
        }
    }
    let largest = SIZES[SIZES.len() - 1];
    let lines = |kind| expanded_lines(&home, kind, largest);
    let (plain, scoped) = (lines("plain")?, lines("scoped")?);
    println!(
        "lines for each entity, expanded: SeaORM {}, ours {} more",
        plain / largest,
        scoped.saturating_sub(plain) / largest
    );
    report.push_str("\n]\n");
    let path = root().join("target/bench/compile.json");
    fs::write(&path, report)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(within)
}

fn cases() -> impl Iterator<Item = (&'static str, usize)> {
    KINDS.into_iter().flat_map(|kind| SIZES.into_iter().map(move |size| (kind, size)))
}

fn name(kind: &str, size: usize) -> String {
    format!("{kind}-{size}")
}

/// How long one crate takes, its dependencies compiled.
fn compile(home: &Path, action: &str, kind: &str, size: usize) -> Result<Duration> {
    let mut command = cargo(home);
    command.args([action, "--quiet", "--offline", "--package", &name(kind, size)]);
    let (start, before) = (Instant::now(), processor_time());
    let done = crate::finish(&mut command)?;
    let took = match (before, processor_time()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => start.elapsed(),
    };
    if done { Ok(took) } else { Err(format!("{} does not compile", name(kind, size))) }
}

/// What the processes this one has waited for, and theirs, took of the processor.
fn processor_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may contain anything. Behind it, the times of children are in
    // hundredths of a second: user's and system's, the 16th and 17th in all.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks(13)? + ticks(14)?) * 10))
}

fn cargo(home: &Path) -> Command {
    let mut cargo = crate::cargo();
    cargo
        .current_dir(home)
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TARGET_DIR", home.join("target"));
    cargo
}

/// What is in the way of a compiler only adds to its time.
fn least(times: &[Duration]) -> f64 {
    times.iter().min().map_or(0.0, Duration::as_secs_f64)
}

/// How many lines the crate has when all macros are expanded and formatted by the compiler.
fn expanded_lines(home: &Path, kind: &str, size: usize) -> Result<usize> {
    let mut command = cargo(home);
    command
        .args(["rustc", "--quiet", "--offline", "--package"])
        .arg(name(kind, size))
        .args(["--", "-Zunpretty=expanded"])
        // Only the printing is not stable; the crate is compiled as always.
        .env("RUSTC_BOOTSTRAP", "1")
        .stdout(Stdio::piped());
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(output.stdout.iter().filter(|byte| **byte == b'\n').count())
}

fn touch(home: &Path, kind: &str, size: usize, note: &str) -> Result<()> {
    let path = home.join(name(kind, size)).join("src/lib.rs");
    write(path, &format!("// {note}\n{}", source(kind, size)))
}

fn write(path: impl AsRef<Path>, text: &str) -> Result<()> {
    let path = path.as_ref();
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// The workspace with all crates, on the versions of ours.
fn write_crates(home: &Path) -> Result<()> {
    let members: Vec<String> =
        cases().map(|(kind, size)| format!("\"{}\"", name(kind, size))).collect();
    let root = root();
    write(
        home.join("Cargo.toml"),
        &format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n", members.join(", ")),
    )?;
    fs::copy(root.join("Cargo.lock"), home.join("Cargo.lock"))
        .map_err(|error| format!("cannot copy Cargo.lock: {error}"))?;
    for (kind, size) in cases() {
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             sea-orm = {{ version = \"2\", default-features = false, features = [\"macros\"] }}\n\
             tenancy = {{ path = {:?}, features = [\"sqlite\", \"postgres\"] }}\n",
            name(kind, size),
            root.join("runtime")
        );
        write(home.join(name(kind, size)).join("Cargo.toml"), &manifest)?;
        touch(home, kind, size, "at first")?;
    }
    Ok(())
}

/// How many entities hang together. In a longer row the compiler gives up on SeaORM's own types.
const RELATED: usize = 10;

/// Entities of ten columns, each related to the one before it.
fn source(kind: &str, size: usize) -> String {
    let mut text = String::new();
    for number in 0..size {
        let (above, column) = match kind {
            "scoped" => ("    #[tenancy::tenant_scoped]\n", ""),
            _ => ("", "        pub tenant_id: String,\n"),
        };
        let is_first = |number: usize| number.is_multiple_of(RELATED);
        let parent = match number.checked_sub(1) {
            Some(parent) if !is_first(number) => format!(
                "        #[sea_orm(belongs_to, from = \"parent_id\", to = \"id\", on_delete = \"Cascade\")]\n        \
                 pub parent: BelongsTo<super::entity_{parent}::Entity>,\n"
            ),
            _ => String::new(),
        };
        let children = if number + 1 < size && !is_first(number + 1) {
            format!(
                "        #[sea_orm(has_many)]\n        pub children: HasMany<super::entity_{}::Entity>,\n",
                number + 1
            )
        } else {
            String::new()
        };
        let _ = write!(
            text,
            "pub mod entity_{number} {{
    use sea_orm::entity::prelude::*;

{above}    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = \"table_{number}\")]
    pub struct Model {{
        #[sea_orm(primary_key)]
        pub id: i64,
{column}        pub parent_id: i64,
        pub name: String,
        pub email: Option<String>,
        #[sea_orm(unique)]
        pub code: String,
        pub amount: i64,
        pub count: i32,
        pub open: bool,
        pub note: Option<String>,
{parent}{children}    }}

    impl ActiveModelBehavior for ActiveModel {{}}
}}
"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_have_the_same_columns() {
        let columns = |kind: &str| source(kind, 3).matches("        pub ").count();
        let added = source("scoped", 3).matches("tenant_scoped").count();
        assert_eq!(columns("plain"), columns("scoped") + added);
    }

    #[test]
    fn the_least_counts() {
        let times = [3, 1, 9].map(Duration::from_secs);
        assert!((least(&times) - 1.0).abs() < f64::EPSILON);
    }
}
