//! Rows that are only marked as deleted, with each of chrono's times.

macro_rules! entity {
    ($module:ident, $time:ident) => {
        mod $module {
            use sea_orm::entity::prelude::*;
            use tenancy::tenant_scoped;

            #[tenant_scoped(soft_delete = "deleted_at", rls(soft_delete))]
            #[sea_orm::model]
            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = "orders")]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i64,
                #[sea_orm(column_name = "gone")]
                pub deleted_at: Option<$time>,
            }

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(naive, DateTime);
entity!(utc, DateTimeUtc);
entity!(zoned, DateTimeWithTimeZone);

use tenancy::TenantEntity;

fn main() {
    assert!(matches!(naive::Entity::deleted_column(), Some(naive::Column::DeletedAt)));
    assert!(matches!(utc::Entity::deleted_column(), Some(utc::Column::DeletedAt)));
    assert!(matches!(zoned::Entity::deleted_column(), Some(zoned::Column::DeletedAt)));
    assert_eq!(utc::Entity::RULES[0].condition(), r#""gone" IS NOT NULL"#);
}
