//! Runs over tenants, from the command line.

#![allow(clippy::unwrap_used)]

use std::{fs, path::PathBuf};

use tenancy::{
    NewTenant, Schema, Tenancy,
    migrate::Migrations,
    sea_orm::{ConnectionTrait as _, Database, Statement},
};
use tenancy_cli::{Cli, Output};

#[allow(unreachable_pub)]
mod label {
    use tenancy::{sea_orm, sea_orm::entity::prelude::*, tenant_scoped};

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "labels")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

const FIRST: &str = "-- revision: aaaa01\n-- message: notes\n\n-- +upgrade\n\
                     CREATE TABLE notes (id integer PRIMARY KEY, body text);\n\n\
                     -- +downgrade\nDROP TABLE notes;\n";
const SECOND: &str = "-- revision: aaaa02\n-- down_revision: aaaa01\n-- message: due\n\n\
                      -- +upgrade\nALTER TABLE notes ADD COLUMN due text;\n\n\
                      -- +downgrade\nALTER TABLE notes DROP COLUMN due;\n";
const THIRD: &str = "-- revision: aaaa03\n-- down_revision: aaaa02\n-- message: rank\n\n\
                     -- +upgrade\nALTER TABLE notes ADD COLUMN rank integer;\n\n\
                     -- +downgrade\nALTER TABLE notes DROP COLUMN rank;\n\n\
                     -- +verify\nSELECT 1 FROM notes WHERE body = 'bad';\n";

/// A folder with revisions and a database with two tenants, removed in the end.
struct Shop {
    folder: PathBuf,
    runtime: tokio::runtime::Runtime,
}

struct Said {
    status: u8,
    out: String,
    err: String,
}

impl Shop {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("tenancy-cli-fleet-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("migrations/tenant")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let shop = Self { folder, runtime };
        shop.revision("aaaa01_notes.sql", FIRST);
        shop.runtime.block_on(async {
            let tenancy = Tenancy::builder()
                .database(shop.url())
                .isolation(Schema::new())
                .migrations(Migrations::from_dir(shop.folder.join("migrations")).unwrap())
                .connect()
                .await
                .unwrap();
            drop(tenancy.migrate().upgrade("heads").await.unwrap().into_result().unwrap());
            for slug in ["acme", "globex"] {
                tenancy
                    .create_tenant(NewTenant::new(slug).unwrap().id(slug).unwrap())
                    .await
                    .unwrap();
            }
            tenancy.close().await.unwrap();
        });
        shop
    }

    fn url(&self) -> String {
        format!("sqlite://{}?mode=rwc", self.folder.join("shop.db").display())
    }

    fn revision(&self, name: &str, text: &str) {
        fs::write(self.folder.join("migrations/tenant").join(name), text).unwrap();
    }

    fn run(&self, words: &[&str]) -> Said {
        self.run_as(&Cli::default(), words)
    }

