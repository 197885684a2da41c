//! What the tables cannot honour is refused when they are made.

use sea_orm::DbBackend;
use tenancy::schema;

/// Audited by hand, so that it is in no catalog.
mod line {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "lines")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub tenant_id: String,
        pub ticket_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::ticket::Entity",
            from = "Column::TicketId",
            to = "crate::ticket::Column::Id",
            on_delete = "Cascade"
        )]
        Ticket,
    }

    impl ActiveModelBehavior for ActiveModel {}

    impl tenancy::TenantEntity for Entity {
        type Key = String;

        const KEY_PER_TENANT: bool = false;

        const AUDITED: bool = true;

        fn tenant_column() -> Column {
            Column::TenantId
        }
    }
}

#[test]
fn mysql_records_no_cascades() {
    let error = schema::create_table::<line::Entity>(DbBackend::MySql).unwrap_err();
    assert!(error.is_config(), "{error}");
    assert!(
        error.to_string().contains("fires no trigger for rows that the foreign key"),
        "{error}"
    );
    for backend in [DbBackend::Postgres, DbBackend::Sqlite] {
        let statements = schema::create_table::<line::Entity>(backend).unwrap();
        let has = |part: &str| statements.iter().any(|statement| statement.sql.contains(part));
        assert!(has("CREATE TABLE IF NOT EXISTS \"tenancy_changes\"") && has("CREATE TRIGGER"));
    }
}
