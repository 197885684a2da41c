//! What a request names a tenant by.

use std::fmt;

use http::Uri;
use tenancy_core::{Domain, Slug, TenantId};

use super::Unresolved;
use crate::PresentedKey;

/// By what a tenant is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TenantRef {
    /// What it is called in addresses.
    Slug(Slug),
    /// Its identity.
    Id(TenantId),
    /// A domain that it has shown to be its own.
    Domain(Domain),
    /// A key that was made for it.
    ApiKey(PresentedKey),
}

impl From<Domain> for TenantRef {
    fn from(domain: Domain) -> Self {
        TenantRef::Domain(domain)
    }
}

impl From<PresentedKey> for TenantRef {
    fn from(key: PresentedKey) -> Self {
        TenantRef::ApiKey(key)
    }
}

impl From<Slug> for TenantRef {
    fn from(slug: Slug) -> Self {
        TenantRef::Slug(slug)
    }
}

impl From<TenantId> for TenantRef {
    fn from(id: TenantId) -> Self {
        TenantRef::Id(id)
    }
}

impl fmt::Display for TenantRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TenantRef::Slug(slug) => write!(f, "the slug `{slug}`"),
            TenantRef::Id(id) => write!(f, "the id `{id}`"),
            TenantRef::Domain(domain) => write!(f, "the domain `{domain}`"),
            TenantRef::ApiKey(key) => write!(f, "the key `{}`", key.id()),
        }
    }
}

/// The answer of a [`Resolver`](super::Resolver): one tenant, and what the request is from then on.
///
/// It may name the tenant in more than one way, as by slug and by id. All must lead to the same
/// tenant, or the request is not let through.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Slug, TenantId, resolve::{Resolved, Unresolved}};
///
/// let acme = Resolved::from(Slug::new("acme")?);
/// let both = acme.clone().agree(TenantId::new("42")?.into())?;
/// assert_eq!(both.keys().count(), 2);
/// assert_eq!(acme.agree(Slug::new("globex")?.into()), Err(Unresolved::Disagreement));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    key: TenantRef,
    others: Vec<TenantRef>,
    uri: Option<Uri>,
}

impl Resolved {
    /// Lets the service inside of the layer see another URI, such as one without the tenant's part
    /// of the path.
    #[must_use]
    pub fn rewrite(mut self, uri: Uri) -> Self {
        self.uri = Some(uri);
        self
    }

    /// What both name.
    ///
    /// # Errors
    ///
    /// [`Disagreement`](Unresolved::Disagreement) if they name different tenants in the same way,
    /// [`Ambiguous`](Unresolved::Ambiguous) if they leave different URIs.
    pub fn agree(mut self, other: Resolved) -> Result<Self, Unresolved> {
        for key in other.keys() {
            let same_kind = |mine: &&TenantRef| {
                std::mem::discriminant::<TenantRef>(mine) == std::mem::discriminant(key)
            };
            let mine = self.keys().find(same_kind);
            if mine.is_some_and(|mine| mine != key) {
                return Err(Unresolved::Disagreement);
            }
            if mine.is_none() {
                self.others.push(key.clone());
            }
        }
        match (&self.uri, other.uri) {
            (Some(mine), Some(theirs)) if *mine != theirs => return Err(Unresolved::Ambiguous),
            (None, Some(theirs)) => self.uri = Some(theirs),
            _ => {}
        }
        Ok(self)
    }

    /// All that the tenant is named by; never empty.
    pub fn keys(&self) -> impl Iterator<Item = &TenantRef> {
        std::iter::once(&self.key).chain(&self.others)
    }

    /// What the service inside sees, if it is another URI than that of the request.
    #[must_use]
    pub fn uri(&self) -> Option<&Uri> {
        self.uri.as_ref()
    }
}

impl<K: Into<TenantRef>> From<K> for Resolved {
    fn from(key: K) -> Self {
        Self { key: key.into(), others: Vec::new(), uri: None }
    }
}
