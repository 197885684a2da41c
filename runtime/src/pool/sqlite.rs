//! SQLite: foreign keys, patience with other writers, and an in-memory database that lives as long as its pool.

use std::time::Duration;

use sea_orm::{
    ConnectOptions,
    sqlx::{
        ConnectOptions as _,
        sqlite::{SqliteConnectOptions, SqliteJournalMode},
    },
};

use super::{PoolOptions, stand_in, unreadable};
use crate::{Error, Result};

/// How long a statement waits for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn options(options: &PoolOptions) -> Result<ConnectOptions> {
    let text = options.url.expose();
    let parsed: SqliteConnectOptions = text.parse().map_err(|error| unreadable(&error))?;
    // The driver's options cannot be asked for what they read.
    let query = text.split_once('?').map_or("", |(_, query)| query);
    if query.contains(['%', '+']) {
        return Err(Error::config(
            "the part of the database URL after `?` is encoded; write it plainly",
        ));
    }
    let has = |pair: &str| query.split('&').any(|part| part == pair);
    let path = text.trim_start_matches("sqlite://").trim_start_matches("sqlite:");
    let in_memory = path.split('?').next() == Some(":memory:") || has("mode=memory");
    let read_only = has("mode=ro") || has("immutable=true") || has("immutable=1");
    if !in_memory && parsed.get_filename().as_os_str().is_empty() {
        // SQLite would open a nameless temporary database, another one for each connection.
        return Err(Error::config(
            "the database URL names no file; write `sqlite://shop.db?mode=rwc` or `sqlite::memory:`",
        ));
    }
    let mut sqlite =
        parsed.foreign_keys(true).busy_timeout(BUSY_TIMEOUT).disable_statement_logging();
    if !in_memory && !read_only {
        sqlite = sqlite.journal_mode(SqliteJournalMode::Wal);
    }

    let mut connect = stand_in("sqlite::memory:", options);
    if in_memory {
        // Several connections to one in-memory database lock each other out by the table, and the
        // database is gone with its last connection.
        connect.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
    }
    connect.map_sqlx_sqlite_opts(move |_| sqlite.clone());
    Ok(connect)
}
