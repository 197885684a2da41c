//! What the scoper says when it does not let a statement through.

use std::{error, fmt};

use super::{Action, TableUse};

/// The place of what stands in no particular clause.
pub(super) const STATEMENT: &str = "the statement";

/// What kind of thing was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The text is not a statement of this dialect, or not one the scoper can read.
    Syntax,
    /// A kind of statement that tenants may not run.
    Statement,
    /// A clause, operator or expression the scoper cannot make safe.
    Clause,
    /// A table that is not in the catalog, or may not be used this way.
    Table,
    /// A function that is not known to keep its hands off data.
    Function,
    /// A value that belongs to another tenant, or cannot be checked.
    TenantValue,
    /// The wrong number of parameters, or a style that cannot be bound.
    Parameters,
}

/// A statement that was not run, because it could have touched another tenant or could not be
/// understood. Nothing was sent to the database.
///
/// Printed with `{:#}` it also tells, a line for each, what had been done to the tables that
/// stand before the refused construct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(Box<Details>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    kind: RefusalKind,
    construct: String,
    place: String,
    why: String,
    instead: String,
    uses: Vec<TableUse>,
}

impl Refusal {
    pub(crate) fn new(
        kind: RefusalKind,
        construct: impl Into<String>,
        why: impl Into<String>,
        instead: impl Into<String>,
    ) -> Self {
        Self(Box::new(Details {
            kind,
            construct: construct.into(),
            place: String::new(),
            why: why.into(),
            instead: instead.into(),
            uses: Vec::new(),
        }))
    }

    /// Remembers what had been done to the tables before the construct.
    pub(super) fn after(mut self, uses: Vec<TableUse>) -> Self {
        self.0.uses = uses;
        self
    }

    /// What had been done to the tables that stand before the construct, as a plan would tell it.
    #[must_use]
    pub fn uses(&self) -> &[TableUse] {
        &self.0.uses
    }

    /// Says where the construct stands, unless that is known already.
    pub(crate) fn at(mut self, place: &str) -> Self {
        if self.0.place.is_empty() && place != STATEMENT {
            place.clone_into(&mut self.0.place);
        }
        self
    }

    /// What kind of thing was refused.
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        self.0.kind
    }

    /// The construct that was refused, as written.
    #[must_use]
    pub fn construct(&self) -> &str {
        &self.0.construct
    }

    /// A value given for the tenant column is not the tenant's own.
    #[must_use]
    pub fn foreign_value(table: &str, column: &str) -> Self {
        Self::new(
            RefusalKind::TenantValue,
            format!("the value for `{table}.{column}`"),
            "it is not this connection's tenant",
            "leave the column unset, and it is filled in; to move rows between tenants use an \
             unscoped connection",
        )
    }

    /// The tenant's id cannot be stored in a column of this type.
    #[must_use]
    pub fn unfit_id(kind: impl fmt::Display) -> Self {
        Self::new(
            RefusalKind::TenantValue,
            format!("a tenant column of type `{kind}`"),
            format!("this tenant's id is not a `{kind}` in its canonical form"),
            "give the tenant an id of that type, or make the tenant column a `String`",
        )
    }

    /// The statement was built for another engine.
    #[must_use]
    pub fn foreign_dialect(written: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self::new(
            RefusalKind::Syntax,
            format!("a statement built for {written}"),
            format!("this connection speaks {expected}"),
            "build it with the connection's own `get_database_backend()`",
        )
    }

    /// The tables of tenants have places of their own, and this connection knows none.
    #[must_use]
    pub fn placeless() -> Self {
        Self::new(
            RefusalKind::Table,
            "a tenant's table",
            "this connection does not know where the tenant's tables are",
            "provision the tenant before its data is used",
        )
    }

    /// The statement names tables of the tenant's database and such as all tenants share, which are
    /// in another.
    #[must_use]
    pub fn apart(uses: &[TableUse]) -> Self {
        let named = |shared: bool| {
            let table = uses.iter().find(|table| (table.action == Action::Shared) == shared);
            table.map_or_else(String::new, |table| format!("`{}`", table.table))
        };
        let (own, shared) = (named(false), named(true));
        Self::new(
            RefusalKind::Table,
            format!("a statement on {own} and {shared}"),
            format!(
                "{own} is in the tenant's own database, and {shared}, which all tenants share, in another"
            ),
            "read them in two statements, as SeaORM's loaders do, or keep tenants in schemas",
        )
    }

    /// In a transaction of the tenant's own database, a statement would change another.
    #[must_use]
    pub fn beside() -> Self {
        Self::new(
            RefusalKind::Table,
            "a statement on tables all tenants share",
            "they are in another database than the transaction, which would not undo it",
            "run it outside of the transaction; only plain SELECTs of them can be run within",
        )
    }

    /// The statement was scoped when the program was compiled, and not for this engine.
    #[must_use]
    pub fn unwritten(dialect: impl fmt::Display) -> Self {
        Self::new(
            RefusalKind::Syntax,
            format!("a statement that was not compiled for {dialect}"),
            "its texts are for other engines",
            "add one for this engine to `tenant_sql!`, such as `mysql: \"…\"`",
        )
    }

    /// A list of values is empty, and SQL has no empty lists.
    #[must_use]
    pub fn empty_list() -> Self {
        Self::new(
            RefusalKind::Parameters,
            "an empty list of values",
            "`IN ()` is no SQL",
            "answer without a query when there is nothing to look for",
        )
    }

    /// The statement came with another number of values than it has places for.
    #[must_use]
    pub fn parameter_count(expected: usize, given: usize) -> Self {
        Self::new(
            RefusalKind::Parameters,
            format!("{given} values"),
            format!("the statement has places for {expected}"),
            "give exactly one value for each placeholder",
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused {}", self.0.construct)?;
        if !self.0.place.is_empty() {
            write!(f, " in {}", self.0.place)?;
        }
        write!(f, ": {}; {}", self.0.why, self.0.instead)?;
        if f.alternate() {
            self.0.uses.iter().try_for_each(|table| write!(f, "\n  {table}"))?;
        }
        Ok(())
    }
}

impl error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use crate::{
        Dialect,
        scope::{Action, plan, tests::catalog},
    };

    #[test]
    fn a_refusal_tells_what_was_done_before() {
        let sql = "SELECT o.id FROM orders o JOIN products p ON p.id = o.id JOIN users ON TRUE";
        let refusal = plan(sql, Dialect::Postgres, &catalog()).unwrap_err();
        let uses: Vec<_> =
            refusal.uses().iter().map(|table| (&*table.alias, table.action)).collect();
        assert_eq!(uses, [("o", Action::FilteredInWhere), ("p", Action::Shared)]);
        assert_eq!(format!("{refusal:#}").lines().count(), 3);
    }
}
