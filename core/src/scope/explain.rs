//! What was done to each table of a statement, and why, for people.

use std::{borrow::Cow, fmt};

use super::{Dialect, Mode, Plan, Refusal, plan_as};
use crate::catalog::Catalog;

/// One table a statement names, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableUse {
    /// Name of the table.
    pub table: Cow<'static, str>,
    /// What the statement calls it.
    pub alias: Cow<'static, str>,
    /// The clause it stands in.
    pub place: &'static str,
    /// What was done.
    pub action: Action,
}

/// What the scoper did about one table reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The tenant predicate went into WHERE.
    FilteredInWhere,
    /// The tenant predicate went into the join's ON: in WHERE it would turn the outer join into an inner one.
    FilteredInOn,
    /// The table was replaced by a sub-query of the tenant's rows: neither WHERE nor ON would keep the join's meaning.
    FilteredInSubquery,
    /// The tenant's id was written into each new row.
    Stamped,
    /// Nothing: all tenants share the table.
    Shared,
    /// Nothing: the connection leads to this tenant's data only.
    Verified,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::FilteredInWhere => "narrowed in WHERE: every row of the result needs one of it",
            Action::FilteredInOn => {
                "narrowed in ON: in WHERE the outer join would become an inner one"
            }
            Action::FilteredInSubquery => {
                "replaced by a sub-query of the tenant's rows: WHERE or ON would change the join"
            }
            Action::Stamped => "the tenant is written into each new row",
            Action::Shared => "left as it is: all tenants share it",
            Action::Verified => "left as it is: the connection leads to one tenant's data",
        })
    }
}

impl fmt::Display for TableUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.table)?;
        if self.alias != self.table {
            write!(f, " as {}", self.alias)?;
        }
        write!(f, " in {}: {}", self.place, self.action)
    }
}

/// What the scoper made of a statement, to be printed: the text that runs, and below it a line
/// for each table reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'p> {
    plan: Cow<'p, Plan>,
}

impl<'p> Explanation<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Self { plan: Cow::Borrowed(plan) }
    }

    /// Each table reference and what was done about it.
    #[must_use]
    pub fn uses(&self) -> &[TableUse] {
        self.plan.uses()
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.plan.text("<tenant>"))?;
        self.uses().iter().try_for_each(|table| write!(f, "\n  {table}"))
    }
}

/// Tells what the scoper would do to each table reference of a statement, and why.
///
/// # Errors
///
/// A [`Refusal`], as from [`plan`](super::plan); printed with `{:#}` it too tells what had been
/// done so far.
///
/// # Example
///
/// ```
/// use tenancy_core::{Dialect, catalog::{Catalog, Class, Entity, KeyKind}, scope::explain};
///
/// let table = |name: &str| Entity {
///     table: name.into(),
///     schema: None,
///     class: Class::Tenant { column: "tenant_id".into(), kind: KeyKind::Text },
///     columns: vec!["tenant_id".into(), "id".into()],
///     keys: vec![vec!["tenant_id".into(), "id".into()]],
///     module: "shop",
/// };
/// let catalog = Catalog::new([table("orders"), table("items")])?;
/// let sql = "SELECT o.id FROM orders o LEFT JOIN items i ON i.id = o.id";
/// let explanation = explain(sql, Dialect::Sqlite, &catalog)?;
/// assert_eq!(
///     explanation.to_string(),
///     r#"SELECT o.id FROM orders o LEFT JOIN items i ON i."tenant_id" = ? AND (i.id = o.id) WHERE o."tenant_id" = ?
///   orders as o in FROM: narrowed in WHERE: every row of the result needs one of it
///   items as i in FROM: narrowed in ON: in WHERE the outer join would become an inner one"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain(
    sql: &str,
    dialect: Dialect,
    catalog: &Catalog,
) -> Result<Explanation<'static>, Refusal> {
    let plan = plan_as(sql, dialect, catalog, &Mode::Rows)?;
    Ok(Explanation { plan: Cow::Owned(plan) })
}
