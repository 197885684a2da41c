//! The row security of a crate's tables, written to a file that is checked in.
//!
//! A build script keeps the file as the entities are:
//!
//! ```no_run
//! fn main() -> Result<(), tenancy_source::build::Error> {
//!     tenancy_source::build::rls()
//! }
//! ```
//!
//! The `tenancy` command does the same by hand, `tenancy rls generate`, and tells in CI whether the
//! file is stale, `tenancy rls check`. What all three do is said in `Cargo.toml`, by the author of
//! the entities and in one place:
//!
//! ```text
//! [package.metadata.tenancy]
//! entities = ["src", "../entity/src"]    # folders with entities; otherwise `src`
//! rls_file = "migrations/rls.sql"        # where to write; this is the default
//! rls_role = "shop_app"                  # the application's role, which gets its rights
//! rls_context = "signed"                 # policies ask for a signed token, not for a setting
//! ```
//!
//! The file is one transaction for `psql -v ON_ERROR_STOP=1 -f migrations/rls.sql`, run by the owner
//! of the tables, who must exist already; it may be run again. Entities are read as the macros read
//! them, those in SeaORM's expanded format included. One that cannot be read is an error, and never
//! left out in silence.

use std::{env, error, fmt, fs, io, path::PathBuf};

use tenancy_core::{
    catalog::Catalog,
    policy::{self, Context, RoleName, RowSecurity},
};

use crate::read::{self, File, folder};

/// Writes the row security of the crate that is being built, if it changed.
///
/// For build scripts: it also tells cargo when to run the script again.
///
/// # Errors
///
/// As [`RlsFile::write`]; and if `CARGO_MANIFEST_DIR` is not set.
pub fn rls() -> Result<(), Error> {
    let root = env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| {
        Error("CARGO_MANIFEST_DIR is not set; call this from a build script".into())
    })?;
    let file = RlsFile::of(root)?;
    for folder in &file.folders {
        println!("cargo::rerun-if-changed={folder}");
    }
    println!("cargo::rerun-if-changed=Cargo.toml");
    file.write()?;
    Ok(())
}

/// The row security of a crate's tables, and the file it belongs into.
#[derive(Debug, Clone)]
pub struct RlsFile {
    path: PathBuf,
    name: String,
    folders: Vec<String>,
    text: String,
}

impl RlsFile {
    /// Reads the entities of a crate.
    ///
    /// # Errors
    ///
    /// If `Cargo.toml` or a source file cannot be read, an entity is mistaken, two contradict each
    /// other, or there is none that belongs to tenants.
    pub fn of(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        let (files, folders) = folder::all(&root).map_err(Error)?;
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
        let setting = |key: &str| folder::setting(&manifest, key).map_err(Error);
        let name = setting("rls_file")?.unwrap_or_else(|| "migrations/rls.sql".into());
        let context = match setting("rls_context")?.as_deref() {
            None | Some("setting") => Context::Setting,
            Some("signed") => Context::Signed,
            Some(other) => {
                return Err(Error(format!(
                    "`rls_context = \"{other}\"` in Cargo.toml: write `\"setting\"` or `\"signed\"`"
                )));
            }
        };
        let role = match setting("rls_role")? {
            Some(role) => Some(
                RoleName::new(role)
                    .map_err(|error| Error(format!("`rls_role` in Cargo.toml: {error}")))?,
            ),
            None if context == Context::Signed => {
                return Err(Error(
                    "`rls_context = \"signed\"` in Cargo.toml needs `rls_role`: the role that may ask \
                     for the tenant"
                        .into(),
                ));
            }
            None => None,
        };
        let catalog = catalog(&files)?;
        let script = match role {
            Some(role) => RowSecurity::new(&catalog, role).context(context).up(),
            None => policy::tables(&catalog, context),
        };
        let text = format!("{}{script}", header(&files, &folders, &name));
        Ok(Self { path: root.join(&name), name, folders, text })
    }

    /// What belongs into the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file, as `Cargo.toml` names it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes the file unless it is as it should be; `true` if it was written.
    ///
    /// # Errors
    ///
    /// If it cannot be read or written.
    pub fn write(&self) -> Result<bool, Error> {
        if self.found()?.as_deref() == Some(self.text.as_str()) {
            return Ok(false);
        }
        let failed =
            |error: io::Error| Error(format!("cannot write `{}`: {error}", self.path.display()));
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        fs::write(&self.path, &self.text).map_err(failed)?;
        Ok(true)
    }

