//! Entities that are known elsewhere by other names.

mod model {
    pub mod customer {
        use sea_orm::entity::prelude::*;

        #[tenancy::tenant_scoped]
        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "customers")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i64,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }
}

pub use model::customer as client;
pub use tenancy::{Repo as Rows, tenant_scoped as owned};

mod order {
    use sea_orm::entity::prelude::*;

    use super::owned;

    #[owned]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub client_id: i64,
        #[sea_orm(belongs_to, from = "client_id", to = "id")]
        pub client: BelongsTo<super::client::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use sea_orm::{DbBackend, EntityTrait, QueryTrait};

pub type Clients = Rows<client::Entity>;

fn main() {
    let sql = order::Entity::find().find_also_related(client::Entity).build(DbBackend::Sqlite);
    assert!(sql.to_string().contains("customers"));
}
