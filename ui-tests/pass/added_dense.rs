//! The dense format: the column is added, and SeaORM knows it everywhere.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub customer: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use order::{ActiveModel, Column, Entity, Model, ModelEx};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ColumnType, DbBackend, EntityTrait, Iterable, QueryFilter,
    QueryTrait, sea_query::StringLen,
};
use tenancy::TenantEntity;

fn key_of<E: TenantEntity<Key = String>>() {}

fn main() {
    key_of::<Entity>();
    assert!(matches!(Entity::tenant_column(), Column::TenantId));
    // The database counts the key up.
    const { assert!(!Entity::KEY_PER_TENANT) };

    let columns: Vec<_> = Column::iter().map(|column| format!("{column:?}")).collect();
    assert_eq!(columns, ["Id", "TenantId", "Customer"]);
    let definition = Column::TenantId.def();
    assert_eq!(definition.get_column_type(), &ColumnType::String(StringLen::None));
    assert!(!definition.is_null() && !definition.is_unique());

    let model = Model { id: 1, tenant_id: "acme".to_owned(), customer: "Ada".to_owned() };
    let extended: ModelEx = model.clone().into_ex();
    assert_eq!(extended.tenant_id, model.tenant_id);
    let active = ActiveModel { tenant_id: Set("acme".to_owned()), ..Default::default() };
    assert!(active.tenant_id.is_set());

    // Typed columns treat it as the text it is.
    let sql = Entity::find()
        .filter(Entity::COLUMN.tenant_id.starts_with("ac"))
        .build(DbBackend::Sqlite)
        .to_string();
    assert!(sql.ends_with(r#"WHERE "orders"."tenant_id" LIKE 'ac%'"#), "{sql}");
}
