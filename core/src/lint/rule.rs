//! What is looked for.

use super::finding::Severity::{self, Error, Warning};
use crate::Dialect;

/// The engines a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engines {
    /// All.
    All,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

impl Engines {
    pub(super) fn have(self, dialect: Dialect) -> bool {
        match self {
            Engines::All => true,
            Engines::Postgres => dialect == Dialect::Postgres,
            Engines::MySql => dialect == Dialect::MySql,
        }
    }
}

/// Something that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, which stays the same.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is looked for.
    pub engines: Engines,
    /// Why it is dangerous.
    pub why: &'static str,
    /// What to write instead.
    pub instead: &'static str,
}

const fn a(
    name: &'static str,
    severity: Severity,
    engines: Engines,
    why: &'static str,
    instead: &'static str,
) -> Rule {
    Rule { name, severity, engines, why, instead }
}

use Engines::{All, MySql, Postgres};

/// All rules, by subject.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // What breaks the application that is running, or loses data.
    a("ban-drop-table", Error, All, "its rows are lost, and the version of the application that is running still uses it",
        "ship a version that does not use the table first; drop it in a later revision, with a reason"),
    a("ban-drop-column", Error, All, "its values are lost, and the version of the application that is running still names it in every statement",
        "ship a version that does not use the column first; drop it in a later revision, with a reason"),
    a("ban-drop-schema", Error, All, "all that is in it is lost, for tenants whose places are made and ended by the library",
        "end a tenant with `Tenancy`'s own steps; leave schemas and databases alone in revisions"),
    a("ban-drop-cascade", Error, Postgres, "CASCADE drops whatever depends on it, which differs between tenants and is seen by nobody",
        "drop what depends on it by name, then the thing itself without CASCADE"),
    a("ban-truncate-cascade", Error, Postgres, "it empties every table with a foreign key to this one",
        "name each table that is to be emptied"),
    a("renaming-table", Error, All, "the version of the application that is running uses the old name",
        "make a view with the old name in the same revision, or a new table that is filled, and drop the old one later"),
    a("renaming-column", Error, All, "the version of the application that is running uses the old name",
        "add a column, write both, fill the new one, read it, and drop the old one in a later revision"),
    a("write-without-where", Warning, All, "it changes every row in one transaction, which holds all their locks until the end",
        "write it in batches by the key, in a revision of its own"),
    // What locks or rewrites tables.
    a("adding-required-field", Error, All, "rows that are there have no value for it, and statements of the running version give none",
        "add it with a constant DEFAULT, or without NOT NULL; fill it; then add NOT NULL"),
    a("adding-not-null-field", Error, Postgres, "SET NOT NULL reads the whole table under a lock that stops reads too",
        "ADD CONSTRAINT c CHECK (column IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT c; SET NOT NULL; DROP CONSTRAINT c"),
    a("adding-field-with-default", Error, Postgres, "a default that differs from row to row, or a counted or stored value, rewrites the table under a lock that stops reads too",
        "add the column without a default, SET DEFAULT, and fill rows that are there in batches"),
    a("changing-column-type", Error, All, "most changes rewrite the table and its indexes under a lock that stops reads too, and some lose values",
        "add a column of the new type, write both, fill it, read it, and drop the old one in a later revision; longer VARCHARs on PostgreSQL are harmless: allow them"),
    a("constraint-missing-not-valid", Error, Postgres, "the check reads the whole table under a lock that stops reads too",
        "ADD CONSTRAINT … CHECK … NOT VALID, then VALIDATE CONSTRAINT, which takes a weak lock"),
    a("adding-foreign-key-constraint", Error, Postgres, "it reads the whole table under a lock that stops writes to both tables",
        "ADD CONSTRAINT … FOREIGN KEY … NOT VALID, then VALIDATE CONSTRAINT, which takes weak locks"),
    a("disallow-unique-constraint", Error, Postgres, "it builds an index under a lock that stops reads too",
        "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX; where tables are small, as those of single tenants, allow it"),
    a("require-concurrent-index-creation", Error, Postgres, "it stops writes to a table of all tenants until the index is built",
        "CREATE INDEX CONCURRENTLY, in a revision that runs without a transaction"),
    a("require-concurrent-index-deletion", Warning, Postgres, "it waits for, and then stops, every statement on a table of all tenants",
        "DROP INDEX CONCURRENTLY, in a revision that runs without a transaction"),
    a("ban-concurrent-index-creation-in-transaction", Error, Postgres, "CONCURRENTLY does not run in a transaction, and fails",
        "put it into a revision of its own that runs without a transaction"),
    a("require-algorithm-and-lock", Warning, MySql, "without both, the server silently copies the table and stops writes where it cannot do better",
        "say `ALGORITHM=INSTANT`, or `ALGORITHM=INPLACE, LOCK=NONE` (on MariaDB `NOCOPY`): it is refused where that cannot be"),
    a("implicit-commit", Warning, MySql, "DDL commits what was changed before it, so what follows is not undone with it when it fails",
        "put changes of rows into a revision of their own"),
    // What is regretted later.
    a("prefer-bigint-over-int", Warning, All, "a key of four bytes ends at 2,147,483,647, and widening it rewrites every table that points at it",
        "BIGINT"),
    a("ban-char-field", Warning, Postgres, "CHAR(n) is padded with blanks, which comparisons sometimes ignore",
        "TEXT, or VARCHAR(n)"),
    a("identifier-too-long", Error, All, "PostgreSQL cuts a name off after 63 bytes, so that two become one, and MySQL refuses one of more than 64 characters",
        "a name of at most 63 bytes"),
    // What a runner does.
    a("transaction-nesting", Error, All, "the runner has a transaction of its own, which this would end: what follows runs outside of it, and the revision is recorded or not by chance",
        "take it out; a revision runs as a whole in a transaction unless it says otherwise"),
    a("session-state", Error, All, "it outlives the statement: what runs next on the connection, for another tenant, finds it",
        "SET LOCAL, within the transaction, and never of the search path, which the runner sets"),
    // What is wrong for tenants only.
    a("tenant-qualified-name", Error, All, "the same text runs for every tenant, and this name leads to the same place for all of them",
        "write the name alone; the runner makes it lead to the tenant's place"),
    a("tenant-shared-ddl", Error, All, "it is run once for each tenant and changes what all of them share",
        "put it into a revision of the shared target, and let this one depend on it"),
    a("shared-foreign-key-order", Error, Postgres, "a foreign key locks the shared table against writes until the end of the transaction, and runners that take two of them in different orders deadlock",
        "put foreign keys to shared tables last, in the order of those tables' names"),
    a("concurrent-index-in-fleet", Error, Postgres, "CONCURRENTLY waits for every older transaction of the whole database, once for each tenant",
        "CREATE INDEX: the tables of single tenants are small; allow it where they are not"),
    a("tenant-dependent-text", Error, All, "tenants' structures become different, which drift will report for ever",
        "a revision says the same for every tenant"),
    a("database-wide-object", Error, All, "it is made for the whole database or server, and fails or waits for the second tenant",
        "put it into a revision of the shared target"),
    // What cannot be judged.
    a("not-understood", Warning, All, "the parser does not know this statement, so nobody has looked at it",
        "look at it yourself, and say so: `-- lint:allow not-understood reason`"),
    a("bad-suppression", Error, All, "a comment that allows nothing is taken for one that does",
        "`-- lint:allow rule reason`, with the name of a rule and a reason"),
    a("unused-suppression", Warning, All, "it allows what is not there, and would hide it when it comes",
        "take the comment away"),
];

pub(super) fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}
