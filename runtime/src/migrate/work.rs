//! What is to be done in a place, made once for all places that have the same heads.

use tenancy_core::{
    Dialect,
    revision::{Change, Direction, Graph, Piece, Revision, RevisionId, Step, split},
};

use super::heads::Heads;
use crate::{Error, Result};

/// Steps with their statements, for one engine.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(super) chunks: Vec<Chunk>,
    pub(super) steps: Vec<Step>,
    /// Where it leads.
    pub(super) to: Heads,
}

/// What is done together: in one transaction, or statement by statement.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) transaction: bool,
    pub(super) parts: Vec<Part>,
    /// The heads before it, and after it.
    pub(super) before: Heads,
    pub(super) after: Heads,
    pub(super) wait: tenancy_core::revision::Wait,
}

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) deed: Deed,
    /// The revision it is of.
    pub(super) revision: Option<RevisionId>,
    /// The line of its file.
    pub(super) line: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// A statement.
    Sql(String),
    /// A query that must find nothing.
    Verify(String),
    /// Rust code.
    Code(Direction),
    /// The heads move.
    Heads(Vec<Change>),
}

impl Work {
    /// The statements of some steps. With `apart`, each revision is done in a transaction of its own.
    ///
    /// # Errors
    ///
    /// One that [is of configuration](Error::is_config) if a revision has nothing for the engine, or
    /// no way down.
    pub(crate) fn new(
        graph: &Graph,
        dialect: Dialect,
        from: &Heads,
        steps: Vec<Step>,
        apart: bool,
    ) -> Result<Self> {
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut before = from.clone();
        for step in &steps {
            let revision = graph.script_of(step);
            let mut parts = match revision {
                Some(revision) => parts(revision, dialect, step.direction)?,
                None => Vec::new(),
            };
            parts.push(Part {
                deed: Deed::Heads(step.changes.clone()),
                revision: step.revision.clone(),
                line: 0,
            });
            let together = revision.is_none_or(|revision| revision.transaction);
            let transaction = together && dialect != Dialect::MySql;
            let wait = revision.map(|revision| revision.wait).unwrap_or_default();
            match chunks.last_mut() {
                Some(last) if last.transaction && transaction && !apart => {
                    last.parts.extend(parts);
                    last.after.clone_from(&step.heads);
                    last.wait.lock = last.wait.lock.max(wait.lock);
                    last.wait.statement = last.wait.statement.max(wait.statement);
                }
                _ => chunks.push(Chunk {
                    transaction,
                    parts,
                    before: before.clone(),
                    after: step.heads.clone(),
                    wait,
                }),
            }
            before.clone_from(&step.heads);
        }
        Ok(Self { chunks, steps, to: before })
    }

    /// The steps, in their order.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Where it leads.
    pub(crate) fn to(&self) -> &Heads {
        &self.to
    }
}

impl Chunk {
    pub(super) fn has_code(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.deed, Deed::Code(_)))
    }
}

fn parts(revision: &Revision, dialect: Dialect, direction: Direction) -> Result<Vec<Part>> {
    let up = direction == Direction::Upgrade;
    let Revision { id, source, .. } = revision;
    if !up && let Some(why) = &revision.irreversible {
        return Err(Error::config(format!("revision {id} cannot be undone: {why} ({source})")));
    }
    let scripts = if up { &revision.upgrade } else { &revision.downgrade };
    let merge = revision.down.len() > 1;
    let script = scripts.of(dialect);
    if script.is_none() && revision.code.is_none() && !merge {
        let section = if up { "upgrade" } else { "downgrade" };
        return Err(Error::config(format!(
            "revision {id} has nothing for {dialect}: write a section `-- +{section}`, with SQL every \
             engine reads or for `{}` alone ({source})",
            dialect.to_string().to_lowercase()
        )));
    }
    let mut parts = Vec::new();
    let mut add = |script: &tenancy_core::revision::Script, deed: fn(String) -> Deed| {
        let pieces = split(dialect, &script.sql).map_err(|error| {
            Error::config(format!("revision {id} cannot be read: {error} ({source})"))
        })?;
        for Piece { sql, line } in pieces {
            let line = script.line + line - 1;
            if let Some(why) = forbidden(dialect, sql, revision.transaction) {
                return Err(Error::config(format!(
                    "revision {id}, line {line}: {why} ({source})\n    {sql}"
                )));
            }
            parts.push(Part { deed: deed(sql.to_owned()), revision: Some(id.clone()), line });
        }
        Ok::<_, Error>(())
    };
    if let Some(script) = script {
        add(script, Deed::Sql)?;
    }
    let verify = revision.verify.of(dialect).filter(|_| up);
    if let Some(verify) = verify {
        add(verify, Deed::Verify)?;
    }
    if revision.code.is_some() {
        let code = Part { deed: Deed::Code(direction), revision: Some(id.clone()), line: 0 };
        // Before what is verified.
        let verified = parts.iter().position(|part| matches!(part.deed, Deed::Verify(_)));
        parts.insert(verified.unwrap_or(parts.len()), code);
    }
    Ok(parts)
}

/// Why a statement must not be in a revision: it would end the transaction that keeps the revision
/// whole, or stay on the connection, where the next place would find it.
fn forbidden(dialect: Dialect, sql: &str, together: bool) -> Option<&'static str> {
    let words: Vec<String> = sql
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .flat_map(str::split_whitespace)
        .take(4)
        .map(|word| word.trim_end_matches([';', ',']).to_ascii_uppercase())
        .collect();
    let word = |place: usize| words.get(place).map_or("", String::as_str);
    match (word(0), word(1)) {
        ("BEGIN" | "COMMIT" | "ROLLBACK" | "ABORT" | "END" | "SAVEPOINT" | "RELEASE", _)
        | ("START", "TRANSACTION") => Some(
            "a revision does not begin or end transactions: it runs in one, with the row that says it \
             has run; write `-- no-transaction` in its head if it must not",
        ),
        ("ATTACH" | "DETACH" | "PRAGMA", _) | ("CREATE", "TEMP" | "TEMPORARY")
            if dialect == Dialect::Sqlite && together =>
        {
            Some(
                "it would stay on the connection, where others would find it; what needs it writes \
                 `-- no-transaction` in its head, and has a connection of its own",
            )
        }
        ("USE", _) => Some("a revision does not say where it runs: it runs in each place"),
        ("SET", "LOCAL") if word(2).starts_with("SEARCH_PATH") => Some(
            "a revision does not say where bare names lead: they lead to the place it runs in; what all \
             tenants share is `{{shared}}.name`",
        ),
        ("SET", "LOCAL" | "CONSTRAINTS") => None,
        ("SET" | "RESET" | "DISCARD" | "LISTEN" | "LOAD", _) if dialect == Dialect::Postgres => {
            Some(
                "it would stay on the connection, where the next place would find it; write `SET LOCAL`",
            )
        }
        _ => None,
    }
}

#[cfg(feature = "postgres")]
impl Part {
    /// Its text, if it has one.
    pub(super) fn sql(&self) -> Option<&str> {
        match &self.deed {
            Deed::Sql(sql) | Deed::Verify(sql) => Some(sql),
            Deed::Code(_) | Deed::Heads(_) => None,
        }
    }
}
