//! What the integration suite is made of: the engines it runs on, a shop to run on them, and its tenants.

pub mod cut;
pub mod engine;
pub mod entity;
pub mod fill;
pub mod port;
pub mod shop;
pub mod wait;

pub use engine::{Engine, Strategy};
pub use fill::Fill;
pub use shop::Shop;

/// Writes one test for each engine and strategy. The body gets a fresh [`Shop`] in a database of its own.
#[macro_export]
macro_rules! each_engine {
    ($($(#[$attr:meta])* async fn $name:ident($shop:ident) $body:block)+) => {
        $(
            $(#[$attr])*
            mod $name {
                use super::*;

                async fn body($shop: std::sync::Arc<$crate::Shop>) $body

                $crate::each_row!(@tests);

                $crate::each_schema!(@tests);

                $crate::each_database!(@tests);

                $crate::each_hybrid!(@tests);

                #[test]
                fn postgres_rls() {
                    $crate::shop::run_in($crate::Engine::Postgres, $crate::Strategy::Rls, body);
                }

                #[test]
                fn postgres_rls_signed() {
                    $crate::shop::run_in($crate::Engine::Postgres, $crate::Strategy::Signed, body);
                }

                #[test]
                fn postgres_rls_lanes() {
                    $crate::shop::run_in($crate::Engine::Postgres, $crate::Strategy::Lanes, body);
                }
            }
        )+
    };
}

/// Writes one test for each engine, with a schema for each tenant. The body gets a fresh [`Shop`]
/// in a database of its own.
#[macro_export]
macro_rules! each_schema {
    (@tests) => {
        #[test]
        fn sqlite_schema() {
            $crate::shop::run_in($crate::Engine::Sqlite, $crate::Strategy::Schema, body);
        }

        #[test]
        fn postgres_schema() {
            $crate::shop::run_in($crate::Engine::Postgres, $crate::Strategy::Schema, body);
        }

        #[test]
        fn mysql_schema() {
            $crate::shop::run_in($crate::Engine::MySql, $crate::Strategy::Schema, body);
        }
    };
    ($($(#[$attr:meta])* async fn $name:ident($shop:ident) $body:block)+) => {
        $(
            $(#[$attr])*
            mod $name {
                use super::*;

                async fn body($shop: std::sync::Arc<$crate::Shop>) $body

                $crate::each_schema!(@tests);
            }
        )+
    };
}

/// Writes one test for each engine, with a database for each tenant. The body gets a fresh [`Shop`].
#[macro_export]
macro_rules! each_database {
    (@tests) => {
        #[test]
        fn sqlite_database() {
            $crate::shop::run_in($crate::Engine::Sqlite, $crate::Strategy::Database, body);
        }

        #[test]
        fn postgres_database() {
            $crate::shop::run_in($crate::Engine::Postgres, $crate::Strategy::Database, body);
        }

        #[test]
        fn mysql_database() {
            $crate::shop::run_in($crate::Engine::MySql, $crate::Strategy::Database, body);
        }
    };
    ($($(#[$attr:meta])* async fn $name:ident($shop:ident) $body:block)+) => {
        $(
            $(#[$attr])*
            mod $name {
                use super::*;

                async fn body($shop: std::sync::Arc<$crate::Shop>) $body

                $crate::each_database!(@tests);
            }
        )+
    };
}

/// Writes one test for each engine, where one tenant has a schema and the other none. The body gets a
/// fresh [`Shop`] in a database of its own.
#[macro_export]
macro_rules! each_hybrid {
    (@tests) => {
        #[test]
        fn sqlite_hybrid() {
            $crate::shop::run_in($crate::Engine::Sqlite, $crate::Strategy::Hybrid, body);
        }

        #[test]
        fn postgres_hybrid() {
            $crate::shop::run_in($crate::Engine::Postgres, $crate::Strategy::Hybrid, body);
        }

        #[test]
        fn mysql_hybrid() {
            $crate::shop::run_in($crate::Engine::MySql, $crate::Strategy::Hybrid, body);
        }
    };
}

/// Writes one test for each engine, with row scoping. The body gets a fresh [`Shop`] in a database
/// of its own.
#[macro_export]
macro_rules! each_row {
    (@tests) => {
        #[test]
        fn sqlite() {
            $crate::shop::run($crate::Engine::Sqlite, body);
        }

        #[test]
        fn postgres() {
            $crate::shop::run($crate::Engine::Postgres, body);
        }

        #[test]
        fn mysql() {
            $crate::shop::run($crate::Engine::MySql, body);
        }
    };
    ($($(#[$attr:meta])* async fn $name:ident($shop:ident) $body:block)+) => {
        $(
            $(#[$attr])*
            mod $name {
                use super::*;

                async fn body($shop: std::sync::Arc<$crate::Shop>) $body

                $crate::each_row!(@tests);
            }
        )+
    };
}
