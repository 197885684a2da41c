//! Annotated entities are in the catalog of the program, without anyone listing them.

mod order {
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped(type = Uuid, key = "per_tenant")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod product {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, tenancy::SharedEntity)]
    #[sea_orm(table_name = "products")]
    #[shared(writable)]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {
    let registrations = tenancy::__private::inventory::iter::<tenancy::__private::Registration>;
    let mut found: Vec<_> =
        registrations.into_iter().map(|registration| format!("{registration:?}")).collect();
    found.sort();
    assert_eq!(found.len(), 2, "each entity once: {found:?}");
    assert!(found[0].contains(r#"::order""#), "{found:?}");
    assert!(found[1].contains(r#"::product""#), "{found:?}");

    let order = tenancy::__private::tenant_definition::<order::Entity>("shop");
    assert_eq!(order.keys, [["tenant_id", "id"]]);
    assert_eq!(order.tenant_column().map(|(column, _)| column), Some("tenant_id"));
    let product = tenancy::__private::shared_definition::<product::Entity>("shop");
    assert!(product.tenant_column().is_none() && product.writable());
}
