//! Which tenant a request names: the [`Resolver`] trait, and its implementations.
//!
//! A resolver reads the head of a request and nothing else. Whether there is such a tenant, and
//! whether it is served, is decided by the layer that asks it.
//!
//! | resolver | where the tenant's name is | can a client choose it? |
//! |---|---|---|
//! | [`Header`] | a header of its own | yes: check who it is, or let a gateway set it |
//! | [`Subdomain`] | `acme.example.com` | yes |
//! | [`CustomDomain`] | `shop.acme.com`, a domain that the tenant has shown to be its own | yes |
//! | [`Path`] | `/t/acme/orders` | yes |
//! | [`ApiKey`] | a key that was made for the tenant | no |
#![cfg_attr(feature = "jwt", doc = "| [`Jwt`] | a claim of a signed token | no |")]
//! | a function | wherever it looks | |
//! | [`Chain`] | in several of these | |
//!
//! Where a client can choose the name, something else must check that the caller belongs to the
//! tenant. [`Chain::all`] of a resolver by name and one by token does.

mod api_key;
mod chain;
mod domain;
mod header;
mod host;
#[cfg(feature = "jwt")]
pub mod jwt;
mod key;
mod path;
mod proxy;
mod subdomain;

#[cfg(test)]
mod tests;

use std::{fmt, future, pin::Pin};

use http::{HeaderName, request::Parts};
use tenancy_core::Domain;

#[cfg(feature = "jwt")]
pub use self::jwt::Jwt;
pub(crate) use self::path::rewrite;
#[cfg(feature = "config")]
pub(crate) use self::proxy::network;
pub use self::{
    api_key::ApiKey,
    chain::Chain,
    domain::CustomDomain,
    header::Header,
    key::{Resolved, TenantRef},
    path::Path,
    proxy::TrustedProxies,
    subdomain::Subdomain,
};

/// Tells which tenant a request names.
///
/// It must depend on the request alone, and answer only where there is exactly one answer: two
/// that differ are [`Ambiguous`](Unresolved::Ambiguous), never the first of them. Nothing at all is
/// [`Missing`](Unresolved::Missing), and only then may another resolver of a [`Chain`] be asked.
///
/// # Example
///
/// A function is a resolver:
///
/// ```standalone_crate
/// use http::request::Parts;
/// use tenancy::{Slug, Tenancy, TenantRef, resolve::Unresolved};
///
/// fn by_query(parts: &Parts) -> Result<TenantRef, Unresolved> {
///     let query = parts.uri.query().ok_or(Unresolved::Missing)?;
///     let slug = query.strip_prefix("tenant=").ok_or(Unresolved::Missing)?;
///     Slug::new(slug).map(TenantRef::from).map_err(|_| Unresolved::Malformed)
/// }
///
/// # async fn example() -> tenancy::Result<()> {
/// let tenancy =
///     Tenancy::builder().database("sqlite::memory:").resolver(by_query).connect().await?;
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
pub trait Resolver: Send + Sync + 'static {
    /// The tenant the request names.
    ///
    /// # Errors
    ///
    /// An [`Unresolved`] that says why there is none. It is logged; the client never learns it.
    fn resolve(&self, parts: &Parts) -> Result<Resolved, Unresolved>;

    /// The request headers the answer depends on: responses name them in `Vary`, so that no cache
    /// on the way gives one tenant's response to another. Asked once, when the layer is made.
    fn vary(&self) -> Vec<HeaderName> {
        Vec::new()
    }

    /// The domains under which it finds tenants by itself: no tenant can [claim](crate::Domains) these, nor
    /// what is below them. Asked whenever one is claimed.
    fn base_domains(&self) -> Vec<Domain> {
        Vec::new()
    }

    /// Renews what the answers rest on, such as a set of keys.
    ///
    /// The layer calls it when the answer was [`Stale`](Unresolved::Stale), and then asks once more.
    /// Whoever can cause that answer can cause this: it must bound by itself how much it does.
    fn refresh(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(future::ready(()))
    }
}

/// A function of the request's head.
impl<F> Resolver for F
where
    F: Fn(&Parts) -> Result<TenantRef, Unresolved> + Send + Sync + 'static,
{
    fn resolve(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        self(parts).map(Resolved::from)
    }
}

/// Why a request names no tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unresolved {
    /// It says nothing about a tenant.
    Missing,
    /// What it says cannot be a tenant's name.
    Malformed,
    /// It says more than one thing.
    Ambiguous,
    /// What it shows as a proof is none, for the reason given. The reason holds nothing of the
    /// request.
    Untrusted(&'static str),
    /// Two of its parts name different tenants.
    Disagreement,
    /// It may name one, and what would tell must be [renewed](Resolver::refresh) first.
    Stale,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unresolved::Missing => "the request names no tenant",
            Unresolved::Malformed => "what the request names cannot be a tenant",
            Unresolved::Ambiguous => "the request names more than one tenant",
            Unresolved::Untrusted(reason) => {
                return write!(f, "what the request shows is not trusted: {reason}");
            }
            Unresolved::Disagreement => "parts of the request name different tenants",
            Unresolved::Stale => "the request may name a tenant, which could not be found out",
        })
    }
}

impl std::error::Error for Unresolved {}
