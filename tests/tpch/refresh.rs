//! The refresh functions: new orders come, the oldest go.

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IdenStatic, Iterable,
    TransactionTrait,
};
use tenancy::TenantDb;

use crate::{
    entity::{lineitem, orders},
    generator::{Generator, Orders, Size, order_key},
    query::statement,
    table::{LINEITEM, ORDERS, Row, tables},
};

/// What a refresh does.
#[derive(Debug)]
pub(crate) struct Refresh {
    new: Orders,
    /// The lowest and the highest key of the orders that go.
    old: [i64; 2],
}

/// How many rows a refresh changed: orders and lines deleted.
pub(crate) type Deleted = [u64; 2];

const DELETE: [&str; 2] = [
    "DELETE FROM lineitem WHERE l_orderkey IN \
     (SELECT o_orderkey FROM orders WHERE o_orderkey BETWEEN $1 AND $2)",
    "DELETE FROM orders WHERE o_orderkey BETWEEN $1 AND $2 \
     AND NOT EXISTS (SELECT * FROM lineitem WHERE l_orderkey = o_orderkey)",
];

impl Refresh {
    pub(crate) fn new(seed: u64, size: Size) -> Self {
        let new = Generator::new(seed, size).orders(size.refresh_range(), true);
        Self { new, old: [order_key(0, false), order_key(size.refresh() - 1, false)] }
    }

    /// Through the tenant's connection, as an application would: entities first, then raw SQL.
    pub(crate) async fn run(&self, db: &TenantDb) -> Deleted {
        let transaction = db.begin().await.expect("a transaction begins");
        let Orders { orders, lines } = &self.new;
        let orders = orders.iter().map(model::<orders::ActiveModel>);
        orders::Entity::insert_many(orders)
            .exec_without_returning(&transaction)
            .await
            .expect("orders can be inserted");
        let lines = lines.iter().map(model::<lineitem::ActiveModel>);
        lineitem::Entity::insert_many(lines)
            .exec_without_returning(&transaction)
            .await
            .expect("lines can be inserted");
        let deleted = self.delete(&transaction).await;
        transaction.commit().await.expect("a transaction is committed");
        deleted
    }

    /// The same on a database that holds the tenant alone.
    pub(crate) async fn run_private(&self, db: &DatabaseConnection) -> Deleted {
        let tables = tables();
        let transaction = db.begin().await.expect("a transaction begins");
        let Orders { orders, lines } = &self.new;
        for (table, rows) in [(ORDERS, orders), (LINEITEM, lines)] {
            let insert = tables[table].insert(rows, None);
            transaction.execute_unprepared(&insert).await.expect("rows can be inserted");
        }
        let deleted = self.delete(&transaction).await;
        transaction.commit().await.expect("a transaction is committed");
        deleted
    }

    async fn delete<C: ConnectionTrait>(&self, db: &C) -> Deleted {
        let mut deleted = [0, 0];
        for (sql, count) in DELETE.iter().zip(&mut deleted) {
            let values = self.old.map(Into::into).to_vec();
            let delete = statement(db.get_database_backend(), sql, values);
            *count = db.execute_raw(delete).await.expect("rows can be deleted").rows_affected();
        }
        deleted
    }
}

fn model<A: ActiveModelTrait>(row: &Row) -> A {
    let mut model = A::default();
    let columns = <A::Entity as EntityTrait>::Column::iter();
    for (column, value) in columns.filter(|column| column.as_str() != "tenant_id").zip(row) {
        model.set(column, value.clone());
    }
    model
}
