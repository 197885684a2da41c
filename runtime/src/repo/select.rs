//! A query for a tenant's rows that knows where to run.

use std::fmt;

use futures_util::{Stream, StreamExt};
use sea_orm::{
    ColumnTrait, Cursor, EntityTrait, FromQueryResult, ItemsAndPagesNumber, Paginator,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Related, Select, SelectModel,
    StreamTrait,
    sea_query::{IntoValueTuple, SelectStatement},
};

use crate::{Result, TenantDb, TenantEntity};

/// A query for a tenant's rows of one entity.
///
/// SeaORM's [`QueryFilter`], [`QueryOrder`] and [`QuerySelect`] refine it; the methods here run it.
#[must_use = "a query does nothing until one of `one`, `all`, `count`, … runs it"]
pub struct RepoSelect<E: EntityTrait> {
    db: TenantDb,
    select: Select<E>,
    /// The column that says which rows to leave out.
    deleted: Option<E::Column>,
}

impl<E: TenantEntity> RepoSelect<E> {
    pub(super) fn new(db: TenantDb, select: Select<E>) -> Self {
        Self { db, select, deleted: E::deleted_column() }
    }

    /// Takes in the rows that are marked as deleted, which [`Repo`](crate::Repo) leaves out where
    /// the entity has a `soft_delete` column.
    ///
    /// What is marked is still the tenant's own: this is a convenience, and no wall. Related rows
    /// and queries through other means than `Repo` and `Entity::scoped` are not filtered at all.
    pub fn with_deleted(self) -> Self {
        Self { deleted: None, ..self }
    }

    /// The query that runs.
    fn ready(self) -> (TenantDb, Select<E>) {
        let select = match self.deleted {
            Some(deleted) => self.select.filter(deleted.is_null()),
            None => self.select,
        };
        (self.db, select)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn one(self) -> Result<Option<E::Model>> {
        let (db, select) = self.ready();
        Ok(select.one(&db).await?)
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn all(self) -> Result<Vec<E::Model>> {
        let (db, select) = self.ready();
        Ok(select.all(&db).await?)
    }

    /// How many rows there are.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn count(self) -> Result<u64> {
        let (db, select) = self.ready();
        // As JSON, no model has to be `Sync`; nothing is decoded.
        Ok(PaginatorTrait::count(select.into_json(), &db).await?)
    }

    /// Whether there is a row.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn exists(self) -> Result<bool> {
        let (db, select) = self.ready();
        Ok(select.limit(1).into_json().one(&db).await?.is_some())
    }

    /// One page of `size` rows, counted from 0, with the number of rows and pages there are.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn paginate(
        self,
        page: u64,
        size: u64,
    ) -> Result<(Vec<E::Model>, ItemsAndPagesNumber)>
    where
        E::Model: Sync,
    {
        let (db, select) = self.ready();
        let paginator: Paginator<'_, _, SelectModel<E::Model>> =
            PaginatorTrait::paginate(select, &db, size.max(1));
        let numbers = paginator.num_items_and_pages().await?;
        Ok((paginator.fetch_page(page).await?, numbers))
    }

    /// The first `size` rows in the order of `column`, after `after` where it is given.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn cursor<V: IntoValueTuple>(
        self,
        column: E::Column,
        after: Option<V>,
        size: u64,
    ) -> Result<Vec<E::Model>>
    where
        E::Model: Sync,
    {
        let (db, select) = self.ready();
        let mut cursor: Cursor<SelectModel<E::Model>> = select.cursor_by(column);
        if let Some(after) = after {
            cursor.after(after);
        }
        Ok(cursor.first(size).all(&db).await?)
    }

    /// The rows, one by one as they arrive.
    ///
    /// The stream owns its connection, and may outlive this repository and its handle. It gives
    /// the connection back when it is read to the end or dropped.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error; each row can fail as well.
    pub async fn stream(
        self,
    ) -> Result<impl Stream<Item = Result<E::Model>> + Send + Unpin + 'static> {
        let (db, select) = self.ready();
        let rows = StreamTrait::stream(&db, QueryTrait::as_query(&select)).await?;
        Ok(rows.map(|row| Ok(E::Model::from_query_result(&row?, "")?)))
    }

    /// All rows, each with one related row. Rows of the other entity are the tenant's too.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn all_with_one<R>(self, related: R) -> Result<Vec<(E::Model, Option<R::Model>)>>
    where
        R: EntityTrait,
        E: Related<R>,
    {
        let (db, select) = self.ready();
        Ok(select.find_also_related(related).all(&db).await?)
    }

    /// All rows, each with its related rows. Rows of the other entity are the tenant's too.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn all_with_many<R>(self, related: R) -> Result<Vec<(E::Model, Vec<R::Model>)>>
    where
        R: EntityTrait,
        E: Related<R>,
    {
        let (db, select) = self.ready();
        Ok(select.find_with_related(related).all(&db).await?)
    }

    /// The first row as another type, such as a partial model.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn one_as<M: FromQueryResult>(self) -> Result<Option<M>> {
        let (db, select) = self.ready();
        Ok(select.into_model::<M>().one(&db).await?)
    }

    /// All rows as another type, such as a partial model.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn all_as<M: FromQueryResult>(self) -> Result<Vec<M>> {
        let (db, select) = self.ready();
        Ok(select.into_model::<M>().all(&db).await?)
    }
}

impl<E: EntityTrait> fmt::Debug for RepoSelect<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepoSelect").field("db", &self.db).finish_non_exhaustive()
    }
}

impl<E: EntityTrait> QueryFilter for RepoSelect<E> {
    type QueryStatement = SelectStatement;

    fn query(&mut self) -> &mut SelectStatement {
        QueryTrait::query(&mut self.select)
    }
}

impl<E: EntityTrait> QueryOrder for RepoSelect<E> {
    type QueryStatement = SelectStatement;

    fn query(&mut self) -> &mut SelectStatement {
        QueryTrait::query(&mut self.select)
    }
}

impl<E: EntityTrait> QuerySelect for RepoSelect<E> {
    type QueryStatement = SelectStatement;

    fn query(&mut self) -> &mut SelectStatement {
        QueryTrait::query(&mut self.select)
    }
}
