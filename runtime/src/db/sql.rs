//! Statements that were scoped when the program was compiled.

mod connection;

use std::fmt;

use futures_util::{Stream, StreamExt};
use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement, Value, Values};
use tenancy_core::{
    catalog::Assumed,
    scope::{
        Action, Bind, Mode, Plan, Refusal, Scoper,
        fixed::{Piece, Template},
    },
};

pub use self::connection::TenantConnection;
use super::{
    TenantDb,
    statement::{Keys, Scoped},
};
use crate::{Result, error::refused, pool::dialect};

/// A statement as `tenant_sql!` writes it into the program.
#[doc(hidden)]
#[derive(Debug)]
pub struct Source {
    /// It, for each engine.
    pub written: &'static [Written],
    /// The tables it names, as they were when the program was compiled.
    pub assumed: &'static [Assumed],
}

/// A statement for one engine.
#[doc(hidden)]
#[derive(Debug)]
pub struct Written {
    /// As it was written.
    pub template: Template,
    /// Its plan where tenants' rows share tables.
    pub rows: Plan,
    /// Its plan where each tenant has tables of its own.
    pub placed: Option<Plan>,
}

/// A statement that was scoped when the program was compiled, and its values.
///
/// Made by [`tenant_sql!`](macro@crate::tenant_sql), and run for one tenant by the methods here.
///
/// If the tables it names are not those the program was compiled with, or if the connection keeps
/// tenants apart in a way that is decided at run time, it goes through the scoper like any other
/// statement; the first is logged, at level WARN under the target `tenancy::scope`.
#[derive(Clone)]
#[must_use = "a statement does nothing until one of `all`, `one`, `stream`, `execute` runs it"]
pub struct TenantSql {
    source: &'static Source,
    values: Vec<Value>,
    /// How many values each list has.
    lengths: Vec<usize>,
}

impl TenantSql {
    #[doc(hidden)]
    pub const fn __new(source: &'static Source) -> Self {
        Self { source, values: Vec::new(), lengths: Vec::new() }
    }

    #[doc(hidden)]
    pub fn __value(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    #[doc(hidden)]
    pub fn __list<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        let before = self.values.len();
        self.values.extend(values.into_iter().map(Into::into));
        self.lengths.push(self.values.len() - before);
        self
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// A refusal, the database's error, or an error if a row is not a `T`.
    pub async fn all<T: FromQueryResult>(self, db: &impl TenantConnection) -> Result<Vec<T>> {
        let rows = db.query_all(self).await?;
        Ok(rows.iter().map(|row| T::from_query_result(row, "")).collect::<Result<_, DbErr>>()?)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// A refusal, the database's error, or an error if the row is not a `T`.
    pub async fn one<T: FromQueryResult>(self, db: &impl TenantConnection) -> Result<Option<T>> {
        let row = db.query_one(self).await?;
        Ok(row.map(|row| T::from_query_result(&row, "")).transpose()?)
    }

    /// The rows, one by one as they arrive.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error; each row can fail as well.
    pub async fn stream<T: FromQueryResult>(
        self,
        db: &impl TenantConnection,
    ) -> Result<impl Stream<Item = Result<T>> + Send + Unpin> {
        let rows = db.query_stream(self).await?;
        Ok(rows.map(|row| Ok(T::from_query_result(&row?, "")?)))
    }

    /// Runs it for its effect. Returns how many rows it changed.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn execute(self, db: &impl TenantConnection) -> Result<u64> {
        Ok(db.run(self).await?.rows_affected())
    }

    /// The statement for a tenant, with its values.
    pub(super) fn scope(
        self,
        keys: &Keys,
        scoper: &Scoper,
        place: Option<&str>,
        backend: DbBackend,
    ) -> Result<Scoped, DbErr> {
        let speaks = dialect(backend);
        let written = self.source.written.iter().find(|it| it.template.dialect == speaks);
        let Some(written) = written else {
            return Err(refused(Refusal::unwritten(speaks)));
        };
        if self.lengths.contains(&0) {
            return Err(refused(Refusal::empty_list()));
        }
        if let Some(plan) = self.plan(written, scoper) {
            return keys.bound(plan, &self.lengths, place, self.values, backend);
        }
        let ready = written.template.ready(&self.lengths).ok_or_else(|| {
            refused(Refusal::parameter_count(written.template.slots, self.values.len()))
        })?;
        let values: Option<Vec<Value>> = ready
            .binds
            .iter()
            .map(|bind| match bind {
                Bind::Given(number) => self.values.get(*number).cloned(),
                Bind::Tenant(_) => None,
            })
            .collect();
        let sql = ready.sql.into_owned();
        keys.scope(
            scoper,
            place,
            backend,
            Statement { sql, values: values.map(Values), db_backend: backend },
        )
    }

    /// The plan made when the program was compiled, if this scoper would make the same.
    fn plan(&self, written: &'static Written, scoper: &Scoper) -> Option<&'static Plan> {
        let casts = |name| {
            let pieces = &written.template.pieces;
            pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(name)))
        };
        let plan = match scoper.mode() {
            Mode::Rows => &written.rows,
            Mode::Schema { shared } => {
                // Where the tenants' own types are, neither.
                if scoper.catalog().enumerations().any(casts) {
                    return None;
                }
                let plan = written.placed.as_ref()?;
                let shares = plan.uses().iter().any(|table| table.action == Action::Shared);
                // The shared tables' schema is known only now.
                if shared.is_some() && shares {
                    return None;
                }
                plan
            }
            Mode::Prefix => written.placed.as_ref()?,
            _ => return None,
        };
        // Each plan is a static's, so its address stands for it.
        let key = std::ptr::from_ref(plan).addr();
        let agrees = scoper.agrees(key, plan, self.source.assumed, |difference| {
            let sql = written.template.ready(&self.lengths).map(|ready| ready.sql);
            tracing::warn!(
                target: "tenancy::scope",
                "a statement is scoped at run time, since {difference} other than when the program \
                 was compiled; see that `tenant_sql!` reads the entities that are linked: {}",
                sql.unwrap_or_default(),
            );
        });
        agrees.then_some(plan)
    }
}

/// How many plans were made at run time, for tests.
#[doc(hidden)]
#[must_use]
pub fn plan_count(db: &TenantDb) -> usize {
    db.session.scoper.plan_count()
}

impl fmt::Debug for TenantSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sql = self.source.written.first().map(|written| written.rows.text("<tenant>"));
        f.debug_struct("TenantSql").field("sql", &sql).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
