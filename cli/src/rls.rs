//! `tenancy rls`: the file with the row security of a crate's tables.

use std::path::PathBuf;

use tenancy_source::build::{Error, RlsFile};

/// What to do with the file.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Write the file, if the entities have changed
    Generate(Options),
    /// Fail if the file is not as the entities are
    Check(Options),
}

/// Which crate's.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Path to the crate's Cargo.toml; what stands below `[package.metadata.tenancy]` there says
    /// where entities are, and where and what to write
    #[arg(long, default_value = "Cargo.toml")]
    manifest_path: PathBuf,
}

/// Does it, and tells what was done.
pub(crate) fn run(action: &Action) -> Result<String, Error> {
    let (Action::Generate(options) | Action::Check(options)) = action;
    let root = options.manifest_path.parent().map(PathBuf::from).unwrap_or_default();
    // The folder of `Cargo.toml` alone is the empty path.
    let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
    let file = RlsFile::of(root)?;
    let name = file.name();
    match action {
        Action::Generate(_) if file.write()? => Ok(format!("wrote `{name}`")),
        Action::Generate(_) => Ok(format!("`{name}` is as it should be")),
        Action::Check(_) => {
            file.check()?;
            Ok(format!("`{name}` is as the entities are"))
        }
    }
}
