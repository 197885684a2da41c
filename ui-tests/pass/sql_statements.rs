//! Statements scoped when the program is compiled, where the runtime crate has another name and
//! every lint is an error.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused_qualifications, unreachable_pub)]
#![deny(missing_debug_implementations, rust_2018_idioms, single_use_lifetimes)]

// Would be found if the expansion said `tenancy`.
mod tenancy {}

mod deps {
    pub(crate) use ::tenancy as multi;
}

use deps::multi::{self, TenantDb, TenantTransaction, sea_orm::FromQueryResult, tenant_sql};

mod order {
    use sea_orm::entity::prelude::*;

    #[crate::deps::multi::tenant_scoped(crate = crate::deps::multi)]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) total: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Debug, FromQueryResult)]
struct Line {
    id: i64,
    total: i64,
}

async fn report(db: &TenantDb, ids: &[i64], least: i64) -> multi::Result<i64> {
    let lines: Vec<Line> = tenant_sql!(
        crate = crate::deps::multi,
        "SELECT id, total FROM orders WHERE total > ? AND id IN (?)",
        least,
        ..ids.iter().copied(),
    )
    .all(db)
    .await?;
    Ok(lines.iter().map(|line| line.id + line.total).sum())
}

async fn clear(txn: &TenantTransaction, note: Option<String>) -> multi::Result<u64> {
    let sql =
        tenant_sql!(crate = crate::deps::multi, sqlite: "DELETE FROM orders WHERE ? IS NULL", note);
    sql.clone().execute(txn).await?;
    sql.execute(txn).await
}

fn main() {
    fn sendable<F: Send>(_: impl Fn(TenantDb) -> F) {}
    sendable(|db| async move { report(&db, &[1], 2).await.map(|_| ()) });
    let _ = clear;
}
