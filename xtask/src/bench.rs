//! `cargo xtask bench`: ours beside what it is compared with.

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
}

/// Measures a topic; the numbers are also written to `target/bench/<topic>.json`.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let mut command = cargo();
    command.args(["run", "--release", "--package", "tenancy-benches", "--"]);
    // Without a topic it lists them.
    command.args(&options.topic);
    finish(&mut command)
}
