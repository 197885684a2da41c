//! Foreign keys as they may be: between tenants' tables, to shared ones, and none.

mod customer {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped(type = Uuid)]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "customers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        #[sea_orm(has_many)]
        pub orders: HasMany<super::order::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::TenantEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, TenantEntity)]
    #[sea_orm(table_name = "orders")]
    #[tenancy(column = "org_id")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub org_id: Uuid,
        pub customer_id: i64,
        pub currency_id: Option<String>,
        pub replaces_id: Option<i64>,
        // The tenant columns are named, at the same place.
        #[sea_orm(
            belongs_to,
            from = "(customer_id, org_id)",
            to = "(id, tenant_id)",
            on_delete = "Cascade",
            on_update = "Cascade"
        )]
        pub customer: BelongsTo<super::customer::Entity>,
        // Only the reference is cleared.
        #[sea_orm(belongs_to, from = "currency_id", to = "code", on_delete = "SetNull")]
        pub currency: BelongsTo<Option<super::currency::Entity>>,
        // No foreign key, no rule.
        #[sea_orm(
            self_ref,
            skip_fk,
            relation_enum = "Replaces",
            from = "replaces_id",
            to = "id",
            on_delete = "SetNull"
        )]
        pub replaces: HasOne<Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod currency {
    use sea_orm::entity::prelude::*;
    use tenancy::SharedEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
    #[sea_orm(table_name = "currencies")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub last_order_id: Option<i64>,
        #[sea_orm(belongs_to, skip_fk, from = "last_order_id", to = "id")]
        pub last_order: BelongsTo<Option<super::order::Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::DbBackend;

fn main() {
    let statements = tenancy::schema::create_all(DbBackend::Postgres).unwrap();
    let sql: Vec<&str> = statements.iter().map(|statement| statement.sql.as_str()).collect();
    let sql = sql.join("\n");
    let key = r#"FOREIGN KEY ("customer_id", "org_id") REFERENCES "customers" ("id", "tenant_id")"#;
    assert!(sql.contains(key), "{sql}");
    assert_eq!(sql.matches("FOREIGN KEY").count(), 2, "{sql}");
}
