//! `tenancy config`: whether settings can be used, and what they are.

use std::path::PathBuf;

use tenancy::TenancyConfig;

/// What to do with the settings.
///
/// The command ends with 0 if they can be used, with 1 if they cannot, and with 2 if its arguments
/// make no sense.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Fail if the settings cannot be used, and say everything that is wrong
    Check(Options),
    /// Print every setting with where it was written, secrets left out
    Show(Options),
    /// Print the table of all keys, in Markdown
    Keys,
}

/// Whose settings.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// File to read; unless given, the one that `TENANCY_CONFIG` names, or `tenancy.toml` if it is
    /// there
    #[arg(long)]
    file: Option<PathBuf>,
}

/// Does it, and tells what was found.
pub(crate) fn run(action: &Action) -> Result<String, String> {
    let options = match action {
        Action::Keys => return Ok(TenancyConfig::table()),
        Action::Check(options) | Action::Show(options) => options,
    };
    let config = match &options.file {
        Some(file) => TenancyConfig::load_from(file),
        None => TenancyConfig::load(),
    };
    let config = config.map_err(|error| error.to_string())?;
    match action {
        Action::Show(_) => Ok(config.show().trim_end().to_owned()),
        _ => Ok("the configuration can be used".to_owned()),
    }
}
