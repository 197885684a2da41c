//! What goes wrong with row-level security of PostgreSQL. Each test walks into one trap, and shows
//! that the policies hold or that the audit finds it.
//!
//! `acme` does things; `globex` has rows that look the same and must not notice.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

mod audit;
mod bulk;
mod context;
mod key;
mod place;
mod plan;
mod policy;
mod reader;
mod role;
mod signed;
mod stage;
mod table;

/// Writes tests that get a [`stage::Stage`].
macro_rules! traps {
    ($($(#[$attr:meta])* async fn $name:ident($stage:ident) $body:block)+) => {
        $(
            $(#[$attr])*
            #[test]
            fn $name() {
                async fn body($stage: std::sync::Arc<$crate::stage::Stage>) $body
                $crate::stage::run(body);
            }
        )+
    };
}
pub(crate) use traps;
