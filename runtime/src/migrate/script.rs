//! PostgreSQL: all that is to be done in a place, as one transaction in one message.

use super::{
    context::Spot,
    failure::{Failure, Remedy},
    raw::Raw,
    work::{Chunk, Deed, Part},
};
use crate::Result;

/// What each statement of the message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Of ours: nothing that could fail on its own.
    Ours,
    Lock,
    Guard,
    Part(usize),
    Verify(usize),
}

/// The message.
struct Message {
    statements: Vec<String>,
    roles: Vec<Role>,
}

impl Message {
    fn add(&mut self, role: Role, sql: &str) {
        self.statements.push(sql.to_owned());
        self.roles.push(role);
    }

    fn of(spot: &Spot<'_>, chunk: &Chunk, last: bool) -> Result<Self> {
        let mut message = Self { statements: Vec::new(), roles: Vec::new() };
        let heads = spot.heads();
        message.add(Role::Ours, "BEGIN");
        message.add(Role::Ours, &settings(spot, chunk));
        message.add(Role::Lock, &spot.lock());
        if chunk.before.is_empty() {
            // Under the lock, nobody else makes it.
            message.add(Role::Ours, &heads.create());
        }
        message.add(Role::Guard, &heads.guard(&chunk.before));
        let mut made = false;
        for (index, part) in chunk.parts.iter().enumerate() {
            match &part.deed {
                Deed::Sql(sql) => {
                    message.add(Role::Part(index), &spot.statement(sql)?);
                    made = true;
                }
                Deed::Verify(sql) => {
                    let query = spot.statement(sql)?;
                    let sql = format!("SELECT 1 / (NOT EXISTS (\n{query}\n))::int");
                    message.add(Role::Verify(index), &sql);
                }
                Deed::Heads(changes) => {
                    for change in changes {
                        message.add(Role::Ours, &heads.change(change));
                    }
                }
                // Those go another way.
                Deed::Code(_) => {}
            }
        }
        if made {
            for sql in spot.rights {
                message.add(Role::Ours, sql);
            }
        }
        if let Some(entry) = spot.entry.filter(|_| last) {
            message.add(Role::Ours, entry);
        }
        message.add(Role::Ours, "COMMIT");
        Ok(message)
    }
}

/// What the transaction is told.
fn settings(spot: &Spot<'_>, chunk: &Chunk) -> String {
    let lock = spot.lock_timeout(chunk.wait.lock).as_millis();
    let statement =
        spot.statement_timeout(chunk.wait.statement).map_or(0, |timeout| timeout.as_millis());
    let mut sql = format!(
        "SELECT set_config('lock_timeout', '{lock}', true), \
         set_config('statement_timeout', '{statement}', true), \
         set_config('client_min_messages', 'warning', true)"
    );
    if let Some(path) = spot.search_path() {
        let path = super::site::literal(spot.cx.dialect, &path);
        sql.push_str(&format!(", set_config('search_path', {path}, true)"));
    }
    sql
}

/// Does a chunk in a place.
pub(super) async fn run(spot: &Spot<'_>, chunk: &Chunk, last: bool) -> Result<(), Failure> {
    let message =
        Message::of(spot, chunk, last).map_err(|error| Failure::none(error.to_string()))?;
    let mut raw =
        Raw::acquire(spot.conn, spot.cx.dialect).await.map_err(|error| Failure::sqlx(&error))?;
    match raw.run_all(&message.statements).await {
        Ok(()) => Ok(()),
        Err((done, error)) => {
            let failure = read(&message, chunk, done, Failure::sqlx(&error));
            raw.rollback().await;
            Err(failure)
        }
    }
}

/// What a failure means, by the statement it happened in.
fn read(message: &Message, chunk: &Chunk, done: usize, failure: Failure) -> Failure {
    const DIVISION: Option<&str> = Some("22012");
    let role = message.roles.get(done).copied().unwrap_or(Role::Ours);
    let divided = failure.code.as_deref() == DIVISION;
    let part = |index: usize| -> &Part { &chunk.parts[index] };
    match role {
        Role::Lock if divided => Failure::busy(),
        Role::Guard if divided => Failure::moved(),
        // The table of heads is not there, and there should be heads.
        Role::Guard if failure.code.as_deref() == Some("42P01") => Failure::moved(),
        Role::Verify(index) if divided => {
            let sql = part(index).sql();
            let what = "it did not do what it should: its verification found a row";
            Failure::new(Remedy::None, what).at(part(index), sql)
        }
        Role::Part(index) | Role::Verify(index) => failure.at(part(index), part(index).sql()),
        Role::Ours | Role::Lock | Role::Guard => failure,
    }
}
