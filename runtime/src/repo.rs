//! The scoped repository: one entity of one tenant.

mod many;
mod select;

use std::{fmt, marker::PhantomData};

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, DbErr, IntoActiveModel, Iterable,
    PrimaryKeyToColumn, PrimaryKeyTrait, QueryFilter, TransactionTrait,
    sea_query::{IntoValueTuple, OnConflict},
};

pub use self::{
    many::{Deletion, RepoDelete, RepoUpdate},
    select::RepoSelect,
};
use crate::{Result, TenantDb, TenantEntity, TenantTransaction};

/// Begins a query for a tenant's rows.
#[doc(hidden)]
pub fn scoped<E: TenantEntity>(db: &TenantDb) -> RepoSelect<E> {
    Repo::new(db.clone()).find()
}

/// A tenant's rows of one entity.
///
/// It exists only for entities that belong to tenants, and only through a [`TenantDb`]. What it
/// runs is scoped by that connection, whatever becomes of the query on the way. In axum handlers
/// it is an extractor.
///
/// # Example
///
/// ```no_run
/// use tenancy::{Repo, TenantDb, TenantEntity};
///
/// async fn is_empty<E: TenantEntity>(db: TenantDb) -> tenancy::Result<bool> {
///     Ok(Repo::<E>::new(db).find().count().await? == 0)
/// }
/// ```
pub struct Repo<E: TenantEntity> {
    db: TenantDb,
    entity: PhantomData<fn() -> E>,
}

impl<E: TenantEntity> Repo<E> {
    /// The repository of an entity, through a tenant's connection.
    #[must_use]
    pub fn new(db: TenantDb) -> Self {
        Self { db, entity: PhantomData }
    }

    /// The connection behind it, for everything else SeaORM can do.
    #[must_use]
    pub fn db(&self) -> &TenantDb {
        &self.db
    }

    /// Begins a query for the tenant's rows.
    pub fn find(&self) -> RepoSelect<E> {
        RepoSelect::new(self.db.clone(), E::find())
    }

    /// Begins a query for one of the tenant's rows.
    pub fn find_by_id(
        &self,
        id: impl Into<<E::PrimaryKey as PrimaryKeyTrait>::ValueType>,
    ) -> RepoSelect<E> {
        RepoSelect::new(self.db.clone(), E::find_by_id(id))
    }

    /// Adds a row, which becomes the tenant's.
    ///
    /// # Errors
    ///
    /// A refusal if the row names another tenant; the database's error, such as a conflict.
    pub async fn insert<A>(&self, row: A) -> Result<E::Model>
    where
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
        E::Model: IntoActiveModel<A>,
    {
        Ok(row.insert(&self.db).await?)
    }

    /// Adds rows, which become the tenant's, in one statement. Returns how many there were.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert). Either all rows are added or none.
    pub async fn insert_many<A>(&self, rows: impl IntoIterator<Item = A>) -> Result<u64>
    where
        A: ActiveModelTrait<Entity = E>,
    {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return Ok(0);
        }
        Ok(E::insert_many(rows).exec_without_returning(&self.db).await?)
    }

    /// Changes the row with the model's primary key.
    ///
    /// # Errors
    ///
    /// An error that [is not found](crate::Error::is_not_found) if the tenant has no such row; a
    /// refusal if the model names another tenant.
    pub async fn update<A>(&self, row: A) -> Result<E::Model>
    where
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
        E::Model: IntoActiveModel<A>,
    {
        Ok(row.update(&self.db).await?)
    }

    /// Adds the row if its primary key is not set, else changes it.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert) and [`update`](Self::update).
    pub async fn save<A>(&self, row: A) -> Result<A>
    where
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
        E::Model: IntoActiveModel<A>,
    {
        Ok(row.save(&self.db).await?)
    }

    /// Adds a row, or does what `on_conflict` says to the tenant's row that is in its way.
    ///
    /// Name the columns of the key without the tenant column; it is added where the key has it.
    /// Returns the number of rows the database reports as written, which on MySQL is 2 for a row
    /// that was changed.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert).
    pub async fn upsert<A>(&self, row: A, on_conflict: OnConflict) -> Result<u64>
    where
        A: ActiveModelTrait<Entity = E>,
    {
        let insert = E::insert(row).on_conflict(on_conflict);
        match insert.exec_without_returning(&self.db).await {
            Ok(rows) => Ok(rows),
            Err(sea_orm::DbErr::RecordNotInserted) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes the row with the model's primary key, or marks it where the entity has a
    /// `soft_delete` column. Returns how many rows that were, 0 or 1.
    ///
    /// A row that is marked stays, and this repository leaves it out from then on. To remove it,
    /// use SeaORM's own `delete` with [`db`](Self::db).
    ///
    /// # Errors
    ///
    /// The database's error.
    pub async fn delete<A>(&self, row: impl IntoActiveModel<A>) -> Result<u64>
    where
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        let row = row.into_active_model();
        let Some(deleted) = E::deleted_column() else {
            return Ok(row.delete(&self.db).await?.rows_affected);
        };
        let row = row.before_delete(&self.db).await?;
        let mut update = many::mark::<E>(deleted);
        for key in E::PrimaryKey::iter() {
            let column = key.into_column();
            let Some(value) = row.get(column).into_value() else {
                return Err(DbErr::PrimaryKeyNotSet { ctx: "Repo::delete" }.into());
            };
            update = update.filter(column.eq(value));
        }
        let rows = update.exec(&self.db).await?.rows_affected;
        row.after_delete(&self.db).await?;
        Ok(rows)
    }

    /// Deletes one of the tenant's rows, or marks it where the entity has a `soft_delete` column.
    /// Returns how many rows that were, 0 or 1.
    ///
    /// # Errors
    ///
    /// The database's error.
    pub async fn delete_by_id(
        &self,
        id: impl Into<<E::PrimaryKey as PrimaryKeyTrait>::ValueType>,
    ) -> Result<u64> {
        let Some(deleted) = E::deleted_column() else {
            return Ok(E::delete_by_id(id).exec(&self.db).await?.rows_affected);
        };
        let mut update = many::mark::<E>(deleted);
        for (key, value) in E::PrimaryKey::iter().zip(id.into().into_value_tuple()) {
            update = update.filter(key.into_column().eq(value));
        }
        Ok(update.exec(&self.db).await?.rows_affected)
    }

    /// Begins a change of many of the tenant's rows.
    pub fn update_many(&self) -> RepoUpdate<E> {
        RepoUpdate::new(self.db.clone(), E::update_many())
    }

    /// Begins a deletion of many of the tenant's rows.
    pub fn delete_many(&self) -> RepoDelete<E> {
        RepoDelete::new(self.db.clone())
    }

    /// Begins a transaction of the tenant's, for this entity and others.
    ///
    /// # Errors
    ///
    /// The database's error.
    pub async fn transaction(&self) -> Result<TenantTransaction> {
        Ok(self.db.begin().await?)
    }
}

impl<E: TenantEntity> Clone for Repo<E> {
    fn clone(&self) -> Self {
        Self::new(self.db.clone())
    }
}

impl<E: TenantEntity> fmt::Debug for Repo<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repo")
            .field("table", &E::default().table_name())
            .field("tenant", &self.db.tenant().id)
            .finish_non_exhaustive()
    }
}
