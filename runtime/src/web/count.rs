//! What metrics are told of requests: by words of this program, of which there are a few.

use tenancy_core::Status;

use crate::{Error, resolve::Unresolved};

/// What a resolver came to.
pub(super) fn resolved(outcome: Result<(), Unresolved>) {
    let outcome = match outcome {
        Ok(()) => "resolved",
        Err(reason) => word(reason),
    };
    metrics::counter!("tenancy_resolve_total", "outcome" => outcome).increment(1);
}

/// A request was not let through.
pub(super) fn refused(reason: &'static str) {
    metrics::counter!("tenancy_refusals_total", "reason" => reason).increment(1);
}

/// The same for a request that names no tenant.
pub(super) fn unresolved(reason: Unresolved) {
    refused(word(reason));
}

/// The same for one whose tenant could not be loaded, or is not served.
pub(super) fn unserved(error: &Error) {
    refused(match error.status() {
        Some(Status::Suspended) => "suspended",
        Some(Status::Maintenance) => "maintenance",
        Some(Status::Deleted) => "deleted",
        Some(_) => "inactive",
        None if error.is_tenant_not_found() => "unknown",
        None => "unavailable",
    });
}

fn word(reason: Unresolved) -> &'static str {
    match reason {
        Unresolved::Missing => "missing",
        Unresolved::Malformed => "malformed",
        Unresolved::Ambiguous => "ambiguous",
        Unresolved::Untrusted(_) => "untrusted",
        Unresolved::Disagreement => "disagreement",
        Unresolved::Stale => "stale",
    }
}
