//! Statement by statement, where there is no transaction around them: on MySQL and MariaDB, which end
//! one at every change of structure, and for revisions that say `-- no-transaction`.
//!
//! A table in the place says how far it came. A statement that changes rows is done together with its
//! line there, and on SQLite any other too. One that changes structure is announced before and confirmed
//! after; the other engines do
//! each of them wholly or not at all, so one that was announced and not confirmed is run again, and
//! what it says if it had been done already is believed then, and only then.

mod done;

use sea_orm::{DatabaseConnection, sqlx};
use tenancy_core::{Dialect, Secret};
use url::Url;

use self::done::says_done;
use super::{
    context::Spot,
    failure::{Failure, Remedy},
    lite::{same, statement},
    place::bare,
    raw::Raw,
    site::literal,
    work::{Chunk, Deed, Part},
};
use crate::pool::{self, PoolOptions};

/// The table that says how far a revision came.
const TABLE: &str = "tenancy_progress";

/// Does a chunk, which is one revision, in a place.
pub(super) async fn run(spot: &Spot<'_>, chunk: &Chunk, last: bool) -> Result<(), Failure> {
    let dialect = spot.cx.dialect;
    if spot.options.is_in_memory() {
        return Err(Failure::none(
            "a database in memory is gone with its connection, and what runs without a transaction needs \
             one of its own; leave `-- no-transaction` out, or give the database a file",
        ));
    }
    let acquire = || Raw::acquire(spot.conn, dialect);
    // Where names lead is said when the connection starts, and ends with it.
    let own = own_connection(spot).await?;
    let raw = match &own {
        Some(own) => Raw::acquire(own, dialect).await,
        None => acquire().await,
    };
    let mut raw = raw.map_err(failed)?;
    // On PostgreSQL a transaction beside it has the lock, and lets go of it whatever happens.
    let mut guard = match dialect {
        Dialect::Postgres => Some(acquire().await.map_err(failed)?),
        Dialect::MySql | Dialect::Sqlite => None,
    };
    let outcome = async {
        lock(spot, &mut raw, guard.as_mut()).await?;
        enter(spot, &mut raw, chunk).await?;
        Progress { spot, chunk, raw: &mut raw }.finish(last).await
    }
    .await;
    if let Some(guard) = guard {
        guard.rollback().await;
    }
    // With it end the lock, where names lead, and whatever a revision said.
    raw.close().await;
    if let Some(own) = own {
        // It has no connection any more.
        let _ = own.close().await;
    }
    outcome
}

