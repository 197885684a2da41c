//! The project's own chores; `cargo xtask --help` lists them.
//!
//! This program depends on no other crate of the workspace, so that it runs while they do not
//! compile.

mod bench;
mod bless;
mod broken;
mod child;
mod docs;
mod server;
mod soak;
mod test;
#[cfg(test)]
mod tidy;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use clap::{Parser, Subcommand};

/// What every chore returns; the text says what was tried and what to do.
type Result<T, E = String> = std::result::Result<T, E>;

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Chores {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Run every test of the workspace, on servers this command finds or starts
    Test(test::Options),
    /// Measure a topic beside what it is compared with
    Bench(bench::Options),
    /// Keep many tenants busy while requests are dropped, handlers panic and the server crashes
    Soak(soak::Options),
    /// Break isolation in many ways, in a copy of the tree, and see the tests fail
    Broken(broken::Options),
    /// Accept what the compiler and the macros say now as what the tests expect
    Bless,
    /// Check the links and commands in the documents at the root
    AuditDocs,
}

fn main() -> ExitCode {
    let chores = Chores::parse();
    let outcome = match &chores.chore {
        Chore::Test(options) => test::run(options),
        Chore::Bench(options) => bench::run(options),
        Chore::Soak(options) => soak::run(options),
        Chore::Broken(options) => broken::run(options),
        Chore::Bless => bless::run(),
        Chore::AuditDocs => docs::run(),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Cargo, in the folder of the workspace.
fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Runs a command to its end; `true` if it succeeded.
fn finish(command: &mut Command) -> Result<bool> {
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Chores::command().debug_assert();
    }
}
