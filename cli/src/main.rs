//! The `tenancy` command.

mod rls;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Multi-tenancy for SeaORM, from the command line.
#[derive(Debug, Parser)]
#[command(name = "tenancy", version)]
struct Command {
    #[command(subcommand)]
    topic: Topic,
}

#[derive(Debug, Subcommand)]
enum Topic {
    /// Row-level security of PostgreSQL for the tables of a crate's entities
    #[command(subcommand)]
    Rls(rls::Action),
}

fn main() -> ExitCode {
    let outcome = match Command::parse().topic {
        Topic::Rls(action) => rls::run(&action),
    };
    match outcome {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Command::command().debug_assert();
    }
}
