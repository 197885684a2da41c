//! Where revisions come from: the program itself, or a folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use tenancy_core::{
    Dialect,
    revision::{History, Problem, Problems, Revision, SqlFile, Target},
};

use super::RustRevision;

/// The engines this program can speak to.
const ENGINES: &[Dialect] = &[
    #[cfg(feature = "sqlite")]
    Dialect::Sqlite,
    #[cfg(feature = "postgres")]
    Dialect::Postgres,
    #[cfg(feature = "mysql")]
    Dialect::MySql,
];

/// The table that says where a place is, unless it has another name.
const VERSION_TABLE: &str = "tenancy_version";

/// A file that `migrations!` wrote into the program.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// Where it is, from the folder of `Cargo.toml`.
    pub path: &'static str,
    /// What is in it.
    pub text: &'static str,
    /// Whose structure it changes.
    pub target: Target,
}

/// All revisions of an application, checked, and the Rust code that belongs to some.
///
/// [`migrations!`](crate::migrations!) makes it when a program is compiled, and
/// [`from_dir`](Self::from_dir) at run time. It is cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Migrations {
    history: Arc<History>,
    code: BTreeMap<String, Arc<dyn RustRevision>>,
    version_table: Option<Arc<str>>,
}

impl Migrations {
    /// What `migrations!` expands to.
    ///
    /// # Panics
    ///
    /// It panics if the files are not those `migrations!` has checked.
    #[doc(hidden)]
    #[must_use]
    pub fn embedded(files: &[Embedded], code: Vec<(&str, Arc<dyn RustRevision>)>) -> Self {
        let files: Vec<_> = files
            .iter()
            .map(|Embedded { path, text, target }| SqlFile { path, text, target: *target })
            .collect();
        match History::read(&files, ENGINES) {
            Ok(history) => Self::of(history).with_code(code),
            Err(problems) => panic!("the macro `migrations!` let pass what is wrong: {problems}"),
        }
    }

    /// Reads the folders `shared` and `tenant` of a folder; either may be missing.
    ///
    /// The files are checked as `migrations!` checks them, but for what is not finished yet:
    /// [`lapses`](Self::lapses) tells that.
    ///
    /// # Errors
    ///
    /// All that is wrong, each with the files it is in; also files that cannot be read, and
    /// revisions that lie in neither folder.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use tenancy::migrate::{Migrations, Target};
    ///
    /// let migrations = Migrations::from_dir("migrations")?;
    /// for head in migrations.history().graph(Target::Tenant).heads() {
    ///     println!("{}", head.revision.id);
    /// }
    /// # Ok::<(), tenancy::migrate::Problems>(())
    /// ```
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, Problems> {
        let dir = dir.as_ref();
        let mut problems = Vec::new();
        if let Err(why) = fs::read_dir(dir) {
            let what = format!("the folder with the revisions cannot be read: {why}");
            return Err(Problem::new(what, &[&shown(dir)]).into());
        }
        for path in sql_files(dir, &mut problems) {
            // Other SQL may lie there.
            if !fs::read_to_string(&path).is_ok_and(|text| is_revision(&text)) {
                continue;
            }
            let what = "it lies in neither of the folders `shared` and `tenant`; move it into one";
            problems.push(Problem::new(what, &[&shown(&path)]));
        }
        let mut read = Vec::new();
        for target in [Target::Shared, Target::Tenant] {
            let folder = dir.join(target.to_string());
            if !folder.exists() {
                continue;
            }
            for path in sql_files(&folder, &mut problems) {
                match fs::read_to_string(&path) {
                    Ok(text) => read.push((shown(&path), text, target)),
                    Err(why) => {
                        let what = format!("it cannot be read: {why}");
                        problems.push(Problem::new(what, &[&shown(&path)]));
                    }
                }
            }
        }
        let files: Vec<_> = read
            .iter()
            .map(|(path, text, target)| SqlFile { path, text, target: *target })
            .collect();
        match History::read(&files, ENGINES) {
            Ok(history) if problems.is_empty() => return Ok(Self::of(history)),
            Ok(_) => {}
            Err(more) => problems.extend(more.0),
        }
        Err(Problems(problems))
    }

