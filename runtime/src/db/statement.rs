//! One statement on its way to the database: planned, checked, bound.

use sea_orm::{DbBackend, DbErr, Statement, Value, Values};
use tenancy_core::{
    TenantId,
    catalog::KeyKind,
    scope::{Bind, Check, Checked, Plan, Reach, Refusal, Scoper},
};

use crate::error::refused;

/// A tenant's id in the form each kind of tenant column wants.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    id: TenantId,
    uuid: Option<uuid::Uuid>,
    integer: Option<i64>,
    /// Whether the tables all tenants share are in another database than the tenant's.
    apart: bool,
}

/// A statement that is scoped.
#[derive(Debug)]
pub(super) struct Scoped {
    pub(super) stmt: Statement,
    /// Whether it goes to the database of the tables all tenants share, which is another one.
    pub(super) elsewhere: bool,
}

impl Scoped {
    /// Refuses what a transaction of the tenant's database could not undo.
    pub(super) fn only_reads(&self) -> Result<(), DbErr> {
        let verb = self.stmt.sql.get(..6);
        if verb.is_some_and(|verb| verb.eq_ignore_ascii_case("select")) {
            return Ok(());
        }
        Err(refused(Refusal::beside()))
    }
}

impl Keys {
    pub(super) fn new(id: &TenantId, apart: bool) -> Self {
        Self { id: id.clone(), uuid: id.as_uuid(), integer: id.as_integer(), apart }
    }

    /// Makes a statement safe for the tenant, or says why it cannot be.
    pub(super) fn scope(
        &self,
        scoper: &Scoper,
        place: Option<&str>,
        backend: DbBackend,
        stmt: Statement,
    ) -> Result<Scoped, DbErr> {
        let Statement { sql, values, db_backend } = stmt;
        if db_backend != backend {
            let refusal = Refusal::foreign_dialect(db_backend.as_str(), scoper.dialect());
            return Err(refused(refusal));
        }
        let planned = scoper.plan(&sql).map_err(|refusal| {
            tracing::debug!(target: "tenancy::scope", tenant = %self.id, "{refusal:#}");
            refused(refusal)
        })?;
        let given = values.map_or_else(Vec::new, |values| values.0);
        self.bound(&planned.plan, &planned.lengths, place, given, backend)
    }

    /// Puts a plan's text together and gives it its values.
    pub(super) fn bound(
        &self,
        plan: &Plan,
        lengths: &[usize],
        place: Option<&str>,
        given: Vec<Value>,
        db_backend: DbBackend,
    ) -> Result<Scoped, DbErr> {
        let elsewhere = match plan.reach() {
            Reach::Both if self.apart => return Err(refused(Refusal::apart(plan.uses()))),
            reach => self.apart && reach == Reach::Shared,
        };
        let (sql, values) = self.bind(plan, lengths, place, given).map_err(refused)?;
        if tracing::enabled!(target: "tenancy::scope", tracing::Level::DEBUG) {
            tracing::debug!(target: "tenancy::scope", tenant = %self.id, "{plan}");
        }
        let stmt = Statement { sql, values: Some(Values(values)), db_backend };
        Ok(Scoped { stmt, elsewhere })
    }

    /// The text and the values to send, after the plan's checks.
    fn bind(
        &self,
        plan: &Plan,
        lengths: &[usize],
        place: Option<&str>,
        mut given: Vec<Value>,
    ) -> Result<(String, Vec<Value>), Refusal> {
        let expected = plan.given(lengths);
        if given.len() != expected {
            return Err(Refusal::parameter_count(expected, given.len()));
        }
        for check in plan.checks() {
            let value = |slot| plan.value(slot, lengths);
            self.check(check, value, &given)?;
        }
        let ready = plan.ready(place, lengths).ok_or_else(Refusal::placeless)?;
        // In ascending order, no value is used twice, and each can be moved to its place.
        let mut next = 0;
        let ascending = ready.binds.iter().all(|bind| match *bind {
            Bind::Given(n) => {
                let ascends = n >= next;
                next = n + 1;
                ascends
            }
            Bind::Tenant(_) => true,
        });
        let count = given.len();
        let mut values = Vec::with_capacity(ready.binds.len());
        for bind in ready.binds.iter() {
            values.push(match *bind {
                Bind::Tenant(kind) => self.value(kind)?,
                Bind::Given(n) => {
                    let slot =
                        given.get_mut(n).ok_or_else(|| Refusal::parameter_count(n + 1, count))?;
                    if ascending {
                        std::mem::replace(slot, Value::Bool(None))
                    } else {
                        slot.clone()
                    }
                }
            });
        }
        Ok((ready.sql.into_owned(), values))
    }

    /// The id as a value for a tenant column.
    fn value(&self, kind: KeyKind) -> Result<Value, Refusal> {
        let value = match kind {
            KeyKind::Text => Some(Value::from(self.id.as_str())),
            KeyKind::Uuid => self.uuid.map(Value::from),
            KeyKind::Integer => self.integer.map(Value::from),
        };
        value.ok_or_else(|| Refusal::unfit_id(kind))
    }

    /// A value somebody gave for a tenant column must be the tenant's own.
    fn check(
        &self,
        check: &Check,
        value: impl Fn(usize) -> usize,
        given: &[Value],
    ) -> Result<(), Refusal> {
        let own = match &check.value {
            Checked::Literal(text) => text == self.id.as_str(),
            Checked::Given(slot) => match given.get(value(*slot)) {
                Some(value) if is_null(value) => check.null_allowed,
                Some(value) => self.is_own(check.kind, value),
                None => false,
            },
        };
        if own { Ok(()) } else { Err(Refusal::foreign_value(&check.table, &check.column)) }
    }

    fn is_own(&self, kind: KeyKind, value: &Value) -> bool {
        match (kind, value) {
            (KeyKind::Text, Value::String(Some(text))) => text == self.id.as_str(),
            (KeyKind::Uuid, Value::Uuid(Some(uuid))) => self.uuid == Some(*uuid),
            // The canonical form only: another spelling could be another tenant's id.
            (KeyKind::Uuid, Value::String(Some(text))) => {
                self.uuid.is_some() && text == self.id.as_str()
            }
            (KeyKind::Integer, value) => {
                self.integer.is_some() && integer(value) == self.integer.map(i128::from)
            }
            _ => false,
        }
    }
}

fn integer(value: &Value) -> Option<i128> {
    match *value {
        Value::TinyInt(n) => n.map(i128::from),
        Value::SmallInt(n) => n.map(i128::from),
        Value::Int(n) => n.map(i128::from),
        Value::BigInt(n) => n.map(i128::from),
        Value::TinyUnsigned(n) => n.map(i128::from),
        Value::SmallUnsigned(n) => n.map(i128::from),
        Value::Unsigned(n) => n.map(i128::from),
        Value::BigUnsigned(n) => n.map(i128::from),
        _ => None,
    }
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

#[cfg(test)]
mod tests;