    /// The same, by the command of a program that has entities.
    fn run_as(&self, cli: &Cli, words: &[&str]) -> Said {
        let (dir, url) = (self.folder.join("migrations").display().to_string(), self.url());
        let common = ["--dir", &dir, "--database", &url, "--isolation", "schema"];
        let words = [&["tenancy"], words, &common].concat();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err);
        let status = self.runtime.block_on(cli.run_to(words, &mut output));
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { status, out: text(out), err: text(err) }
    }

    #[track_caller]
    fn done(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.status, 0, "{}{}", said.out, said.err);
        said.out
    }

    /// Runs SQL on a tenant's table of notes.
    fn sql(&self, tenant: &str, sql: &str) {
        self.runtime.block_on(async {
            let conn = Database::connect(self.url()).await.unwrap();
            let query = format!(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%{tenant}%notes'"
            );
            let query = Statement::from_string(conn.get_database_backend(), query);
            let row = conn.query_one_raw(query).await.unwrap().unwrap();
            let table: String = row.try_get_by_index(0).unwrap();
            conn.execute_unprepared(&sql.replace("notes", &format!("\"{table}\""))).await.unwrap();
            conn.close().await.unwrap();
        });
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn tenants_are_moved_together_and_one_by_one() {
    let shop = Shop::new("moved");
    assert!(shop.done(&["status"]).contains("tenants: 2 in all, 2 at the heads, 0 behind"));
    shop.revision("aaaa02_due.sql", SECOND);
    assert!(shop.done(&["status"]).contains("tenants: 2 in all, 0 at the heads, 2 behind"));
    let dry = shop.done(&["migrate", "upgrade", "heads", "--dry-run"]);
    assert!(dry.contains("2 would be moved"), "{dry}");

    let moved = shop.done(&["migrate", "upgrade", "heads", "--waves", "1,100%"]);
    assert!(moved.contains("2 tenants moved"), "{moved}");
    let again = shop.done(&["migrate", "upgrade", "heads", "--resume"]);
    assert!(again.contains("0 tenants moved, 2 were ready"), "{again}");

    let down = shop.run(&["downgrade", "-1", "--tenant", "acme"]);
    assert_eq!((down.status, down.err.as_str()), (0, "Running downgrade aaaa02 -> aaaa01, due\n"));
    assert_eq!(shop.done(&["current", "--tenant", "acme"]), "aaaa01\n");
    assert_eq!(shop.done(&["current", "--tenant", "globex"]), "aaaa02 (head)\n");
    assert_eq!(shop.run(&["current", "--tenant", "acme", "--check-heads"]).status, 1);
    let whose = shop.run(&["upgrade", "head"]);
    assert_eq!(whose.status, 2);
    assert!(whose.err.contains("`--tenant <slug>`"), "{}", whose.err);
    assert_eq!(shop.run(&["upgrade", "head", "--tenant", "initech"]).status, 4);
}

#[test]
fn a_tenant_that_fails_is_named_and_others_are_moved() {
    let shop = Shop::new("failed");
    shop.revision("aaaa02_due.sql", SECOND);
    shop.revision("aaaa03_rank.sql", THIRD);
    shop.sql("globex", "INSERT INTO notes (body) VALUES ('bad')");
    let said = shop.run(&["migrate", "upgrade", "heads", "--json"]);
    assert_eq!(said.status, 3, "{}{}", said.out, said.err);
    let events: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).collect::<Vec<_>>();
    assert_eq!(of("done")[0]["tenant"], "acme");
    assert_eq!(of("failed")[0]["tenant"], "globex");
    assert_eq!(of("failed")[0]["failure"]["revision"], "aaaa03");
    let report = events.last().unwrap();
    assert_eq!((&report["event"], &report["moved"]), (&"report".into(), &1.into()));
    assert_eq!(shop.done(&["current", "--tenant", "acme"]), "aaaa03 (head)\n");

    let status = shop.done(&["status"]);
    assert!(status.contains("1 at the heads, 1 behind, 1 of them failed"), "{status}");
    shop.sql("globex", "DELETE FROM notes");
    let mended = shop.done(&["migrate", "upgrade", "heads", "--tenants", "failed"]);
    assert!(mended.contains("1 tenants moved"), "{mended}");
    assert_eq!(shop.done(&["current", "--tenant", "globex"]), "aaaa03 (head)\n");
}

#[test]
fn what_is_not_finished_is_not_run() {
    let shop = Shop::new("unfinished");
    shop.revision("aaaa02_due.sql", &SECOND.replace("ALTER TABLE notes ADD COLUMN due text;", ""));
    for words in [&["migrate", "upgrade", "heads"][..], &["upgrade", "head", "--tenant", "acme"]] {
        let said = shop.run(words);
        assert_eq!(said.status, 4);
        assert!(said.err.contains("the way up of revision aaaa02 does nothing"), "{}", said.err);
    }
    assert_eq!(shop.done(&["current", "--tenant", "acme"]), "aaaa01\n");
}

