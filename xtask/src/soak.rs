//! `cargo xtask soak`: isolation under load, for as long as you like.
//!
//! It is the test program `soak` of `tenancy-tests`, of which `cargo xtask test` runs a few seconds,
//! with more tenants, tasks, time and restarts, and optimised.

use clap::ValueEnum;

use crate::{
    Result, cargo,
    child::{self, Foreground},
    server,
};

/// How long and how hard.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long, for each strategy
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only this strategy
    #[arg(long)]
    strategy: Vec<Strategy>,
    /// On this engine; only PostgreSQL is restarted
    #[arg(long, default_value = "postgres")]
    engine: Engine,
    /// How many tenants
    #[arg(long, default_value_t = 64)]
    tenants: u64,
    /// How many tasks
    #[arg(long, default_value_t = 32)]
    tasks: u64,
    /// How often the server crashes and starts again, for each strategy
    #[arg(long, default_value_t = 2)]
    restarts: u64,
    /// What the choices of the tasks are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Strategy {
    Row,
    Rls,
    /// Under policies that verify tokens
    Signed,
    /// Under policies, with lanes
    Lanes,
    Schema,
    Database,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Postgres,
    Mysql,
    Sqlite,
}

/// Soaks one strategy after the other; a line of figures for each.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let tests = tests(options)?;
    child::listen()?;
    let servers = match options.engine {
        // It starts one of its own, to restart it.
        Engine::Postgres | Engine::Sqlite => server::Servers::default(),
        Engine::Mysql => server::prepare()?,
    };
    let mut command = cargo();
    command.args(["test", "--release", "--package", "tenancy-tests", "--test", "soak", "--"]);
    command.args(["--nocapture", "--test-threads", "1", "--exact"]).args(tests);
    command.envs(servers.urls().iter().map(|(variable, url)| (variable, url)));
    for (name, number) in [
        ("SECONDS", options.seconds),
        ("TENANTS", options.tenants),
        ("TASKS", options.tasks),
        ("RESTARTS", options.restarts),
        ("SEED", options.seed),
    ] {
        command.env(format!("TENANCY_SOAK_{name}"), number.to_string());
    }
    let ended = Foreground::spawn(&mut command).and_then(Foreground::wait);
    let status = ended.map_err(|error| format!("cannot run {command:?}: {error}"))?;
    Ok(status.success())
}

/// The tests that are meant.
fn tests(options: &Options) -> Result<Vec<String>> {
    let all = match options.engine {
        Engine::Postgres => Strategy::value_variants(),
        Engine::Mysql | Engine::Sqlite => {
            &[Strategy::Row, Strategy::Schema, Strategy::Database][..]
        }
    };
    let wanted = if options.strategy.is_empty() { all } else { &options.strategy };
    if wanted.iter().any(|strategy| !all.contains(strategy)) {
        return Err("only PostgreSQL has row-level security; name another strategy".to_owned());
    }
    let name = |strategy: &Strategy| format!("{:?}_{strategy:?}", options.engine).to_lowercase();
    Ok(wanted.iter().map(name).collect())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Options, tests};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn named(line: &[&str]) -> Option<Vec<String>> {
        let line = Line::try_parse_from([&["soak"], line].concat()).unwrap();
        tests(&line.options).ok()
    }

    #[test]
    fn tests_are_chosen_by_engine_and_strategy() {
        let all = ["row", "rls", "signed", "lanes", "schema", "database"];
        assert_eq!(named(&[]).unwrap(), all.map(|name| format!("postgres_{name}")));
        assert_eq!(named(&["--strategy", "rls"]).unwrap(), ["postgres_rls"]);
        assert_eq!(named(&["--engine", "mysql"]).unwrap().len(), 3);
        assert!(named(&["--engine", "sqlite", "--strategy", "rls"]).is_none());
    }
}
