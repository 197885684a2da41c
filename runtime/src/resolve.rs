//! Which tenant a request names: the [`Resolver`] trait, and its implementations.
//!
//! A resolver reads the head of a request and nothing else. Whether there is such a tenant, and
//! whether it is served, is decided by the layer that asks it.

mod header;

use std::fmt;

use http::{HeaderName, request::Parts};
use tenancy_core::Slug;

pub use self::header::Header;

/// Tells which tenant a request names.
///
/// It must depend on the request alone, and answer only where there is exactly one answer: two
/// that differ are [`Ambiguous`](Unresolved::Ambiguous), never the first of them.
///
/// # Example
///
/// A resolver of your own, for `/t/acme/orders`:
///
/// ```standalone_crate
/// use tenancy::{Resolver, Slug, resolve::Unresolved};
///
/// struct Path;
///
/// impl Resolver for Path {
///     fn resolve(&self, parts: &http::request::Parts) -> Result<Slug, Unresolved> {
///         let rest = parts.uri.path().strip_prefix("/t/").ok_or(Unresolved::Missing)?;
///         let slug = rest.split('/').next().unwrap_or_default();
///         Slug::new(slug).map_err(|_| Unresolved::Malformed)
///     }
/// }
/// ```
pub trait Resolver: Send + Sync + 'static {
    /// The slug of the tenant the request names.
    ///
    /// # Errors
    ///
    /// An [`Unresolved`] that says why there is none. It is logged; the client never learns it.
    fn resolve(&self, parts: &Parts) -> Result<Slug, Unresolved>;

    /// The request header the answer depends on, if it does: responses then say so in `Vary`, so
    /// that no cache on the way gives one tenant's response to another.
    fn vary(&self) -> Option<HeaderName> {
        None
    }
}

/// Why a request names no tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unresolved {
    /// It says nothing about a tenant.
    Missing,
    /// What it says cannot be a slug.
    Malformed,
    /// It says more than one thing.
    Ambiguous,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unresolved::Missing => "the request names no tenant",
            Unresolved::Malformed => "what the request names cannot be a tenant's slug",
            Unresolved::Ambiguous => "the request names more than one tenant",
        })
    }
}

impl std::error::Error for Unresolved {}