#[test]
fn places_that_somebody_changed_are_named_with_what_mends_them() {
    let shop = Shop::new("drift");
    assert_eq!(shop.done(&["drift"]), "0 of 2 tenants drifted\n");
    shop.sql("acme", "ALTER TABLE notes ADD COLUMN stray text");
    let said = shop.run(&["drift", "--sql"]);
    assert_eq!(said.status, 1, "{}{}", said.out, said.err);
    assert!(said.out.contains("`acme`, at aaaa01,") && said.out.contains("stray"), "{}", said.out);
    assert!(said.out.contains("-- DESTRUCTIVE:"), "{}", said.out);
    assert!(!said.out.contains("globex"), "{}", said.out);
    let said = shop.run(&["drift", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.status, &report["tenants"][0]["slug"]), (1, &"acme".into()));
    assert_eq!(report["compared"], 2);
    assert_eq!(shop.done(&["drift", "--tenants", "globex"]), "0 of 1 tenants drifted\n");
}

#[test]
fn new_tenants_begin_with_a_baseline_that_is_checked() {
    let shop = Shop::new("squash");
    shop.revision("aaaa02_due.sql", SECOND);
    let said = shop.done(&["squash"]);
    assert!(said.contains("baseline_aaaa02.sql ...  done"), "{said}");
    let file = shop.folder.join("migrations/tenant/baseline_aaaa02.sql");
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("-- baseline: aaaa02\n") && text.contains("-- +upgrade sqlite\n"),
        "{text}"
    );
    assert!(!text.contains("ALTER"), "{text}");
    let checked = shop.done(&["check"]);
    assert!(checked.contains("baselines make what they make"), "{checked}");
    // There is one already.
    let again = shop.run(&["squash"]);
    assert_eq!(again.status, 4);
    assert!(again.err.contains("two baselines of aaaa02"), "{}", again.err);

    shop.done(&["migrate", "upgrade", "heads"]);
    shop.done(&["downgrade", "base", "--tenant", "acme"]);
    let up = shop.run(&["upgrade", "head", "--tenant", "acme"]);
    assert_eq!(up.err, "Running upgrade  -> aaaa02, baseline of 2 revisions\n");
    shop.done(&["downgrade", "base", "--tenant", "acme"]);
    let up = shop.run(&["upgrade", "head", "--tenant", "acme", "--replay"]);
    assert_eq!(
        up.err,
        "Running upgrade  -> aaaa01, notes\nRunning upgrade aaaa01 -> aaaa02, due\n"
    );
    assert_eq!(shop.done(&["drift"]), "0 of 2 tenants drifted\n");

    fs::write(&file, text.replace("\"due\"", "\"dues\"")).unwrap();
    let check = shop.run(&["check"]);
    assert_eq!(check.status, 1, "{}{}", check.out, check.err);
    assert!(
        check.err.contains("the baseline of aaaa02") && check.err.contains("dues"),
        "{}",
        check.err
    );
}

#[test]
fn a_revision_is_written_from_what_entities_want() {
    let shop = Shop::new("autogenerate");
    let program = Cli::new(Migrations::default());
    let installed = shop.run(&["revision", "--autogenerate", "-m", "labels"]);
    assert_eq!(installed.status, 2);
    assert!(installed.err.contains("knows no entities"), "{}", installed.err);

    // The table nobody speaks of is not dropped unasked, and fails the check all the same.
    let check = shop.run_as(&program, &["check"]);
    assert_eq!(check.status, 1, "{}{}", check.out, check.err);
    assert!(check.err.contains("labels") && check.err.contains("notes"), "{}", check.err);
    let words = ["revision", "--autogenerate", "-m", "labels", "--rev-id", "aaaa02"];
    let said = shop.run_as(&program, &words);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    let file = shop.folder.join("migrations/tenant/aaaa02_labels.sql");
    let text = fs::read_to_string(file).unwrap();
    assert!(
        text.contains("-- +upgrade sqlite\n") && text.contains("CREATE TABLE \"labels\""),
        "{text}"
    );
    assert!(text.contains("-- DROP TABLE \"notes\";"), "{text}");
    let moved = shop.done(&["migrate", "upgrade", "heads"]);
    assert!(moved.contains("2 tenants moved"), "{moved}");
    assert_eq!(shop.done(&["drift"]), "0 of 2 tenants drifted\n");

    let dropped = shop.run_as(
        &program,
        &["revision", "--autogenerate", "--destructive", "-m", "no notes", "--rev-id", "aaaa03"],
    );
    assert_eq!(dropped.status, 0, "{}{}", dropped.out, dropped.err);
    let check = shop.run_as(&program, &["check"]);
    assert_eq!(check.status, 0, "{}{}", check.out, check.err);
    let nothing = shop.run_as(&program, &["revision", "--autogenerate", "-m", "again"]);
    assert_eq!(nothing.status, 0);
    assert!(nothing.out.contains("the entities want nothing"), "{}", nothing.out);
}

