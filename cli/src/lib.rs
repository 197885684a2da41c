//! The `tenancy` command, for applications that bring their own entities and revisions.
//!
//! The command that is installed reads SQL revisions from a folder. An application with revisions in
//! Rust, or whose entities are to be compared with its databases, embeds the same command:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use tenancy_cli::Cli;
//!
//! # mod migrations {
//! #     pub fn all() -> tenancy::migrate::Migrations { tenancy::migrate::Migrations::default() }
//! # }
//! # async fn example() -> ExitCode {
//! // `migrations!("migrations", rust = [Backfill])`
//! let migrations = migrations::all();
//! Cli::new(migrations).run(std::env::args_os()).await
//! # }
//! ```
//!
//! The commands, and the statuses they exit with, are in `docs/migrations.md`.

mod arguments;
mod config;
mod connect;
mod files;
mod fleet;
mod lint;
mod offline;
mod output;
mod progress;
mod rls;
mod run;
mod session;
mod show;
mod squash;
mod structure;

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _},
    process::ExitCode,
};

use clap::{CommandFactory as _, Parser as _};
use tenancy::{Tenancy, migrate::Migrations};

use self::{
    arguments::{Arguments, Topic},
    connect::Connect,
    output::Failure,
    session::Session,
};

pub use self::output::Output;

/// The command.
#[derive(Debug, Clone, Default)]
pub struct Cli {
    /// None: what lies in the folder.
    migrations: Option<Migrations>,
    connect: Option<Connect>,
}

impl Cli {
    /// The command with an application's revisions, which [`migrations!`](tenancy::migrations!) wrote
    /// into it. [`default`](Self::default) is the command that reads them from a folder.
    ///
    /// Commands that write files (`revision`, `merge`, `edit`) read the folder always.
    #[must_use]
    pub fn new(migrations: Migrations) -> Self {
        Self { migrations: Some(migrations), connect: None }
    }

    /// Connects as the application does, unless the command line names a database. What is given is
    /// for [`Builder::migrations`](tenancy::Builder::migrations).
    #[must_use]
    pub fn connect<F>(mut self, connect: impl Fn(Migrations) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = tenancy::Result<Tenancy>> + Send + 'static,
    {
        self.connect = Some(Connect::new(connect));
        self
    }

    /// Does what is asked for on a command line, the name of the program first, and writes to the
    /// program's standard output and standard error.
    pub async fn run(
        &self,
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> ExitCode {
        let (mut out, mut err) = (io::stdout(), io::stderr());
        let terminal = err.is_terminal();
        let mut output = Output::new(&mut out, &mut err).terminal(terminal);
        ExitCode::from(self.run_to(arguments, &mut output).await)
    }

    /// The same, and writes elsewhere. It returns the status to exit with.
    pub async fn run_to(
        &self,
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
        output: &mut Output<'_>,
    ) -> u8 {
        let arguments = match Arguments::try_parse_from(arguments) {
            Ok(arguments) => arguments,
            Err(error) => return output.usage(&error),
        };
        output.json = arguments.common.json;
        let mut session = Session { cli: self, common: &arguments.common, output };
        let outcome = match &arguments.topic {
            Topic::Rls(action) => match rls::run(action) {
                Ok(said) => session.output.say(&said),
                Err(why) => Err(Failure::Found(why.to_string())),
            },
            Topic::Config(action) => match config::run(action) {
                Ok(said) => session.output.say(&said),
                Err(why) => Err(Failure::Found(why)),
            },
            Topic::Init => files::init(&mut session),
            Topic::Revision(options) => files::revision(&mut session, options).await,
            Topic::Squash(options) => squash::squash(&mut session, options).await,
            Topic::Merge(options) => files::merge(&mut session, options),
            Topic::Edit(options) => files::edit(&mut session, options).await,
            Topic::Upgrade(options) => run::upgrade(&mut session, options).await,
            Topic::Downgrade(options) => run::downgrade(&mut session, options).await,
            Topic::Stamp(options) => run::stamp(&mut session, options).await,
            Topic::Current(options) => run::current(&mut session, options).await,
            Topic::EnsureVersion(place) => run::ensure_version(&mut session, place).await,
            Topic::Migrate(action) => fleet::migrate(&mut session, action).await,
            Topic::Status => fleet::status(&mut session).await,
            Topic::Lint(options) => lint::run(&mut session, options),
            Topic::Check => structure::check(&mut session).await,
            Topic::Drift(options) => structure::drift(&mut session, options).await,
            Topic::Heads(options) => show::heads(&mut session, options),
            Topic::Branches(options) => show::branches(&mut session, options),
            Topic::History(options) => show::history(&mut session, options).await,
            Topic::Show(options) => show::show(&mut session, options).await,
            Topic::Completions { shell } => {
                let mut text = Vec::new();
                clap_complete::generate(*shell, &mut Arguments::command(), "tenancy", &mut text);
                session.output.print(&String::from_utf8_lossy(&text))
            }
        };
        match outcome {
            Ok(()) => 0,
            Err(failure) => output.fail(&failure),
        }
    }
}
