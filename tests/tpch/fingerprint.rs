//! A few numbers per table that change when its rows do.

use sea_orm::{ConnectionTrait, Statement};

use crate::{
    answer::texts,
    table::{Kind, Table, tables},
};

/// The fingerprints of all tables, for one tenant if it is named.
pub(crate) async fn fingerprint<C: ConnectionTrait>(
    db: &C,
    tenant: Option<&str>,
) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for table in &tables() {
        let sql = sql(table, tenant);
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let row = db.query_one_raw(statement).await.expect("the table can be read");
        rows.push(texts(&row.expect("an aggregate has one row")));
    }
    rows
}

fn sql(Table { name, columns }: &Table, tenant: Option<&str>) -> String {
    let numbers = columns.iter().map(|(column, kind)| match kind {
        Kind::Number => format!("sum({column}), max({column})"),
        Kind::Date => format!("min({column}), max({column})"),
        Kind::Text => format!("sum(length({column})), max({column})"),
    });
    let list: Vec<String> = std::iter::once("count(*)".to_owned()).chain(numbers).collect();
    let condition = tenant.map(|tenant| format!(" WHERE tenant_id = '{tenant}'"));
    format!("SELECT {} FROM {name}{}", list.join(", "), condition.unwrap_or_default())
}