const LOSES: &str = "-- revision: aaaa02\n-- down_revision: aaaa01\n\n-- +upgrade\n\
                     ALTER TABLE notes DROP COLUMN body;\n\n\
                     -- +downgrade\nALTER TABLE notes ADD COLUMN body text;\n";

#[test]
fn what_the_lint_forbids_is_not_run_unless_that_is_said() {
    let shop = Shop::new("forbidden");
    shop.revision("aaaa02_loses.sql", LOSES);
    assert!(shop.done(&["status"]).contains("2 behind"));
    for words in [&["migrate", "upgrade", "heads"][..], &["upgrade", "head", "--tenant", "acme"]] {
        let said = shop.run(words);
        assert_eq!(said.status, 4, "{}", said.out);
        assert!(said.err.contains("aaaa02_loses.sql:5: ban-drop-column"), "{}", said.err);
    }
    assert_eq!(shop.done(&["current", "--tenant", "acme"]), "aaaa01\n");
    shop.done(&["upgrade", "head", "--tenant", "acme", "--no-lint"]);
    assert_eq!(shop.done(&["current", "--tenant", "acme"]), "aaaa02 (head)\n");
    let moved = shop.done(&["migrate", "upgrade", "heads", "--no-lint"]);
    assert!(moved.contains("1 tenants moved, 1 were ready"), "{moved}");
}

#[test]
fn a_canary_that_fails_is_the_only_one() {
    let shop = Shop::new("canary");
    shop.revision("aaaa02_due.sql", SECOND);
    shop.revision("aaaa03_rank.sql", THIRD);
    for tenant in ["acme", "globex"] {
        shop.sql(tenant, "INSERT INTO notes (body) VALUES ('bad')");
    }
    let said = shop.run(&["migrate", "upgrade", "heads", "--canary", "globex"]);
    assert_eq!(said.status, 3, "{}{}", said.out, said.err);
    assert!(said.out.contains("0 tenants moved, 0 were ready, 1 failed"), "{}", said.out);
    assert!(said.err.contains("wave 1 of 2: 1 tenants"), "{}", said.err);
    assert!(said.err.contains("`globex` failed: ") && !said.err.contains("`acme`"), "{}", said.err);
    assert_eq!(shop.done(&["current", "--tenant", "acme"]), "aaaa01\n");
    assert_eq!(shop.run(&["migrate", "upgrade", "--canary", "nobody"]).status, 4);
    assert_eq!(shop.run(&["migrate", "upgrade", "--canary", "all"]).status, 2);
    shop.sql("globex", "DELETE FROM notes");
    let said = shop.run(&["migrate", "upgrade", "heads", "--canary", "globex"]);
    assert!(said.out.contains("1 tenants moved, 0 were ready, 1 failed"), "{}", said.out);
}

