//! What `rls(…)` and `soft_delete` make of a table: policies that only take rows away, and rows that
//! are marked and not removed.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod file;
mod policy;
mod soft;

/// What a tenant publishes.
mod post {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped(
        soft_delete = "deleted_at",
        rls(
            select = "state <> 'secret'",
            insert = "state <> 'closed'",
            update = "state <> 'closed'",
            soft_delete
        )
    )]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        pub state: String,
        pub deleted_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a tenant may only read.
mod rate {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped(rls(read_only))]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rates")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub percent: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
