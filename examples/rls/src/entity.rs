//! A blog with many publishers.

pub mod post {
    //! What a publisher writes. A published post is never taken away, and a deleted one stays.

    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    /// A post.
    #[tenant_scoped(
        type = Uuid,
        soft_delete = "deleted_at",
        rls(update = "NOT archived", soft_delete)
    )]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        /// Its number.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// What it is called.
        pub title: String,
        /// Whether it may still be changed.
        pub archived: bool,
        /// When it was deleted.
        pub deleted_at: Option<DateTimeUtc>,
        /// What readers say.
        #[sea_orm(has_many)]
        pub comments: HasMany<super::comment::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod comment {
    //! What readers say.

    use sea_orm::entity::prelude::*;
    use tenancy::TenantEntity;

    /// A comment. Its tenant column was there before.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, TenantEntity)]
    #[sea_orm(table_name = "comments")]
    #[tenancy(column = "publisher")]
    pub struct Model {
        /// Its number.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Whose it is.
        #[sea_orm(column_name = "publisher_id")]
        pub publisher: Uuid,
        /// The post it is about.
        pub post_id: i64,
        /// What it says.
        pub text: String,
        /// The post.
        #[sea_orm(belongs_to, from = "post_id", to = "id", on_delete = "Cascade")]
        pub post: BelongsTo<super::post::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod language {
    //! Languages, which all publishers share.

    use sea_orm::entity::prelude::*;
    use tenancy::SharedEntity;

    /// A language.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
    #[sea_orm(table_name = "languages")]
    pub struct Model {
        /// Its code.
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
