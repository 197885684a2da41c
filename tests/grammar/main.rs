//! Statements of a grammar, run for one of several tenants on shared tables, give what they give
//! on a database that holds that tenant alone.
//!
//! `TENANCY_GRAMMAR_STATEMENTS` sets how many run on SQLite (three eighths of them on each server), and
//! `TENANCY_GRAMMAR_SEED` where the random numbers begin. A failing seed is written into
//! `grammar/failures.txt`, and what stands there runs first.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod choices;
mod condition;
mod expr;
mod from;
mod generator;
mod insert;
mod names;
mod oracle;
mod query;
mod select;
mod tally;
mod world;
mod write;

use std::{env, fs, io::Write as _, path::PathBuf};

use tenancy_tests::Engine;

use crate::{
    choices::{Choices, shrink},
    generator::{Generator, Statement},
    oracle::{Verdict, judge},
    tally::Tally,
    world::{TENANTS, World},
};

#[test]
fn sqlite() {
    on_a_large_stack(Engine::Sqlite);
}

#[test]
fn postgres() {
    on_a_large_stack(Engine::Postgres);
}

#[test]
fn mysql() {
    on_a_large_stack(Engine::MySql);
}

/// After so many failures nothing new is learnt.
const ENOUGH: usize = 5;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// The grammar is recursive, and what it makes is as well.
fn on_a_large_stack(engine: Engine) {
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    let outcome = thread.spawn(move || property(engine)).expect("a thread").join();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

fn property(engine: Engine) {
    let statements = number("TENANCY_GRAMMAR_STATEMENTS").unwrap_or(8_000);
    // Servers take longer, and these are enough for them to run all there is.
    let statements = if engine == Engine::Sqlite { statements } else { statements * 3 / 8 };
    let first = number("TENANCY_GRAMMAR_SEED").unwrap_or(1);
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let world = World::open(engine).await;
        let mut tally = Tally::default();
        let mut reports = Vec::new();
        for seed in failures(engine).into_iter().chain(first..first + statements) {
            let tenant = tenant(seed);
            let statement = make(engine, tenant, Choices::seeded(mixed(seed)));
            match judge(&world, tenant, &statement).await {
                Verdict::Same(outcome) => tally.ran(&statement, &outcome),
                Verdict::Refused(construct) => tally.refused(construct),
                Verdict::Different(report) => {
                    remember(engine, seed);
                    let number = tally.statements() + 1 + reports.len() as u64;
                    let plainest = plainest(&world, tenant, statement).await;
                    let report = format!(
                        "statement {number}, seed {seed} on {engine:?}: {report}\n\ncut down: {plainest}\n"
                    );
                    eprintln!("{report}");
                    reports.push(report);
                    if reports.len() == ENOUGH {
                        break;
                    }
                }
            }
        }
        world.close().await;
        let failed: Vec<&str> = reports.iter().filter_map(|report| report.lines().next()).collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        eprintln!("{engine:?}: {tally}");
        tally.must_suffice(engine);
    });
}

fn make(engine: Engine, tenant: usize, choices: Choices) -> Statement {
    Generator::new(engine, TENANTS[tenant], choices).statement()
}

fn tenant(seed: u64) -> usize {
    usize::try_from(seed % 3).expect("a small number")
}

/// Neighbouring seeds begin far from each other.
fn mixed(seed: u64) -> u64 {
    seed.wrapping_mul(0xd134_2543_de82_ef95)
}

/// The report on the plainest statement found that still differs.
async fn plainest(world: &World, tenant: usize, statement: Statement) -> String {
    let mut last = String::from("nothing plainer differs");
    shrink(statement.choices, 300, async |list| {
        let statement = make(world.engine, tenant, Choices::replayed(list.to_vec()));
        match judge(world, tenant, &statement).await {
            Verdict::Different(report) => {
                last = report;
                true
            }
            _ => false,
        }
    })
    .await;
    last
}

fn file() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "grammar", "failures.txt"].iter().collect()
}

/// The seeds that failed once on an engine.
fn failures(engine: Engine) -> Vec<u64> {
    let text = fs::read_to_string(file()).expect("the file of failures is there");
    let seeds = text.lines().filter_map(|line| {
        let (name, seed) = line.split_once(' ')?;
        if name == format!("{engine:?}") { seed.parse().ok() } else { None }
    });
    seeds.collect()
}

fn remember(engine: Engine, seed: u64) {
    if failures(engine).contains(&seed) {
        return;
    }
    let mut file = fs::OpenOptions::new().append(true).open(file()).expect("the file of failures");
    writeln!(file, "{engine:?} {seed}").expect("a failure can be written down");
}
