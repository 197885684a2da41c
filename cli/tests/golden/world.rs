//! A folder with the files of a graph, and a database.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use tenancy::sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};
use tenancy_cli::{Cli, Output};

#[path = "../../../tests/alembic/graphs.rs"]
mod graphs;

use self::graphs::{BILLING, BRANCHED, DIAMOND, LINEAR, MERGED, PREFIX, REPORTS, Row, TWO};

/// The files of a section: what they are called, and what is in them.
fn files(section: &str) -> Vec<(String, String)> {
    let graphs: &[&[Row]] = match section {
        _ if section.starts_with("LINEAR") => &[LINEAR],
        "offline" | "duplicate revision id" | "revision template" => &[LINEAR],
        _ if section.starts_with("BRANCHED") => &[LINEAR, BRANCHED],
        "MERGED" => &[LINEAR, BRANCHED, MERGED],
        _ if section.starts_with("MULTI ROOT") => &[LINEAR, BRANCHED, BILLING],
        _ if section.starts_with("PREFIX") => &[PREFIX],
        _ if section.starts_with("SHADOW") => &[LINEAR, REPORTS],
        _ if section.starts_with("DIAMOND") => &[DIAMOND],
        _ if section.starts_with("TWO ROOTS") => &[TWO],
        "missing parent" => &[&[("aaaa01", &["gone00"], "", "", "x")]],
        "duplicate label" => {
            &[&[("aaaa01", &[], "l", "", "x"), ("aaaa02", &["aaaa01"], "l", "", "y")]]
        }
        "cycle" => &[&[("aaaa01", &["aaaa02"], "", "", "x"), ("aaaa02", &["aaaa01"], "", "", "y")]],
        "self loop" => &[&[("aaaa01", &["aaaa01"], "", "", "x")]],
        "dep cycle" => {
            &[&[("aaaa01", &[], "", "aaaa02", "x"), ("aaaa02", &["aaaa01"], "", "", "y")]]
        }
        "missing dep" => &[&[("aaaa01", &[], "", "gone00", "x")]],
        "illegal id" => &[&[("aa-01", &[], "", "", "x")]],
        other => panic!("no files are known of {other}"),
    };
    let file = |name: String, (id, down, label, depends, message): &Row| {
        let mut text = format!("-- revision: {id}\n-- message: {message}\n");
        for (key, value) in [
            ("down_revision", down.join(", ").as_str()),
            ("branch_labels", label),
            ("depends_on", depends),
        ] {
            if !value.is_empty() {
                text.push_str(&format!("-- {key}: {value}\n"));
            }
        }
        text.push_str(&format!(
            "\n-- +upgrade\nselect 'up {id}';\n-- +downgrade\nselect 'down {id}';\n"
        ));
        (name, text)
    };
    let mut files: Vec<_> =
        graphs.iter().copied().flatten().map(|row| file(format!("{}_.sql", row.0), row)).collect();
    if section == "duplicate revision id" {
        files.push(file("dup_.sql".to_owned(), &LINEAR[2]));
    }
    files
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) failed: bool,
    pub(crate) told: Vec<String>,
}

pub(crate) struct World {
    folder: PathBuf,
    section: &'static str,
    runtime: tokio::runtime::Runtime,
}

impl World {
    pub(crate) fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("tenancy-cli-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Self { folder, section: "", runtime }
    }

    fn env(&self) -> PathBuf {
        self.folder.join("env")
    }

    fn database(&self) -> PathBuf {
        self.folder.join("g.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}?mode=rwc", self.database().display())
    }

    /// Writes the files of a section.
    pub(crate) fn enter(&mut self, section: &'static str) {
        if self.section == section {
            return;
        }
        self.section = section;
        let _ = fs::remove_dir_all(self.env());
        let own = self.env().join("shared");
        fs::create_dir_all(&own).unwrap();
        for (name, text) in files(section) {
            fs::write(own.join(name), text).unwrap();
        }
    }

    pub(crate) fn new_database(&self) {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", self.database().display()));
        }
    }

    fn connected<T>(&self, work: impl AsyncFnOnce(&DatabaseConnection) -> T) -> T {
        self.runtime.block_on(async {
            let conn = Database::connect(self.url()).await.unwrap();
            let outcome = work(&conn).await;
            conn.close().await.unwrap();
            outcome
        })
    }

    pub(crate) fn rows(&self) -> BTreeSet<String> {
        self.connected(async |conn| {
            let query = format!("SELECT version_num FROM {TABLE}");
            let query = Statement::from_string(conn.get_database_backend(), query);
            let rows = conn.query_all_raw(query).await.unwrap_or_default();
            rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
        })
    }

    pub(crate) fn set_rows(&self, rows: &BTreeSet<String>) {
        if self.rows() == *rows {
            return;
        }
        self.connected(async |conn| {
            let create = format!(
                "CREATE TABLE IF NOT EXISTS {TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
            );
            conn.execute_unprepared(&create).await.unwrap();
            conn.execute_unprepared(&format!("DELETE FROM {TABLE}")).await.unwrap();
            for row in rows {
                let insert = format!("INSERT INTO {TABLE} VALUES ('{row}')");
                conn.execute_unprepared(&insert).await.unwrap();
            }
        });
    }

    pub(crate) fn run(&self, command: &str) -> Answer {
        let mut words = vec!["tenancy".to_owned()];
        match command.strip_prefix("revision -m Add Big, thing & more ") {
            Some(rest) => {
                words.extend(["revision", "-m", "Add Big, thing & more"].map(str::to_owned));
                words.extend(rest.split(' ').map(str::to_owned));
            }
            None => words.extend(command.split(' ').map(str::to_owned)),
        }
        let offline = command.contains("--sql");
        for (option, value) in [
            ("--dir", self.env().display().to_string()),
            ("--target", "shared".to_owned()),
            // What Alembic was recorded to write for PostgreSQL.
            ("--database", if offline { "postgres://host/g".to_owned() } else { self.url() }),
        ] {
            words.extend([option.to_owned(), value]);
        }
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = self
            .runtime
            .block_on(Cli::default().run_to(words, &mut Output::new(&mut out, &mut err)));
        let mut told = String::from_utf8(out).unwrap();
        told.push_str(&String::from_utf8(err).unwrap());
        let told = self.without_paths(&told);
        Answer { failed: status != 0, told: told.lines().map(str::to_owned).collect() }
    }

    fn without_paths(&self, told: &str) -> String {
        let shown = |path: &Path| path.display().to_string();
        told.replace(&shown(&self.env().join("shared")), "$ENV")
            .replace(&format!("sqlite://{}", shown(&self.database())), "sqlite:///$D/g.db")
    }
}

/// The table of heads.
const TABLE: &str = "tenancy_version";

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