    /// Revisions that were checked already.
    #[must_use]
    pub fn of(history: History) -> Self {
        Self { history: Arc::new(history), ..Self::default() }
    }

    /// Adds the Rust code of revisions that name it in their heads, each by its name there.
    #[must_use]
    pub fn with_code<'a>(
        mut self,
        code: impl IntoIterator<Item = (&'a str, Arc<dyn RustRevision>)>,
    ) -> Self {
        self.code.extend(code.into_iter().map(|(name, code)| (name.to_owned(), code)));
        self
    }

    /// Names the tables in which places keep where they are; `tenancy_version` unless set. All programs
    /// that move the same places must say the same.
    ///
    /// Each place keeps its own, in its own schema or database, so that it goes with the place. The name
    /// is plain: letters, digits and `_`, at most 59 of them.
    #[must_use]
    pub fn version_table(mut self, name: &str) -> Self {
        self.version_table = Some(name.into());
        self
    }

    /// What the tables are called in which places keep where they are.
    ///
    /// # Errors
    ///
    /// One of configuration if the name is not plain, or that of another table of ours.
    pub(crate) fn version_table_name(&self) -> crate::Result<&str> {
        let Some(name) = self.version_table.as_deref() else { return Ok(VERSION_TABLE) };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        // Behind it stands `_pkc`, and PostgreSQL cuts names of more than 63 bytes.
        let fits = (1..=59).contains(&name.len()) && name.chars().all(plain);
        if !fits || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(crate::Error::config(format!(
                "`{name}` cannot be the table of heads: write letters, digits and `_`, a letter first, and \
                 at most 59 of them"
            )));
        }
        if name.starts_with("tenancy_") && name != VERSION_TABLE {
            return Err(crate::Error::config(format!(
                "`{name}` cannot be the table of heads: names that begin with `tenancy_` are for other \
                 tables of this library"
            )));
        }
        Ok(name)
    }

    /// The graphs, checked.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The Rust code that belongs to a revision, if the revision names some and it is here.
    #[must_use]
    pub fn code(&self, revision: &Revision) -> Option<&Arc<dyn RustRevision>> {
        self.code.get(revision.code.as_ref()?)
    }

    /// What is not finished yet: ways up that do nothing, ways down that are neither written nor
    /// marked irreversible, Rust code that is not here, and several heads of a target unless they are
    /// wanted.
    #[must_use]
    pub fn lapses(&self, several_heads: bool) -> Vec<Problem> {
        let mut lapses = self.history.lapses(several_heads);
        for revision in self.history.revisions() {
            if let Some(name) = &revision.code
                && !self.code.contains_key(name)
            {
                let what = format!(
                    "revision {} runs Rust code, `{name}`, which this program does not have; run the \
                     program of the application, or name it in `migrations!(…, rust = [{name}])`",
                    revision.id
                );
                lapses.push(Problem::new(what, &[&revision.source]));
            }
        }
        lapses
    }
}

/// The SQL files of a folder, by name.
fn sql_files(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut cannot = |why: std::io::Error| {
        let what = format!("the folder cannot be read: {why}");
        problems.push(Problem::new(what, &[&shown(folder)]));
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) => {
            cannot(why);
            return Vec::new();
        }
    };
    let mut files = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => files.push(entry.path()),
            Err(why) => cannot(why),
        }
    }
    files.retain(|path| path.extension().is_some_and(|end| end == "sql") && !path.is_dir());
    files.sort();
    files
}

/// Whether a text says that it is a revision.
fn is_revision(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("-- revision:") || line.starts_with("-- baseline:"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
