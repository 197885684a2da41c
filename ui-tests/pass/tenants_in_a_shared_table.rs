//! The tenant column refers to a table of tenants, which all of them share.

mod organisation {
    use sea_orm::entity::prelude::*;
    use tenancy::SharedEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
    #[sea_orm(table_name = "organisations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(has_many)]
        pub members: HasMany<super::member::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod member {
    use sea_orm::entity::prelude::*;
    use tenancy::TenantEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, TenantEntity)]
    #[sea_orm(table_name = "members")]
    #[tenancy(column = "organisation_id")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        #[sea_orm(belongs_to, from = "organisation_id", to = "id", on_delete = "Restrict")]
        pub organisation: BelongsTo<super::organisation::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {
    let statements = tenancy::schema::create_all(sea_orm::DbBackend::Sqlite).unwrap();
    let has = |part: &str| statements.iter().any(|statement| statement.sql.contains(part));
    assert!(has(r#"FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id")"#));
}
