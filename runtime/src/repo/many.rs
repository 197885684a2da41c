//! Changes and deletions of many rows that know where to run.

use std::{fmt, marker::PhantomData};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryTrait, UpdateMany,
    sea_query::{
        ConditionalStatement, DeleteStatement, Expr, IntoCondition, LogicalChainOper, SimpleExpr,
        UpdateStatement,
    },
};

use crate::{Result, TenantDb, TenantEntity};

/// A change of many of a tenant's rows. SeaORM's [`QueryFilter`] says which.
#[must_use = "a change does nothing until `exec` runs it"]
pub struct RepoUpdate<E: EntityTrait> {
    db: TenantDb,
    update: UpdateMany<E>,
}

impl<E: TenantEntity> RepoUpdate<E> {
    pub(super) fn new(db: TenantDb, update: UpdateMany<E>) -> Self {
        let update = match E::deleted_column() {
            Some(deleted) => update.filter(deleted.is_null()),
            None => update,
        };
        Self { db, update }
    }

    /// Sets a column to a value or an expression.
    pub fn set(self, column: E::Column, value: impl Into<SimpleExpr>) -> Self {
        // A value of an enumeration of the database's own is cast to it.
        let value: Expr = column.save_as(value.into());
        Self { update: self.update.col_expr(column, value), ..self }
    }

    /// Changes the rows. Returns how many there were.
    ///
    /// # Errors
    ///
    /// A refusal, as for a change of the tenant column, or the database's error.
    pub async fn exec(self) -> Result<u64> {
        Ok(self.update.exec(&self.db).await?.rows_affected)
    }
}

impl<E: EntityTrait> QueryFilter for RepoUpdate<E> {
    type QueryStatement = UpdateStatement;

    fn query(&mut self) -> &mut UpdateStatement {
        QueryTrait::query(&mut self.update)
    }
}

impl<E: EntityTrait> fmt::Debug for RepoUpdate<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepoUpdate").field("db", &self.db).finish_non_exhaustive()
    }
}

/// A deletion of many of a tenant's rows. SeaORM's [`QueryFilter`] says which.
#[must_use = "a deletion does nothing until `exec` runs it"]
pub struct RepoDelete<E: EntityTrait> {
    db: TenantDb,
    statement: Deletion,
    entity: PhantomData<fn() -> E>,
}

impl<E: TenantEntity> RepoDelete<E> {
    pub(super) fn new(db: TenantDb) -> Self {
        let statement = match E::deleted_column() {
            Some(deleted) => Deletion(Kind::Mark(mark::<E>(deleted).into_query())),
            None => Deletion(Kind::Remove(E::delete_many().into_query())),
        };
        Self { db, statement, entity: PhantomData }
    }

    /// Deletes the rows, or marks them where the entity has a `soft_delete` column. Returns how
    /// many there were.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn exec(self) -> Result<u64> {
        let done = match &self.statement.0 {
            Kind::Remove(statement) => self.db.execute(statement).await?,
            Kind::Mark(statement) => self.db.execute(statement).await?,
        };
        Ok(done.rows_affected())
    }
}

/// Marks rows that are not marked yet as deleted now, by the database's clock.
pub(super) fn mark<E: EntityTrait>(deleted: E::Column) -> UpdateMany<E> {
    E::update_many().col_expr(deleted, Expr::current_timestamp()).filter(deleted.is_null())
}

/// What a deletion runs, with the conditions it is given.
#[derive(Debug, Clone)]
pub struct Deletion(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Remove(DeleteStatement),
    Mark(UpdateStatement),
}

impl ConditionalStatement for Deletion {
    fn and_or_where(&mut self, condition: LogicalChainOper) -> &mut Self {
        match &mut self.0 {
            Kind::Remove(statement) => drop(statement.and_or_where(condition)),
            Kind::Mark(statement) => drop(statement.and_or_where(condition)),
        }
        self
    }

    fn cond_where<C: IntoCondition>(&mut self, condition: C) -> &mut Self {
        match &mut self.0 {
            Kind::Remove(statement) => drop(statement.cond_where(condition)),
            Kind::Mark(statement) => drop(statement.cond_where(condition)),
        }
        self
    }
}

impl<E: EntityTrait> QueryFilter for RepoDelete<E> {
    type QueryStatement = Deletion;

    fn query(&mut self) -> &mut Deletion {
        &mut self.statement
    }
}

impl<E: EntityTrait> fmt::Debug for RepoDelete<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepoDelete").field("db", &self.db).finish_non_exhaustive()
    }
}
