//! `cargo xtask bench`: ours beside what it is compared with.

mod compile;

use crate::{Result, cargo, finish};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The topic to measure
    #[arg(required_unless_present = "list")]
    topic: Option<String>,
    /// List the topics
    #[arg(long, conflicts_with = "topic")]
    list: bool,
    /// How often `compile` compiles each crate
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// The topic that needs no program of its own.
pub(crate) const COMPILE: &str = "compile";

/// Measures a topic; the numbers are also written to `target/bench/<topic>.json`.
pub(crate) fn run(options: &Options) -> Result<bool> {
    if options.topic.as_deref() == Some(COMPILE) {
        return compile::run(options.rounds.max(1));
    }
    if options.list {
        println!("{COMPILE}");
    }
    let mut command = cargo();
    command.args(["run", "--release", "--package", "tenancy-benches", "--"]);
    // Without a topic it lists them.
    command.args(&options.topic);
    finish(&mut command)
}
