//! Who changed what: the records of entities marked `audit`.
//!
//! An audited table has triggers, which [`create_tables`](crate::Tenancy::create_tables) and
//! [`schema`](crate::schema) make with it. They write a [`Model`] for each row that is added, changed
//! or removed, in the same transaction, so a change and its record are there together or not at all.
//! The database writes them, whoever changes the row: a [`Repo`](crate::Repo), SeaORM, SQL by hand, an
//! unscoped connection or `psql`.
//!
//! The records are in the table `tenancy_changes`, beside the changed rows: in the tenant's schema or
//! database if it has one. They are entities like others, so a [`TenantDb`](crate::TenantDb) reads
//! those of its own tenant. It cannot write them; behind [`Rls`](crate::IsolationKind::Rls) the role
//! that serves tenants cannot either, as it has no right to.
//!
//! # What is not in a record
//!
//! - What the row was like. Add a column for what you need, or keep versions yourself.
//! - Which person it was: the database knows its own user and no other. A column of the entity, such
//!   as `changed_by`, can say so.
//! - On MySQL and MariaDB, rows that a foreign key changes or removes, since it fires no trigger for
//!   them. There an audited entity whose foreign keys do so is refused when tables are made.
//! - What `TRUNCATE` removes. Tenants' statements cannot, and a role that serves tenants should not.
//!
//! # Example
//!
//! ```standalone_crate
//! use tenancy::{NewTenant, Repo, Tenancy, change};
//! use tenancy::sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
//!
//! mod order {
//!     use sea_orm::entity::prelude::*;
//!
//!     #[tenancy::tenant_scoped(audit)]
//!     #[sea_orm::model]
//!     #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
//!     #[sea_orm(table_name = "orders")]
//!     pub struct Model {
//!         #[sea_orm(primary_key)]
//!         pub id: i64,
//!         pub customer: String,
//!     }
//!
//!     impl ActiveModelBehavior for ActiveModel {}
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
//! # tenancy.create_tables().await?;
//! # tenancy.create_tenant(NewTenant::new("acme")?).await?;
//! let db = tenancy.db("acme").await?;
//! let orders = Repo::<order::Entity>::new(db.clone());
//! let order = orders
//!     .insert(order::ActiveModel { customer: Set("Ada".into()), ..Default::default() })
//!     .await?;
//! orders.delete_by_id(order.id).await?;
//!
//! let history = change::Entity::find()
//!     .filter(change::Column::TableName.eq("orders"))
//!     .filter(change::Column::RowKey.eq(change::key([order.id])))
//!     .all(&db)
//!     .await?;
//! let operations: Vec<_> = history.iter().map(|it| it.operation).collect();
//! assert_eq!(operations, [change::Operation::Insert, change::Operation::Delete]);
//!
//! assert!(change::Entity::delete_many().exec(&db).await.is_err());
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
//! ```

mod record;

pub use self::record::{ActiveModel, Column, Entity, Model, Operation, PrimaryKey, Relation};

/// A primary key as [`Model::row_key`] has it, from the values of its columns without the tenant
/// column, in the order of the key.
#[must_use]
pub fn key<V: ToString>(values: impl IntoIterator<Item = V>) -> String {
    let mut texts: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    match texts.len() {
        0 => String::new(),
        1 => texts.remove(0),
        _ => serde_json::Value::from(texts).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_as_the_triggers_write_it() {
        assert_eq!(key(["5"]), "5");
        assert_eq!(key([5, 7]), r#"["5","7"]"#);
        assert_eq!(key(["a\"b", "ü"]), r#"["a\"b","ü"]"#);
        assert_eq!(key([""; 0]), "");
    }

    #[test]
    fn the_entity_is_the_one_of_the_catalog() {
        let described = crate::entity::tenant_definition::<Entity>("tenancy::change");
        assert_eq!(described, tenancy_core::change::entity());
    }
}
