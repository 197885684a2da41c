//! What the layer leaves in a request for the extractors.

use std::sync::Arc;

use tenancy_core::Tenant;

use crate::{TenantDb, limit::Permit};

/// The tenant of a request, and its connection.
///
/// The type is private, so nobody but the layer can put it into a request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) tenant: Arc<Tenant>,
    pub(super) db: TenantDb,
    pub(super) permit: Permit,
}
