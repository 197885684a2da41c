//! Changes and deletions of many rows that know where to run.

use std::fmt;

use sea_orm::{
    DeleteMany, EntityTrait, QueryFilter, QueryTrait, UpdateMany,
    sea_query::{DeleteStatement, Expr, SimpleExpr, UpdateStatement},
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
        Self { db, update }
    }

    /// Sets a column to a value or an expression.
    pub fn set(self, column: E::Column, value: impl Into<SimpleExpr>) -> Self {
        let value: Expr = value.into();
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
    delete: DeleteMany<E>,
}

impl<E: TenantEntity> RepoDelete<E> {
    pub(super) fn new(db: TenantDb, delete: DeleteMany<E>) -> Self {
        Self { db, delete }
    }

    /// Deletes the rows. Returns how many there were.
    ///
    /// # Errors
    ///
    /// A refusal, or the database's error.
    pub async fn exec(self) -> Result<u64> {
        Ok(self.delete.exec(&self.db).await?.rows_affected)
    }
}

impl<E: EntityTrait> QueryFilter for RepoDelete<E> {
    type QueryStatement = DeleteStatement;

    fn query(&mut self) -> &mut DeleteStatement {
        QueryTrait::query(&mut self.delete)
    }
}

impl<E: EntityTrait> fmt::Debug for RepoDelete<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepoDelete").field("db", &self.db).finish_non_exhaustive()
    }
}
