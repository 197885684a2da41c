//! Enumerations, JSON, values of the author's own, and columns with names of their own.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "order_status")]
    pub enum Status {
        #[sea_orm(string_value = "open")]
        Open,
        #[sea_orm(string_value = "closed")]
        Closed,
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
    pub struct Cents(pub i64);

    #[tenant_scoped(rls(delete = "order_state = 'open'"))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "Order Lines")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_name = "order_state")]
        pub status: Status,
        pub extra: Option<Json>,
        pub total: Cents,
        pub r#type: String,
        #[sea_orm(enum_name = "InternalNote")]
        pub note: Option<String>,
        #[sea_orm(ignore)]
        pub shown: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {
    assert!(order::Entity::rls().up.contains(r#"ON "Order Lines""#));
    assert!(order::Entity::rls().up.contains("USING (order_state = 'open')"));
}
