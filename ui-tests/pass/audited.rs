//! Entities whose changes are recorded, written in two ways, and the trigger as constants.

mod order {
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped(type = Uuid, audit, soft_delete = "deleted_at")]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub deleted_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod rate {
    use sea_orm::entity::prelude::*;
    use tenancy::TenantEntity;

    // The macro cannot see what its columns are called, and makes no constants.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantEntity)]
    #[sea_orm(table_name = "rates", rename_all = "camelCase")]
    #[tenancy(audit)]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: i64,
        pub rate: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::{ColumnTrait, DbBackend, EntityTrait, QueryFilter};
use tenancy::{TenantEntity, change, entity::AuditSql, schema};

const ORDERS: AuditSql = order::Entity::audit();

fn history(id: i64) -> sea_orm::Select<change::Entity> {
    change::Entity::find().filter(change::Column::RowKey.eq(change::key([id])))
}

fn main() {
    const { assert!(order::Entity::AUDITED && rate::Entity::AUDITED) };
    assert!(ORDERS.up.contains("CREATE TRIGGER tenancy_changes AFTER INSERT OR UPDATE OR DELETE"));
    assert!(ORDERS.down.contains("DROP TRIGGER IF EXISTS tenancy_changes ON \"orders\""));
    let _ = history(1);
    let statements = schema::create_all(DbBackend::MySql).unwrap();
    let triggers = statements.iter().filter(|it| it.sql.contains("CREATE TRIGGER")).count();
    assert_eq!(triggers, 2 * 3);
}
