//! Tokens to what was written.

mod args;
mod field;
mod item;
mod value;

pub(crate) use args::Args;
pub(crate) use field::{Column, is_uuid, last_segment};
pub(crate) use item::{Classification, classifications, derives_entity, relations, without_ours};
pub(crate) use value::{KeyType, Scope};
