//! What is said of statements that are no SELECT, INSERT, UPDATE or DELETE.

use super::{Refusal, RefusalKind};

/// Statements by their first word, or words, and why a tenant may not run them and what it can do
/// instead. The first that fits counts.
const KINDS: &[(&[&str], &str, &str)] = &[
    (&["EXPLAIN", "DESCRIBE", "DESC"], "plans and statistics show what neighbours store", UNSCOPED),
    (&["ANALYZE"], "it reads the rows of all tenants", UNSCOPED),
    (
        &[
            "SET TRANSACTION",
            "SET CONSTRAINTS",
            "PREPARE TRANSACTION",
            "BEGIN",
            "START",
            "COMMIT",
            "ROLLBACK",
            "SAVEPOINT",
            "RELEASE",
            "END",
            "ABORT",
            "XA",
        ],
        "the connection keeps its own account of transactions",
        "use `begin`, `commit` and `rollback` of the connection",
    ),
    (
        &["SET", "RESET", "USE", "PRAGMA", "DISCARD"],
        "session settings outlive the statement on a connection other tenants use next",
        UNSCOPED,
    ),
    (&["TRUNCATE"], "it empties the table for all tenants", "use `DELETE FROM`"),
    (&["LISTEN", "NOTIFY", "UNLISTEN"], "channels are shared by all tenants", UNSCOPED),
    (
        &[
            "CREATE",
            "ALTER",
            "DROP",
            "GRANT",
            "REVOKE",
            "RENAME",
            "COMMENT",
            "SECURITY",
            "IMPORT",
            "REASSIGN",
            "REFRESH",
            "INSTALL",
            "UNINSTALL",
            "ATTACH",
            "DETACH",
            "LOAD EXTENSION",
        ],
        "it changes the database for all tenants",
        "use a migration, or an unscoped connection",
    ),
    (
        &["COPY", "LOAD", "UNLOAD", "EXPORT"],
        "it moves rows between tables and files without looking at their tenants",
        "insert the rows through this connection, or use an unscoped one",
    ),
    (
        &["DO", "CALL", "EXECUTE", "EXEC", "PREPARE", "DEALLOCATE"],
        "what it runs is not in the statement, and cannot be scoped",
        "send the statements themselves",
    ),
    (
        &["DECLARE", "FETCH", "MOVE", "CLOSE", "OPEN", "HANDLER"],
        "a cursor outlives the statement that was scoped",
        "use `stream` of the connection",
    ),
    (
        &["LOCK", "UNLOCK"],
        "it locks the rows of all tenants",
        "lock rows with `SELECT … FOR UPDATE`",
    ),
    (
        &["SHOW", "CHECK", "CHECKSUM", "HELP"],
        "it describes the whole server, neighbours' tables and activity too",
        UNSCOPED,
    ),
    (
        &[
            "VACUUM",
            "REINDEX",
            "CLUSTER",
            "CHECKPOINT",
            "OPTIMIZE",
            "REPAIR",
            "FLUSH",
            "KILL",
            "SHUTDOWN",
            "CHANGE",
            "PURGE",
            "CACHE",
            "STOP",
            "RESTART",
        ],
        "it works on the whole server",
        UNSCOPED,
    ),
    (
        &["MERGE"],
        "its branches would each need a guard of their own",
        "write it as an upsert, or as separate statements in a transaction",
    ),
    (&["TABLE"], "the name is not resolved the way FROM resolves it", "write `SELECT * FROM name`"),
];

const UNSCOPED: &str = "use an unscoped connection if you mean it";

/// Names a kind of statement that is refused, by its text.
pub(super) fn known(text: &str) -> Option<Refusal> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .take(2)
        .collect();
    let (first, both) = (*words.first()?, words.join(" "));
    let fits = |kind: &str| kind.eq_ignore_ascii_case(first) || kind.eq_ignore_ascii_case(&both);
    let (_, why, instead) = KINDS.iter().find(|(kinds, ..)| kinds.iter().any(|kind| fits(kind)))?;
    Some(Refusal::new(RefusalKind::Statement, format!("the statement `{both} …`"), *why, *instead))
}

/// Refuses a statement that was read and is of no kind a tenant may run.
pub(super) fn unknown(text: &str) -> Refusal {
    known(text).unwrap_or_else(|| {
        let first: Vec<&str> = text.split_whitespace().take(1).collect();
        Refusal::new(
            RefusalKind::Statement,
            format!("the statement `{} …`", first.concat()),
            "only SELECT, INSERT, UPDATE and DELETE can be kept within one tenant",
            UNSCOPED,
        )
    })
}
