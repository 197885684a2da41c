//! More tables than a shop has.

/// A label, under a key nobody counts.
pub(crate) mod label {
    #![allow(unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "labels")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(unique)]
        pub text: String,
        pub weight: f64,
        pub hidden: bool,
        pub note: Option<String>,
        pub made_at: DateTimeUtc,
        /// The label this one is under.
        pub above: Option<Uuid>,
        #[sea_orm(self_ref, relation_enum = "Above", from = "above", to = "id")]
        pub over: HasOne<Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which orders have which labels: all of it is keys.
pub(crate) mod labelled {
    #![allow(unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "labelled")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub order_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub label_id: Uuid,
        #[sea_orm(belongs_to, from = "order_id", to = "id")]
        pub order: HasOne<tenancy_tests::entity::order::Entity>,
        #[sea_orm(belongs_to, from = "label_id", to = "id")]
        pub label: HasOne<super::label::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
