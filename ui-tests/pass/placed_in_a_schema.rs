//! A table in a schema of the author's, and in that of a tenant.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(schema_name = "shop", table_name = "Orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::{
    DbBackend, EntityName, EntityTrait, QueryTrait,
    sea_query::{PostgresQueryBuilder, Query},
};
use tenancy::SchemaName;

fn main() {
    assert_eq!(order::Entity.schema_name(), Some("shop"));
    let sql = order::Entity::find().build(DbBackend::Postgres).to_string();
    assert!(sql.ends_with(r#"FROM "shop"."Orders""#), "{sql}");
    let schema = SchemaName::new("t_acme").unwrap();
    let query =
        Query::select().column(order::Column::Id).from(order::Entity::table_in(&schema)).take();
    assert_eq!(query.to_string(PostgresQueryBuilder), r#"SELECT "id" FROM "t_acme"."Orders""#);
}
