//! A row whose values can be sent back.

use sea_orm::{
    ConnectionTrait as _, DbErr, QueryResult, TryGetable, Value,
    prelude::{Date, DateTime, DateTimeUtc, Json, Time, Uuid},
};
use tenancy_core::{Tenant, catalog::KeyKind};

use super::{attempt::statement, table::Table};
use crate::TenantDb;

/// A row, column by column: `None` where a value is of a type that is not known here.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row(Vec<(String, Option<Value>)>);

impl Row {
    /// All rows of a table that a tenant sees.
    pub(super) async fn all(db: &TenantDb, table: &Table) -> Result<Vec<Self>, DbErr> {
        let sql = format!("SELECT {} FROM {}", table.list(&table.columns), table.sql);
        let rows = db.query_all_raw(statement(db, &sql, &[])).await?;
        let read = |row: &QueryResult| {
            let columns = table.columns.iter().enumerate();
            Self(columns.map(|(n, column)| (column.clone(), value(row, n))).collect())
        };
        Ok(rows.iter().map(read).collect())
    }

    pub(super) fn get(&self, column: &str) -> Option<&Value> {
        let (_, value) = self.0.iter().find(|(known, _)| known == column)?;
        value.as_ref()
    }

    /// The values of some columns, if all are known and none is missing.
    pub(super) fn values(&self, columns: &[String]) -> Option<Vec<Value>> {
        let value = |column: &String| self.get(column).filter(|it| !is_null(it)).cloned();
        columns.iter().map(value).collect()
    }

    /// The same with another value.
    pub(super) fn with(mut self, column: &str, value: &Value) -> Self {
        for (known, old) in &mut self.0 {
            if known == column {
                *old = Some(value.clone());
            }
        }
        self
    }

    /// The columns that have a value, or the one whose type is not known.
    pub(super) fn given(&self) -> Result<Vec<(String, Value)>, String> {
        let mut given = Vec::new();
        for (column, value) in &self.0 {
            match value {
                Some(value) if is_null(value) => {}
                Some(value) => given.push((column.clone(), value.clone())),
                None => return Err(format!("the type of `{column}` is not known to the proof")),
            }
        }
        Ok(given)
    }
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

fn value(row: &QueryResult, n: usize) -> Option<Value> {
    fn read<T: TryGetable + Into<Value>>(row: &QueryResult, n: usize) -> Option<Value>
    where
        Value: From<Option<T>>,
    {
        row.try_get_by_index::<Option<T>>(n).ok().map(Value::from)
    }
    // A type that reads a value of the database's gives it back unchanged.
    read::<i64>(row, n)
        .or_else(|| read::<i32>(row, n))
        .or_else(|| read::<i16>(row, n))
        .or_else(|| read::<u64>(row, n))
        .or_else(|| read::<u32>(row, n))
        .or_else(|| read::<bool>(row, n))
        .or_else(|| read::<f64>(row, n))
        .or_else(|| read::<f32>(row, n))
        .or_else(|| read::<DateTimeUtc>(row, n))
        .or_else(|| read::<DateTime>(row, n))
        .or_else(|| read::<Date>(row, n))
        .or_else(|| read::<Time>(row, n))
        .or_else(|| read::<String>(row, n))
        .or_else(|| read::<Uuid>(row, n))
        .or_else(|| read::<Json>(row, n))
        .or_else(|| read::<Vec<u8>>(row, n))
}

/// A value of the same type that none of these has.
pub(super) fn fresh(all: &[Value]) -> Option<Value> {
    let most = all.iter().filter_map(integer).max();
    Some(match (all.first()?, most) {
        (Value::BigInt(_), Some(most)) => Value::from(most.checked_add(1)?),
        (Value::Int(_), Some(most)) => Value::from(i32::try_from(most.checked_add(1)?).ok()?),
        (Value::SmallInt(_), Some(most)) => Value::from(i16::try_from(most.checked_add(1)?).ok()?),
        (Value::Uuid(_), _) => Value::from(Uuid::now_v7()),
        // The end of a UUID is the random part of it.
        (Value::String(_), _) => Value::from(Uuid::now_v7().simple().to_string().split_off(22)),
        _ => return None,
    })
}

fn integer(value: &Value) -> Option<i64> {
    match *value {
        Value::BigInt(n) => n,
        Value::Int(n) => n.map(i64::from),
        Value::SmallInt(n) => n.map(i64::from),
        _ => None,
    }
}

/// A tenant's id, as its column has it.
pub(super) fn id(tenant: &Tenant, kind: KeyKind) -> Option<Value> {
    match kind {
        KeyKind::Text => Some(tenant.id.as_str().into()),
        KeyKind::Uuid => tenant.id.as_uuid().map(Into::into),
        KeyKind::Integer => tenant.id.as_integer().map(Into::into),
    }
}
