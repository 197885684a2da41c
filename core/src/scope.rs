//! The scoper: rewrites a finished SQL statement so that it can touch one tenant only.
//!
//! It parses the statement, walks the whole tree with its own tracking of names, puts the tenant
//! predicate on every table reference at every depth, stamps inserts, guards upserts, pins the
//! tenant column in updates, and renders the result *from the tree*: what runs is what was
//! understood. It works by positive lists: a statement, clause, table, function or type it does
//! not know is a [`Refusal`].
//!
//! A [`Plan`] does not depend on the tenant: its id is one of the values bound when the plan is
//! run. So plans are kept by the statement's text, in a bounded cache, and prepared statements are
//! shared by all tenants.

mod build;
mod column;
mod delete;
mod explain;
mod expr;
#[doc(hidden)]
pub mod fixed;
mod from;
mod function;
mod insert;
mod lists;
mod mark;
mod mode;
mod operator;
mod parse;
mod plan;
mod query;
mod refusal;
mod render;
mod select;
mod statement;
mod table;
mod target;
mod template;
mod update;
mod upsert;
mod walker;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};

pub use self::{
    explain::{Action, Explanation, TableUse, explain},
    mode::{Mode, PREFIX_END},
    plan::{Bind, Check, Checked, Plan, Reach, Ready},
    refusal::{Refusal, RefusalKind},
};
use crate::{Dialect, catalog::Catalog};

/// Scopes one statement, without a cache.
///
/// # Errors
///
/// A [`Refusal`] that names the construct, where it stands, why, and what to do instead.
///
/// # Example
///
/// ```
/// use tenancy_core::{Dialect, catalog::{Catalog, Class, Entity, KeyKind}, scope::plan};
///
/// let catalog = Catalog::new([Entity {
///     table: "orders".into(),
///     schema: None,
///     class: Class::Tenant { column: "tenant_id".into(), kind: KeyKind::Text },
///     columns: vec!["tenant_id".into(), "id".into(), "total".into()],
///     keys: vec![vec!["tenant_id".into(), "id".into()]],
///     module: "shop::order",
/// }])?;
/// let scoped = plan("SELECT id FROM orders WHERE total > ? OR id = 1", Dialect::Sqlite, &catalog)?;
/// assert_eq!(
///     scoped.text(""),
///     r#"SELECT id FROM orders WHERE orders."tenant_id" = ? AND (total > ? OR id = 1)"#
/// );
///
/// let refused = plan("SELECT * FROM users", Dialect::Sqlite, &catalog).unwrap_err();
/// assert!(refused.to_string().starts_with("refused the table `users` in FROM: it is not in the catalog"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan(sql: &str, dialect: Dialect, catalog: &Catalog) -> Result<Plan, Refusal> {
    plan_as(sql, dialect, catalog, &Mode::Rows)
}

/// Scopes one statement, without a cache, where tenants' tables are kept apart as `mode` says.
///
/// # Errors
///
/// A [`Refusal`], as from [`plan`].
pub fn plan_as(
    sql: &str,
    dialect: Dialect,
    catalog: &Catalog,
    mode: &Mode,
) -> Result<Plan, Refusal> {
    let parsed = parse::parse(sql, dialect)?;
    walker::scope(parsed, dialect, catalog, mode)
}

/// Scopes statements of one dialect against one catalog, and remembers the plans.
#[derive(Debug)]
pub struct Scoper {
    dialect: Dialect,
    catalog: Catalog,
    mode: Mode,
    plans: Cache<String, Arc<Plan>, PlanWeight>,
    /// Whether plans made when the program was compiled fit this catalog.
    agreed: Cache<usize, bool>,
}

/// How many statements made when the program was compiled are remembered.
const AGREED: usize = 4_096;

/// A plan for one statement, and how long the lists of values in it are.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The plan, shared by all statements that differ only in the length of their lists.
    pub plan: Arc<Plan>,
    /// The length of each list.
    pub lengths: Vec<usize>,
}

/// Weighs a plan by the memory it holds, in bytes.
#[derive(Debug, Clone)]
struct PlanWeight;

impl Weighter<String, Arc<Plan>> for PlanWeight {
    fn weight(&self, sql: &String, plan: &Arc<Plan>) -> u64 {
        (sql.len() + plan.weight()) as u64
    }
}

impl Scoper {
    /// Memory the plans of one scoper may hold unless told otherwise: 16 MiB.
    pub const PLAN_CACHE_BYTES: u64 = 16_777_216;

    /// Makes a scoper whose plans hold about `cache_bytes` bytes at most. Those used least are
    /// forgotten first; forgetting one costs only time.
    #[must_use]
    pub fn new(dialect: Dialect, catalog: Catalog, cache_bytes: u64) -> Self {
        let estimated = usize::try_from(cache_bytes / 1024).unwrap_or(usize::MAX);
        let plans = Cache::with_weighter(estimated.clamp(16, 1 << 16), cache_bytes, PlanWeight);
        let agreed = Cache::new(AGREED);
        Self { dialect, catalog, mode: Mode::Rows, plans, agreed }
    }

    /// Says how tenants' tables are kept apart; [`Mode::Rows`] unless told otherwise.
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        self.plans.clear();
        Self { mode, ..self }
    }

    /// The dialect statements are read in.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The tables statements may name.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// How tenants' tables are kept apart.
    #[must_use]
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// Scopes a statement, or finds the plan made before. Refusals are not remembered.
    ///
    /// Statements that differ only in how many placeholders an `IN (?, ?, …)` holds share a plan.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], as from [`plan`].
    pub fn plan(&self, sql: &str) -> Result<Planned, Refusal> {
        if let Some(folded) = lists::fold(sql, self.dialect)
            && let Some(plan) = self.folded(&folded)
        {
            return Ok(Planned { plan, lengths: folded.lengths });
        }
        // A plan with lists is filed under a text that is no statement.
        if let Some(plan) = self.plans.get(sql).filter(|plan| !plan.has_lists()) {
            return Ok(Planned { plan, lengths: Vec::new() });
        }
        let plan = Arc::new(plan_as(sql, self.dialect, &self.catalog, &self.mode)?);
        self.plans.insert(sql.to_owned(), Arc::clone(&plan));
        Ok(Planned { plan, lengths: Vec::new() })
    }

    /// The plan of a folded statement. `None` if it cannot be scoped that way; as it stands it
    /// perhaps can, or is refused with the reason.
    fn folded(&self, folded: &lists::Folded) -> Option<Arc<Plan>> {
        if let Some(plan) = self.plans.get(&folded.sql) {
            return Some(plan);
        }
        let parsed =
            parse::parse_folded(&folded.plain(), folded.slots.clone(), self.dialect).ok()?;
        let plan = walker::scope(parsed, self.dialect, &self.catalog, &self.mode).ok()?;
        let plan = Arc::new(plan);
        self.plans.insert(folded.sql.clone(), Arc::clone(&plan));
        Some(plan)
    }

    /// How many bytes the remembered plans hold, about.
    #[must_use]
    pub fn plan_bytes(&self) -> u64 {
        self.plans.weight()
    }

    /// How many plans are remembered.
    #[must_use]
    pub fn plan_count(&self) -> usize {
        self.plans.len()
    }
}
