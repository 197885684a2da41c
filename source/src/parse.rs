//! Tokens to what was written.

mod args;
mod field;
mod head;
mod item;
mod relation;
mod rls;
mod value;

pub use args::Args;
pub use field::{Column, is_uuid, last_segment};
pub use head::Head;
pub use item::{Classification, classifications, derives_entity, without_ours};
pub use relation::{Columns, Relation, relations};
pub use rls::{Condition, Rls};
pub use value::{KeyType, Scope, Text};