/// On PostgreSQL, a connection on which bare names lead to a tenant's schema from its start: a setting
/// that is made later could be lost between two statements, behind a pooler.
async fn own_connection(spot: &Spot<'_>) -> Result<Option<DatabaseConnection>, Failure> {
    let Some(path) = spot.search_path().filter(|_| spot.cx.dialect == Dialect::Postgres) else {
        return Ok(None);
    };
    let unreadable = || Failure::none("the address of the database is no URL");
    let mut url = Url::parse(spot.options.url.expose()).map_err(|_| unreadable())?;
    let escaped = path.replace('\\', "\\\\").replace(' ', "\\ ");
    url.query_pairs_mut().append_pair("options", &format!("-c search_path={escaped}"));
    let url = Secret::new(String::from(url));
    let options = PoolOptions { url, max_connections: 1, ..spot.options.clone() };
    match pool::open(&options).await {
        Ok(own) => Ok(Some(own)),
        Err(error) => Err(Failure::none(format!(
            "a revision without a transaction needs a connection that says at its start where names lead, \
             and poolers let none: {error}. Name the server itself as the operator's address"
        ))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn failed(error: sqlx::Error) -> Failure {
    Failure::sqlx(&error)
}

async fn lock(spot: &Spot<'_>, raw: &mut Raw, guard: Option<&mut Raw>) -> Result<(), Failure> {
    match (spot.cx.dialect, guard) {
        (Dialect::Postgres, Some(guard)) => {
            guard.run("BEGIN").await.map_err(failed)?;
            guard.run(&spot.lock()).await.map_err(|error| match Failure::sqlx(&error) {
                divided if divided.code.as_deref() == Some("22012") => Failure::busy(),
                other => other,
            })?;
        }
        (Dialect::MySql, _) => {
            let name = literal(Dialect::MySql, &spot.site.lock);
            let sql = format!("SELECT CAST(GET_LOCK(CONCAT('tenancy:', MD5({name})), 0) AS CHAR)");
            // Nothing, if the server could not say.
            if raw.texts(&sql).await.ok().as_deref() != Some(&["1".to_owned()][..]) {
                return Err(Failure::busy());
            }
        }
        // Whoever writes there waits.
        _ => {}
    }
    Ok(())
}

/// Leads bare names to the place, and says how long to wait.
async fn enter(spot: &Spot<'_>, raw: &mut Raw, chunk: &Chunk) -> Result<(), Failure> {
    let wait = spot.lock_timeout(chunk.wait.lock);
    let longest = spot.statement_timeout(chunk.wait.statement);
    match spot.cx.dialect {
        Dialect::Postgres => {
            let longest = longest.map_or(0, |longest| longest.as_millis());
            let sql = format!(
                "SET lock_timeout = '{}ms'; SET statement_timeout = '{longest}ms'",
                wait.as_millis()
            );
            raw.run(&sql).await.map_err(failed)?;
            if let Some(path) = spot.search_path() {
                let said = raw.texts("SHOW search_path").await.map_err(failed)?;
                if said.first().map(|said| said.replace(' ', "")) != Some(path.replace(' ', "")) {
                    return Err(Failure::none(
                        "the server does not know where bare names lead: a pooler stands between. Name \
                         the server itself as the operator's address for revisions that run without a \
                         transaction",
                    ));
                }
            }
        }
        Dialect::MySql => {
            if let Some(schema) = spot.site.schema_name(Dialect::MySql) {
                raw.run(&format!("USE {schema}")).await.map_err(failed)?;
            }
            let seconds = wait.as_secs().max(1);
            let sql = format!(
                "SET SESSION lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}"
            );
            raw.run(&sql).await.map_err(failed)?;
        }
        Dialect::Sqlite => {}
    }
    Ok(())
}

struct Progress<'a> {
    spot: &'a Spot<'a>,
    chunk: &'a Chunk,
    raw: &'a mut Raw,
}

/// How far a statement came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Announced,
    Done,
}

impl Progress<'_> {
    async fn run(&mut self, sql: &str) -> Result<(), Failure> {
        self.raw.run(sql).await.map(drop).map_err(failed)
    }

    async fn finish(&mut self, last: bool) -> Result<(), Failure> {
        let heads = self.spot.heads();
        let (dialect, table) = (self.spot.cx.dialect, self.table());
        self.run(&heads.create()).await?;
        self.run(&format!(
            "CREATE TABLE IF NOT EXISTS {table} (revision VARCHAR(32) NOT NULL, place INT NOT NULL, \
             checksum CHAR(64) NOT NULL, state CHAR(1) NOT NULL, PRIMARY KEY (revision, place))"
        ))
        .await?;
        let rows = self.raw.texts(&heads.select()).await.map_err(failed)?;
        if !same(&rows, &self.chunk.before) {
            return Err(Failure::moved());
        }
        self.whole().await?;
        let chunk = self.chunk;
        for (place, part) in chunk.parts.iter().enumerate() {
            match &part.deed {
                Deed::Sql(sql) => {
                    let sql = statement(self.spot, sql, part)?;
                    self.statement(place, part, &sql).await?;
                }
                Deed::Code(_) => {
                    if self.state(place, part, "code").await? != State::Done {
                        bare(self.spot, part).await?;
                        self.note(place, part, "code", State::Done).await?;
                    }
                }
                Deed::Verify(sql) => {
                    let sql = statement(self.spot, sql, part)?;
                    let found = self.raw.finds(&sql).await;
                    if found.map_err(|error| failed(error).at(part, Some(&sql)))? {
                        let what = "it did not do what it should: its verification found a row";
                        return Err(Failure::new(Remedy::None, what).at(part, Some(&sql)));
                    }
                }
                Deed::Heads(changes) => {
                    for sql in self.spot.rights {
                        self.run(sql).await?;
                    }
                    self.run(begin(dialect)).await?;
                    for change in changes {
                        let met = self.raw.run(&heads.change(change)).await.map_err(failed)?;
                        if met != 1 {
                            return Err(Failure::moved());
                        }
                    }
                    self.run(&format!("DELETE FROM {table}")).await?;
                    if let Some(entry) = self.spot.entry.filter(|_| last) {
                        self.run(entry).await?;
                    }
                    self.run("COMMIT").await?;
                }
            }
        }
        Ok(())
    }

    /// Refuses to begin one way where another one was begun: revision by revision, or with a baseline.
    async fn whole(&mut self) -> Result<(), Failure> {
        let Some(own) = self.chunk.parts.first().and_then(|part| part.revision.as_ref()) else {
            return Ok(());
        };
        let (table, literal) = (self.table(), literal(self.spot.cx.dialect, own.as_str()));
        let others = format!("SELECT revision FROM {table} WHERE revision <> {literal}");
        let others = self.raw.texts(&others).await.map_err(failed)?;
        match others.first() {
            None => Ok(()),
            Some(other) => Err(Failure::none(format!(
                "a run that began with {other} here was cut off, and this one begins with {own}: finish \
                 that one first, with `replay` if it went revision by revision, and without if it began \
                 with a baseline"
            ))),
        }
    }

    async fn statement(&mut self, place: usize, part: &Part, sql: &str) -> Result<(), Failure> {
        let state = self.state(place, part, sql).await?;
        if state == State::Done {
            return Ok(());
        }
        let at = |error: sqlx::Error| failed(error).at(part, Some(sql));
        if is_of_rows(sql) || self.undoes(sql) {
            self.run(begin(self.spot.cx.dialect)).await?;
            let outcome = match self.raw.run(sql).await {
                Ok(_) => self.note(place, part, sql, State::Done).await,
                Err(error) => Err(at(error)),
            };
            return match outcome {
                Ok(()) => self.run("COMMIT").await,
                Err(failure) => {
                    let _ = self.raw.run("ROLLBACK").await;
                    Err(failure)
                }
            };
        }
        if sql.to_ascii_uppercase().contains("CONCURRENTLY") {
            self.sweep().await?;
        }
        if state == State::New {
            self.note(place, part, sql, State::Announced).await?;
        }
        match self.raw.run(sql).await {
            Ok(_) => {}
            Err(error) => {
                let failure = at(error);
                let had = state == State::Announced
                    && failure.code.as_deref().is_some_and(|code| says_done(sql, code));
                if !had {
                    // What the server refused did not happen, so the next run has nothing to guess.
                    if failure.code.is_some() {
                        self.forget(place, part).await?;
                    }
                    return Err(failure);
                }
            }
        }
        self.note(place, part, sql, State::Done).await
    }

    /// Whether a statement that changes structure can be in a transaction with its line: SQLite says of
    /// nothing by a code of its own that it had been done already.
    fn undoes(&self, sql: &str) -> bool {
        let word = without_comments(sql).split(|c: char| !c.is_ascii_alphabetic()).next();
        let alone = ["VACUUM", "PRAGMA", "ATTACH", "DETACH"];
        self.spot.cx.dialect == Dialect::Sqlite
            && !alone.iter().any(|alone| word.is_some_and(|word| word.eq_ignore_ascii_case(alone)))
    }

    /// What an index that is made beside the others leaves when it is cut off.
    async fn sweep(&mut self) -> Result<(), Failure> {
        if self.spot.cx.dialect != Dialect::Postgres {
            return Ok(());
        }
        let invalid = "SELECT format('DROP INDEX IF EXISTS %I.%I', n.nspname, c.relname) FROM pg_index i \
                       JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                       WHERE NOT i.indisvalid AND n.nspname = current_schema()";
        for drop in self.raw.texts(invalid).await.map_err(failed)? {
            self.run(&drop).await?;
        }
        Ok(())
    }

    fn table(&self) -> String {
        self.spot.site.table(self.spot.cx.dialect, TABLE)
    }

    fn key(&self, place: usize, part: &Part) -> (String, usize) {
        let revision = part.revision.as_ref().map_or("", |id| id.as_str());
        (literal(self.spot.cx.dialect, revision), place)
    }

    async fn state(&mut self, place: usize, part: &Part, sql: &str) -> Result<State, Failure> {
        let (table, (revision, place)) = (self.table(), self.key(place, part));
        let select = |column: &str| {
            format!("SELECT {column} FROM {table} WHERE revision = {revision} AND place = {place}")
        };
        let states = self.raw.texts(&select("state")).await.map_err(failed)?;
        let Some(state) = states.first() else { return Ok(State::New) };
        let known = self.raw.texts(&select("checksum")).await.map_err(failed)?;
        if known.first().map(String::as_str) != Some(&*checksum(sql)) {
            return Err(Failure::none(format!(
                "the revision was cut off after statement {}, and this statement read otherwise then: \
                 put the file back as it was, run it to its end, and change things in a new revision",
                place + 1
            ))
            .at(part, Some(sql)));
        }
        Ok(if state == "d" { State::Done } else { State::Announced })
    }

    async fn note(
        &mut self,
        place: usize,
        part: &Part,
        sql: &str,
        state: State,
    ) -> Result<(), Failure> {
        let (table, (revision, number)) = (self.table(), self.key(place, part));
        let (sum, letter) = (checksum(sql), if state == State::Done { "d" } else { "a" });
        let updated = format!(
            "UPDATE {table} SET state = '{letter}' WHERE revision = {revision} AND place = {number}"
        );
        // MySQL counts only rows that it changed; ours changes one, or there is none.
        if self.raw.run(&updated).await.map_err(failed)? == 0 {
            let insert = format!(
                "INSERT INTO {table} (revision, place, checksum, state) VALUES ({revision}, {number}, \
                 '{sum}', '{letter}')"
            );
            self.run(&insert).await?;
        }
        Ok(())
    }

    async fn forget(&mut self, place: usize, part: &Part) -> Result<(), Failure> {
        let (table, (revision, place)) = (self.table(), self.key(place, part));
        self.run(&format!("DELETE FROM {table} WHERE revision = {revision} AND place = {place}"))
            .await
    }
}

fn begin(dialect: Dialect) -> &'static str {
    if dialect == Dialect::Sqlite { "BEGIN IMMEDIATE" } else { "START TRANSACTION" }
}

fn checksum(sql: &str) -> String {
    tenancy_core::revision::checksum(sql)
}

/// Whether a statement changes rows only, so that it can be in a transaction with others.
pub(super) fn is_of_rows(sql: &str) -> bool {
    let word = without_comments(sql).split(|c: char| !c.is_ascii_alphabetic());
    let word = word.into_iter().next().unwrap_or_default();
    ["INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a statement changes rows of a table all tenants share.
pub(super) fn is_of_shared_rows(sql: &str) -> bool {
    let mut words = without_comments(sql).split_whitespace().take(4);
    is_of_rows(sql) && words.any(|word| word.starts_with(tenancy_core::structure::SHARED))
}

/// A statement from its first word.
fn without_comments(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        let end = if rest.starts_with("--") || rest.starts_with('#') {
            rest.find('\n')
        } else if rest.starts_with("/*") && !rest.starts_with("/*!") {
            rest.find("*/").map(|at| at + 1)
        } else {
            return rest;
        };
        rest = end.map_or("", |at| &rest[at + 1..]).trim_start();
    }
}