    /// Whether the file is as it should be.
    ///
    /// # Errors
    ///
    /// If it is not there or stale, with the first line that differs; or if it cannot be read.
    pub fn check(&self) -> Result<(), Error> {
        let Some(found) = self.found()? else {
            return Err(Error(format!("there is no `{}`; run `tenancy rls generate`", self.name)));
        };
        if found == self.text {
            return Ok(());
        }
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (found, wanted) = (lines(&found), lines(&self.text));
        let line = found.iter().zip(&wanted).take_while(|(found, wanted)| found == wanted).count();
        let show = |lines: &[String]| {
            lines.get(line).map_or_else(|| "(the end)".to_owned(), |line| format!("`{line}`"))
        };
        Err(Error(format!(
            "`{}` is stale. Line {} is\n    {}\nand should be\n    {}\nRun `tenancy rls generate`, and \
             then the file on the database.",
            self.name,
            line + 1,
            show(&found),
            show(&wanted)
        )))
    }

    /// What is in the file, if it is there. Line ends are those of a checkout.
    fn found(&self) -> Result<Option<String>, Error> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error(format!("cannot read `{}`: {error}", self.path.display()))),
        }
    }
}

/// The tables of all entities. What is doubtful is an error here: a table that is left out stands
/// open.
fn catalog(files: &[File]) -> Result<Catalog, Error> {
    let mut catalog = Catalog::default();
    let tables =
        || files.iter().flat_map(|file| file.tables.iter().map(move |table| (file, table)));
    let mut entities = Vec::new();
    for (file, table) in tables() {
        match (&table.secured, &table.entity) {
            (Some(entity), _) => entities.push(entity.clone()),
            (None, Err(why)) if *why != read::UNCLASSIFIED => {
                return Err(Error(format!(
                    "the entity of `{}` in `{}` {why}",
                    table.name, file.name
                )));
            }
            (None, _) => {}
        }
    }
    if !entities.iter().any(|entity| entity.tenant_column().is_some()) {
        return Err(Error(
            "no entity belongs to tenants; name the folders with entities in Cargo.toml: `entities = \
             [\"src\"]` below `[package.metadata.tenancy]`"
                .into(),
        ));
    }
    let mut wider = Catalog::new(entities).map_err(|error| Error(error.to_string()))?;
    std::mem::swap(&mut catalog, &mut wider);
    for (_, table) in tables() {
        if let Some(entity) = table.secured.as_ref().filter(|_| !table.rules.is_empty()) {
            catalog.add_rules(entity, &table.rules).map_err(|error| Error(error.to_string()))?;
        }
    }
    for (file, table) in tables().filter(|(_, table)| table.audited) {
        let Some(entity) = &table.secured else { continue };
        if entity.keys.is_empty() {
            return Err(Error(format!(
                "the entity of `{}` in `{}` is audited, and its primary key is not beside it",
                table.name, file.name
            )));
        }
        catalog.add_audit(entity).map_err(|error| Error(error.to_string()))?;
    }
    Ok(catalog)
}

fn header(files: &[File], folders: &[String], name: &str) -> String {
    let folders: Vec<String> = folders.iter().map(|folder| format!("`{folder}`")).collect();
    let mut text = format!(
        "-- Written by tenancy from the entities in {}. Do not edit it: change the entities.\n\
         --\n\
         --     psql -v ON_ERROR_STOP=1 -f {name}\n\
         --\n",
        folders.join(", ")
    );
    let tables =
        || files.iter().flat_map(|file| file.tables.iter().map(move |table| (file, table)));
    let mut left_out: Vec<String> = tables()
        .filter(|(_, table)| table.secured.is_none())
        .filter(|(_, table)| {
            !tables().any(|(_, other)| other.secured.is_some() && other.name == table.name)
        })
        .map(|(file, table)| {
            format!("-- Left out: `{}` in `{}` {}.\n", table.name, file.name, read::UNCLASSIFIED)
        })
        .collect();
    left_out.sort();
    left_out.dedup();
    text.extend(left_out);
    text
}

/// Why the file cannot be made, or is not as it should be.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a build script shows when its `main` returns it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Error {}
