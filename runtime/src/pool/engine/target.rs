//! Where engines lead, and which of them somebody holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
};

use tenancy_core::Secret;

use super::Engine;
#[cfg(feature = "postgres")]
use crate::pool::Settings;

/// Where an engine's connections lead.
pub(super) enum Target {
    /// To a database of a tenant's own.
    Database(Mutex<Address>),
    /// To the shared database, for one tenant, whose id is the key.
    #[cfg(feature = "postgres")]
    Lane { hash: u64, settings: Settings },
}

pub(super) struct Address {
    pub(super) url: Secret,
    /// Which of the addresses this engine has had.
    pub(super) generation: u64,
}

/// Engines somebody holds, by their keys.
#[derive(Default)]
pub(super) struct Registry {
    pub(super) databases: HashMap<Arc<str>, Weak<Engine>>,
    pub(super) lanes: HashMap<Arc<str>, Weak<Engine>>,
}

impl Registry {
    pub(super) fn of(&mut self, target: &Target) -> &mut HashMap<Arc<str>, Weak<Engine>> {
        match target {
            Target::Database(_) => &mut self.databases,
            #[cfg(feature = "postgres")]
            Target::Lane { .. } => &mut self.lanes,
        }
    }
}
