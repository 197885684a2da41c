//! The policies of a table, as constants.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped(type = Uuid, rls(update = "status <> 'closed'", delete = "status = 'draft'"))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders", schema_name = "shop")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub status: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod rate {
    use sea_orm::entity::prelude::*;
    use tenancy::TenantEntity;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantEntity)]
    #[sea_orm(table_name = "rates")]
    #[tenancy(rls(read_only))]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        pub rate: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use tenancy::{TenantEntity, entity::RowSecuritySql};

const ORDERS: RowSecuritySql = order::Entity::rls();

fn main() {
    let count = |part: &str| ORDERS.up.matches(part).count();
    assert_eq!(count("CREATE POLICY tenancy_tenant ON \"shop\".\"orders\" AS RESTRICTIVE"), 1);
    assert!(
        ORDERS.up.contains("AS RESTRICTIVE FOR DELETE TO PUBLIC\n    USING (status = 'draft');")
    );
    assert!(ORDERS.down.contains("DISABLE ROW LEVEL SECURITY"));
    assert!(!ORDERS.up.contains("COMMIT"));
    assert_eq!(order::Entity::RULES.len(), 2);
    assert_eq!(rate::Entity::RULES.len(), 3);
    assert!(
        rate::Entity::rls().up.contains("tenancy_insert ON \"rates\" AS RESTRICTIVE FOR INSERT")
    );
}
