//! What commands share: the revisions, and which of the two graphs is meant.

use std::{env, path::PathBuf};

use tenancy::migrate::{Migrations, Target};

use crate::{
    Cli,
    arguments::{Common, Place},
    output::{Failure, Output, failed},
    run::{Heads, Spot},
};

/// One run of the command.
pub(crate) struct Session<'a, 'o> {
    pub(crate) cli: &'a Cli,
    pub(crate) common: &'a Common,
    pub(crate) output: &'a mut Output<'o>,
}

impl Session<'_, '_> {
    /// The folder with the revisions.
    pub(crate) fn folder(&self) -> PathBuf {
        let named = || env::var_os("TENANCY_MIGRATIONS").filter(|name| !name.is_empty());
        let folder = self.common.dir.clone().or_else(|| named().map(PathBuf::from));
        folder.unwrap_or_else(|| PathBuf::from("migrations"))
    }

    /// The revisions in the folder.
    pub(crate) fn written(&self) -> Result<Migrations, Failure> {
        let folder = self.folder();
        if !folder.exists() {
            return Err(Failure::Failed(format!(
                "there is no folder `{}`; make it with `tenancy init`, or say where it is with `--dir`",
                folder.display()
            )));
        }
        Migrations::from_dir(folder).map(|migrations| self.named(migrations)).map_err(failed)
    }

    /// With the table of heads that the command line names, if it does.
    fn named(&self, migrations: Migrations) -> Migrations {
        match &self.common.version_table {
            Some(name) => migrations.version_table(name),
            None => migrations,
        }
    }

    /// The revisions the program has, or else those in the folder.
    pub(crate) fn migrations(&self) -> Result<Migrations, Failure> {
        match &self.cli.migrations {
            Some(migrations) if self.common.dir.is_none() => Ok(self.named(migrations.clone())),
            _ => self.written(),
        }
    }

    /// Which graph is meant.
    pub(crate) fn target(&self, migrations: &Migrations) -> Result<Target, Failure> {
        if let Some(target) = self.common.target {
            return Ok(target.into());
        }
        let has = |target| !migrations.history().graph(target).is_empty();
        match (has(Target::Shared), has(Target::Tenant)) {
            (true, true) => Err(Failure::Usage(
                "there are revisions of what tenants share, and of tenants; say which are meant: \
                 `--target shared` or `--target tenant`"
                    .to_owned(),
            )),
            (true, false) => Ok(Target::Shared),
            (false, _) => Ok(Target::Tenant),
        }
    }

    /// Where a place is.
    pub(crate) async fn rows(
        &self,
        migrations: &Migrations,
        place: &Place,
    ) -> Result<Heads, Failure> {
        Spot::of(self, migrations, place.tenant.as_deref()).await?.heads().await
    }
}
