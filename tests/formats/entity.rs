//! The same entity, four times, and whom it belongs to.

#![allow(missing_docs, unreachable_pub)]

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
pub enum Kind {
    #[sea_orm(string_value = "fair")]
    Fair,
    #[sea_orm(string_value = "good")]
    Good,
}

pub mod person {
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "persons")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        #[sea_orm(has_many)]
        pub dense: HasMany<super::dense::Entity>,
        #[sea_orm(has_many)]
        pub derived: HasMany<super::derived::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    // The dense format takes both ends from entities that are dense themselves.
    impl Related<super::compact::Entity> for Entity {
        fn to() -> RelationDef {
            super::compact::Relation::Person.def().rev()
        }
    }

    impl Related<super::expanded::Entity> for Entity {
        fn to() -> RelationDef {
            super::expanded::Relation::Person.def().rev()
        }
    }
}

pub mod compact {
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notes_compact")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_name = "called")]
        pub title: String,
        pub kind: super::Kind,
        pub extra: Option<Json>,
        pub owner_id: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::person::Entity",
            from = "Column::OwnerId",
            to = "super::person::Column::Id",
            on_delete = "Cascade"
        )]
        Person,
    }

    impl Related<super::person::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Person.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod dense {
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notes_dense")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_name = "called")]
        pub title: String,
        pub kind: super::Kind,
        pub extra: Option<Json>,
        pub owner_id: Option<i64>,
        #[sea_orm(belongs_to, from = "owner_id", to = "id", on_delete = "Cascade")]
        pub owner: BelongsTo<Option<super::person::Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod derived {
    use sea_orm::entity::prelude::*;
    use tenancy::TenantEntity;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantEntity)]
    #[sea_orm(table_name = "notes_derived")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub tenant_id: String,
        #[sea_orm(column_name = "called")]
        pub title: String,
        pub kind: super::Kind,
        pub extra: Option<Json>,
        pub owner_id: Option<i64>,
        #[sea_orm(belongs_to, from = "owner_id", to = "id", on_delete = "Cascade")]
        pub owner: BelongsTo<Option<super::person::Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod expanded {
    use sea_orm::entity::prelude::*;
    use tenancy::TenantEntity;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            "notes_expanded"
        }
    }

    #[derive(Clone, Debug, PartialEq, DeriveModel, DeriveActiveModel, TenantEntity)]
    #[tenancy(key = "global")]
    pub struct Model {
        pub id: i64,
        pub tenant_id: String,
        pub title: String,
        pub kind: super::Kind,
        pub extra: Option<Json>,
        pub owner_id: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        Id,
        TenantId,
        #[sea_orm(column_name = "called")]
        Title,
        Kind,
        Extra,
        OwnerId,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        Id,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = i64;

        fn auto_increment() -> bool {
            true
        }
    }

    impl ColumnTrait for Column {
        type EntityName = Entity;

        fn def(&self) -> ColumnDef {
            match self {
                Self::Id => ColumnType::BigInteger.def(),
                Self::TenantId => ColumnType::String(StringLen::None).def(),
                Self::Title => ColumnType::String(StringLen::None).def(),
                Self::Kind => ColumnType::String(StringLen::N(8)).def(),
                Self::Extra => ColumnType::Json.def().null(),
                Self::OwnerId => ColumnType::BigInteger.def().null(),
            }
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::person::Entity",
            from = "Column::OwnerId",
            to = "super::person::Column::Id",
            on_delete = "Cascade"
        )]
        Person,
    }

    impl Related<super::person::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Person.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "mood")]
pub enum Mood {
    #[sea_orm(string_value = "calm")]
    Calm,
    #[sea_orm(string_value = "very loud")]
    Loud,
}

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "color")]
pub enum Color {
    #[sea_orm(string_value = "red")]
    Red,
    #[sea_orm(string_value = "blue")]
    Blue,
}

/// With an enumeration that only tenants' tables have, and one that all share.
pub mod diary {
    use sea_orm::entity::prelude::*;

    #[tenancy::tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "diary")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub mood: super::Mood,
        pub before: Option<super::Mood>,
        pub color: Option<super::Color>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod paint {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, tenancy::SharedEntity)]
    #[sea_orm(table_name = "paints")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub color: super::Color,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
