//! The command line.

mod tenants;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tenancy::{
    Slug,
    migrate::{Phase, Target},
};

pub(crate) use self::tenants::Tenants;
use crate::{config, rls, squash::Squash};

/// Multi-tenancy for SeaORM, from the command line.
#[derive(Debug, Parser)]
#[command(name = "tenancy", version)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) topic: Topic,
}

/// What every command can be told.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The folder with the revisions; else TENANCY_MIGRATIONS says it, or it is `migrations`
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) dir: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Whose structure it is about, where both have revisions
    #[arg(long, global = true, value_name = "TARGET")]
    pub(crate) target: Option<TargetName>,
    /// The application's configuration, unless a database is named; else the file that TENANCY_CONFIG
    /// names, or `tenancy.toml` if it is there, and variables of the environment
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "database")]
    pub(crate) config: Option<PathBuf>,
    /// The database all tenants share; else the configuration or DATABASE_URL says it
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Where tenants' rows are
    #[arg(long, global = true, value_name = "STRATEGY")]
    pub(crate) isolation: Option<Isolation>,
    /// The table that says where a place is
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) version_table: Option<String>,
    /// With `--sql`, the schema the script is to run in
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) schema: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isolation {
    /// In tables they share
    Row,
    /// In a schema for each
    Schema,
    /// In a database for each
    Database,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Topic {
    /// Row-level security of PostgreSQL for the tables of a crate's entities
    #[command(subcommand)]
    Rls(rls::Action),
    /// Settings of an application: a file, and variables of the environment
    #[command(subcommand)]
    Config(config::Action),
    /// Make the folder for revisions
    Init,
    /// Write the file of a new revision
    Revision(Revision),
    /// Write a baseline: what revisions make one after another, as one script for new places
    Squash(Squash),
    /// Write a revision in which several meet
    Merge(Merge),
    /// Open a revision's file in $EDITOR
    Edit(Named),
    /// Move a database up
    Upgrade(Upgrade),
    /// Move a database down
    Downgrade(Downgrade),
    /// Say where a database is, and run nothing
    Stamp(Stamp),
    /// Tell where a database is
    Current(Current),
    /// Make the table of heads, and no more
    #[command(alias = "ensure_version")]
    EnsureVersion(Place),
    /// Fail if revisions are not finished, do not make what the entities want, or not what baselines do
    Check,
    /// Fail if places are not what their revisions made
    Drift(Drift),
    /// Tell which statements of revisions are dangerous
    Lint(Lint),
    /// Move what tenants share, and the places of many tenants
    #[command(subcommand)]
    Migrate(Migrate),
    /// Tell how many tenants are where
    Status,
    /// List the revisions nothing comes after
    Heads(Heads),
    /// List the revisions several come after
    Branches(Verbose),
    /// List revisions, newest first
    History(History),
    /// Tell all about revisions
    Show(Named),
    /// Write completions for a shell to standard output
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Upgrade {
    /// Where to: an identifier, `head`, `heads`, `<branch>@head`, `+2`
    #[arg(value_parser = revision, allow_hyphen_values = true)]
    pub(crate) revision: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Take a place that has nothing yet through all revisions, though there is a baseline
    #[arg(long)]
    pub(crate) replay: bool,
    /// Run statements too that the lint says must not run like that
    #[arg(long)]
    pub(crate) no_lint: bool,
    /// Write the SQL to standard output instead; `<from>:<to>` says where the database is
    #[arg(long)]
    pub(crate) sql: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Downgrade {
    /// Where to: an identifier, `base`, `<branch>@base`, `-1`
    #[arg(value_parser = revision, allow_hyphen_values = true)]
    pub(crate) revision: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Undo what is not of the branch, too, where `<branch>@base` means that
    #[arg(long)]
    pub(crate) force: bool,
    /// Write the SQL of `<from>:<to>` to standard output instead
    #[arg(long)]
    pub(crate) sql: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Stamp {
    /// Where it is: identifiers, `head`, `heads`, `base`
    #[arg(required = true, value_name = "REVISION", value_parser = revision, allow_negative_numbers = true)]
    pub(crate) revisions: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Forget first where it was said to be
    #[arg(long)]
    pub(crate) purge: bool,
    /// Write the SQL to standard output instead; `<from>:<to>` says where the database is
    #[arg(long)]
    pub(crate) sql: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Current {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Fail unless it is at all heads
    #[arg(long)]
    pub(crate) check_heads: bool,
    /// Tell all about each
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// Only these, by identifiers or what they begin with
    #[arg(value_name = "REVISION")]
    pub(crate) revisions: Vec<String>,
    /// A table all tenants share; may be given again
    #[arg(long = "shared-table", value_name = "TABLE")]
    pub(crate) shared_tables: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Drift {
    /// Which tenants: `all`, `failed`, `tier=<tier>`, or slugs with commas
    #[arg(long, default_value = "all", value_parser = Tenants::parse)]
    pub(crate) tenants: Tenants,
    /// How many are read at the same time
    #[arg(long, value_name = "NUMBER")]
    pub(crate) concurrency: Option<usize>,
    /// Write the SQL that would mend each
    #[arg(long)]
    pub(crate) sql: bool,
}

/// Which place is meant.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The tenant whose place it is, by its slug, where the target is `tenant`
    #[arg(long, value_name = "SLUG")]
    pub(crate) tenant: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Up: what tenants share first, then each tenant
    Upgrade(Fleet),
    /// Down: each tenant
    Downgrade(Fleet),
}

#[derive(Debug, Args)]
pub(crate) struct Fleet {
    /// Where to
    #[arg(default_value = "head", value_parser = revision, allow_hyphen_values = true)]
    pub(crate) revision: String,
    /// Which tenants: `all`, `failed`, `tier=<tier>`, or slugs with commas
    #[arg(long, default_value = "all", value_parser = Tenants::parse)]
    pub(crate) tenants: Tenants,
    /// How many at the same time
    #[arg(long, value_name = "NUMBER")]
    pub(crate) concurrency: Option<usize>,
    /// Who comes first, and without whom nobody else does: slugs with commas, or `tier=<tier>`
    #[arg(long, value_name = "TENANTS", value_parser = Tenants::parse_canary)]
    pub(crate) canary: Option<Tenants>,
    /// How many in each wave, in numbers or parts of all: the next one begins when the first has not
    /// failed
    #[arg(long, value_delimiter = ',', value_name = "1,10%,100%")]
    pub(crate) waves: Vec<String>,
    /// How many may fail before nothing else is begun, as a number or a part of all
    #[arg(long, value_name = "NUMBER|PART%")]
    pub(crate) max_failures: Option<String>,
    /// Take places that have nothing yet through all revisions, though there is a baseline
    #[arg(long)]
    pub(crate) replay: bool,
    /// Run statements too that the lint says must not run like that
    #[arg(long)]
    pub(crate) no_lint: bool,
    /// Tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Go on where the last run ended, which every run does
    #[arg(long)]
    pub(crate) resume: bool,
    /// Undo what is not of the branch, too, where `<branch>@base` means that
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Revision {
    /// What it does, in a line
    #[arg(short, long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub(crate) message: String,
    /// What it comes after: an identifier, `<branch>@head`, or `base` for the beginning of another line
    #[arg(long, value_name = "REVISION", default_value = "head")]
    pub(crate) head: String,
    /// Write what the program's entities want and its revisions do not make
    #[arg(long)]
    pub(crate) autogenerate: bool,
    /// With `--autogenerate`, write what loses data as statements, and not as comments
    #[arg(long, requires = "autogenerate")]
    pub(crate) destructive: bool,
    /// With `--autogenerate`, read what revisions make from the place of a tenant that is at the head
    #[arg(long, value_name = "SLUG", requires = "autogenerate")]
    pub(crate) like: Option<Slug>,
    /// Come after a revision that has one after it, and so begin a branch
    #[arg(long)]
    pub(crate) splice: bool,
    /// A name for the branch it begins; may be given again
    #[arg(long = "branch-label", value_name = "LABEL")]
    pub(crate) branch_labels: Vec<String>,
    /// A revision, or a branch, that must have run before it; may be given again
    #[arg(long, value_name = "REVISION")]
    pub(crate) depends_on: Vec<String>,
    /// Its identifier, instead of twelve random digits
    #[arg(long, value_name = "IDENTIFIER")]
    pub(crate) rev_id: Option<String>,
    /// Which part of a change in several releases it is
    #[arg(long, default_value = "expand")]
    pub(crate) phase: PhaseName,
}

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// The revisions that meet; `heads` are all heads
    #[arg(required = true, value_name = "REVISION")]
    pub(crate) revisions: Vec<String>,
    /// What there is to say of it, in a line
    #[arg(short, long, allow_hyphen_values = true)]
    pub(crate) message: Option<String>,
    /// A name for the branch it begins; may be given again
    #[arg(long = "branch-label", value_name = "LABEL")]
    pub(crate) branch_labels: Vec<String>,
    /// Its identifier, instead of twelve random digits
    #[arg(long, value_name = "IDENTIFIER")]
    pub(crate) rev_id: Option<String>,
    /// Let revisions meet that have others after them
    #[arg(long)]
    pub(crate) splice: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// An identifier, or what it begins with; `head`, `heads`, `<branch>@head`, or `current`
    #[arg(default_value = "head", value_parser = revision, allow_hyphen_values = true)]
    pub(crate) revision: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Args)]
pub(crate) struct Verbose {
    /// Tell all about each
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Heads {
    /// Tell all about each
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Leave out those that something depends on
    #[arg(long)]
    pub(crate) resolve_dependencies: bool,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// Those from one to another: `[start]:[end]`, as in `ae10:head`, `current:` or `-3:`
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    pub(crate) rev_range: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Mark where the database is
    #[arg(short, long)]
    pub(crate) indicate_current: bool,
    /// Tell all about each
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// A revision can begin with one `-`, before a number. With anything else that is a mistaken option.
pub(crate) fn revision(text: &str) -> Result<String, String> {
    match text.strip_prefix('-') {
        Some(rest) if !rest.starts_with(|c: char| c.is_ascii_digit()) => {
            Err("there is no such option, and no revision is written so".to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetName {
    /// What all tenants use together
    Shared,
    /// The place of each tenant
    Tenant,
}

impl From<TargetName> for Target {
    fn from(name: TargetName) -> Self {
        match name {
            TargetName::Shared => Self::Shared,
            TargetName::Tenant => Self::Tenant,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PhaseName {
    /// It only adds: code of the release before goes on
    Expand,
    /// It moves data: code of both releases goes on
    Migrate,
    /// It takes away: code of the release before breaks
    Contract,
}

impl From<PhaseName> for Phase {
    fn from(name: PhaseName) -> Self {
        match name {
            PhaseName::Expand => Self::Expand,
            PhaseName::Migrate => Self::Migrate,
            PhaseName::Contract => Self::Contract,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::{Arguments, Topic};

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_begins_with_a_minus_can_be_a_revision() {
        let parse = |words: &[&str]| {
            Arguments::try_parse_from([&["tenancy"], words].concat()).map(|read| read.topic)
        };
        for words in [&["show", "-2"][..], &["show", "--json", "-2"], &["show", "-2", "--json"]] {
            let Ok(Topic::Show(named)) = parse(words) else { panic!("{words:?}") };
            assert_eq!(named.revision, "-2");
        }
        let Ok(Topic::History(history)) = parse(&["history", "-v", "-r", "-2:", "-i"]) else {
            panic!("the range is read")
        };
        assert_eq!(history.rev_range.as_deref(), Some("-2:"));
        assert!(history.indicate_current && history.verbose);
        assert!(parse(&["show", "--jsn"]).is_err());
        assert!(parse(&["show", "-x"]).is_err());
    }
}