#[test]
fn what_happens_is_told_in_lines_or_in_json() {
    let shop = Shop::new("told");
    shop.revision("aaaa02_due.sql", SECOND);
    let said =
        shop.run(&["migrate", "upgrade", "heads", "--waves", "1,100%", "--concurrency", "1"]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    let lines: Vec<_> = said.err.lines().map(|line| line.split(" in ").next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "2 of 2 tenants have something to do",
            "wave 1 of 2: 1 tenants",
            "`acme`: upgrade aaaa01 -> aaaa02, due",
            "wave 2 of 2: 1 tenants",
            "`globex`: upgrade aaaa01 -> aaaa02, due",
        ]
    );
    assert_eq!(said.out, "2 tenants moved, 0 were ready, 0 failed, of 2\n");

    let words = ["migrate", "downgrade", "aaaa01", "--json", "--concurrency", "1"];
    let said = shop.run(&words);
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{}", said.out);
    let events: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["planned", "wave", "begun", "done", "begun", "done", "report"]);
    assert_eq!((&events[0]["selected"], &events[0]["stale"]), (&2.into(), &2.into()));
    assert_eq!((&events[1]["number"], &events[1]["of"]), (&1.into(), &1.into()));
    assert_eq!((&events[2]["tenant"], &events[3]["tenant"]), (&"acme".into(), &"acme".into()));
    assert_eq!(events[3]["steps"][0], "downgrade aaaa02 -> aaaa01, due");
    assert!(events[3]["ms"].is_u64() && events[6]["stopped"].is_null());
}

#[test]
fn the_table_of_heads_can_have_another_name() {
    let shop = Shop::new("version-table");
    // By that name, nobody has been anywhere, whatever the ledger says.
    let current = ["current", "--tenant", "acme", "--version-table", "alembic_version"];
    assert_eq!(shop.done(&current), "");
    shop.done(&[
        "stamp",
        "--purge",
        "aaaa01",
        "--tenant",
        "acme",
        "--version-table",
        "alembic_version",
    ]);
    assert_eq!(shop.done(&current), "aaaa01 (head)\n");
    assert_eq!(shop.run(&["current", "--tenant", "acme", "--version-table", "a b"]).status, 4);
}

#[cfg(unix)]
fn until(told: &mut impl Iterator<Item = String>, what: &str) -> String {
    told.find(|line| line.contains(what)).unwrap_or_else(|| panic!("it never said `{what}`"))
}

/// What is in flight when somebody interrupts is finished, and nothing else is begun.
#[cfg(unix)]
#[test]
fn an_interrupt_finishes_what_is_in_flight() {
    use std::{
        io::{BufRead as _, BufReader},
        process::{Command, Stdio},
    };

    let shop = Shop::new("interrupted");
    shop.revision("aaaa02_due.sql", SECOND);
    // Somebody writes, so that the first tenant has to wait.
    let writer = shop.runtime.block_on(async {
        let mut options = tenancy::sea_orm::ConnectOptions::new(shop.url());
        options.max_connections(1);
        let conn = Database::connect(options).await.unwrap();
        conn.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
        conn
    });
    let mut run = Command::new(env!("CARGO_BIN_EXE_tenancy"))
        .args(["--json", "migrate", "upgrade", "heads", "--concurrency", "1"])
        .args(["--isolation", "schema"])
        .args(["--database", &shop.url(), "--dir"])
        .arg(shop.folder.join("migrations"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut events = BufReader::new(run.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut notes = BufReader::new(run.stderr.take().unwrap()).lines().map_while(Result::ok);
    until(&mut events, r#""event":"begun","tenant":"acme""#);
    let pid = run.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    until(&mut notes, "finishing what is in flight");
    shop.runtime.block_on(async {
        writer.execute_unprepared("ROLLBACK").await.unwrap();
        writer.close().await.unwrap();
    });
    let done = until(&mut events, r#""event":"done""#);
    assert!(done.contains(r#""tenant":"acme""#) && done.contains("aaaa01 -> aaaa02"), "{done}");
    let report = until(&mut events, r#""event":"report""#);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["moved"], &report["ready"]), (&1.into(), &0.into()), "{report}");
    assert!(report["stopped"].is_string(), "{report}");
    until(&mut notes, "interrupted; the next run does the rest");
    assert_eq!(run.wait().unwrap().code(), Some(5));
    assert_eq!(shop.done(&["current", "--tenant", "acme"]), "aaaa02 (head)\n");
    assert_eq!(shop.done(&["current", "--tenant", "globex"]), "aaaa01\n");
    let rest = shop.done(&["migrate", "upgrade", "heads"]);
    assert!(rest.contains("1 tenants moved, 1 were ready"), "{rest}");
}
