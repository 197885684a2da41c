//! How transactions are begun in SeaORM's ways, whoever begins them.

use std::{fmt, pin::Pin};

use sea_orm::{TransactionError, TransactionSession};

/// Implements SeaORM's [`TransactionTrait`](sea_orm::TransactionTrait) for a type that has
/// `async fn open(&self, TransactionOptions) -> Result<Transaction, DbErr>`.
macro_rules! transaction_trait {
    ($begins:ty => $transaction:ty) => {
        #[async_trait::async_trait]
        impl sea_orm::TransactionTrait for $begins {
            type Transaction = $transaction;

            async fn begin(&self) -> Result<$transaction, sea_orm::DbErr> {
                self.open(sea_orm::TransactionOptions::default()).await
            }

            async fn begin_with_config(
                &self,
                isolation_level: Option<sea_orm::IsolationLevel>,
                access_mode: Option<sea_orm::AccessMode>,
            ) -> Result<$transaction, sea_orm::DbErr> {
                let options = sea_orm::TransactionOptions {
                    isolation_level,
                    access_mode,
                    ..Default::default()
                };
                self.open(options).await
            }

            async fn begin_with_options(
                &self,
                options: sea_orm::TransactionOptions,
            ) -> Result<$transaction, sea_orm::DbErr> {
                self.open(options).await
            }

            async fn transaction<F, T, E>(
                &self,
                callback: F,
            ) -> Result<T, sea_orm::TransactionError<E>>
            where
                F: for<'c> FnOnce(
                        &'c $transaction,
                    ) -> std::pin::Pin<
                        Box<dyn Future<Output = Result<T, E>> + Send + 'c>,
                    > + Send,
                T: Send,
                E: std::fmt::Display + std::fmt::Debug + Send,
            {
                let begun = sea_orm::TransactionTrait::begin(self).await?;
                $crate::db::run(begun, callback).await
            }

            async fn transaction_with_config<F, T, E>(
                &self,
                callback: F,
                isolation_level: Option<sea_orm::IsolationLevel>,
                access_mode: Option<sea_orm::AccessMode>,
            ) -> Result<T, sea_orm::TransactionError<E>>
            where
                F: for<'c> FnOnce(
                        &'c $transaction,
                    ) -> std::pin::Pin<
                        Box<dyn Future<Output = Result<T, E>> + Send + 'c>,
                    > + Send,
                T: Send,
                E: std::fmt::Display + std::fmt::Debug + Send,
            {
                let begun = sea_orm::TransactionTrait::begin_with_config(
                    self,
                    isolation_level,
                    access_mode,
                );
                $crate::db::run(begun.await?, callback).await
            }
        }
    };
}

pub(crate) use transaction_trait;

/// Runs the callback, then commits what succeeded and rolls back what did not.
pub(crate) async fn run<X, F, T, E>(transaction: X, callback: F) -> Result<T, TransactionError<E>>
where
    X: TransactionSession,
    F: for<'c> FnOnce(&'c X) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>,
    E: fmt::Display + fmt::Debug,
{
    match callback(&transaction).await {
        Ok(value) => {
            transaction.commit().await?;
            Ok(value)
        }
        Err(error) => {
            transaction.rollback().await?;
            Err(TransactionError::Transaction(error))
        }
    }
}
