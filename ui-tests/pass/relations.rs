//! Relations between entities whose columns are added, to shared ones, and to themselves.

mod customer {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "customers")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub invited_by_id: Option<i64>,
        #[sea_orm(
            self_ref,
            relation_enum = "InvitedBy",
            relation_reverse = "Invited",
            from = "invited_by_id",
            to = "id"
        )]
        pub invited_by: HasOne<Entity>,
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
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub tenant_id: String,
        pub customer_id: i64,
        pub currency_id: Option<i64>,
        #[sea_orm(belongs_to, from = "customer_id", to = "id")]
        pub customer: BelongsTo<super::customer::Entity>,
        #[sea_orm(belongs_to, from = "currency_id", to = "id")]
        pub currency: BelongsTo<Option<super::currency::Entity>>,
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
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(has_many)]
        pub orders: HasMany<super::order::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::{DbBackend, EntityTrait, QueryTrait};
use tenancy::TenantEntity;

fn main() {
    assert!(matches!(customer::Entity::tenant_column(), customer::Column::TenantId));
    let sql = customer::Entity::find()
        .find_also_related(order::Entity)
        .build(DbBackend::Sqlite)
        .to_string();
    assert!(sql.contains(r#""customers"."tenant_id" AS "A_tenant_id""#), "{sql}");
    assert!(
        sql.contains(r#"LEFT JOIN "orders" ON "customers"."id" = "orders"."customer_id""#),
        "{sql}"
    );
}
