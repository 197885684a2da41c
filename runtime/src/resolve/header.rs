//! The tenant's slug in a header.

use http::{HeaderName, request::Parts};
use tenancy_core::Slug;

use super::{Resolved, Resolver, Unresolved};
use crate::Error;

/// Reads the slug from one header.
///
/// The header must be there exactly once, and its whole value be a [`Slug`]: upper case, spaces
/// and lists are malformed, not mended. A client can write any header, so whatever stands in front
/// must check that the caller belongs to the tenant, or set the header itself.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Header, Resolver, Slug, resolve::{Resolved, Unresolved}};
///
/// let header = Header::new("x-tenant-id");
/// let request = |request: http::request::Builder| request.body(()).unwrap().into_parts().0;
///
/// let named = request(http::Request::builder().header("X-Tenant-Id", "acme"));
/// assert_eq!(header.resolve(&named), Ok(Resolved::from(Slug::new("acme")?)));
///
/// let twice = request(
///     http::Request::builder().header("x-tenant-id", "acme").header("x-tenant-id", "acme"),
/// );
/// assert_eq!(header.resolve(&twice), Err(Unresolved::Ambiguous));
/// # Ok::<(), tenancy::InvalidValue>(())
/// ```
#[derive(Debug, Clone)]
pub struct Header {
    name: HeaderName,
}

impl Header {
    /// Reads the header called `name`, in whatever case.
    ///
    /// # Panics
    ///
    /// If the text cannot be the name of a header.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::try_new(name).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads the header called `name`, in whatever case.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if the text cannot be the name of a header.
    pub fn try_new(name: &str) -> crate::Result<Self> {
        match HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) => Ok(Self { name }),
            Err(_) => Err(Error::config(format!("`{name}` cannot be the name of a header"))),
        }
    }
}

impl Default for Header {
    /// Reads `x-tenant-id`.
    fn default() -> Self {
        Self { name: HeaderName::from_static("x-tenant-id") }
    }
}

impl Resolver for Header {
    fn resolve(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        let mut values = parts.headers.get_all(&self.name).iter();
        let value = values.next().ok_or(Unresolved::Missing)?;
        if values.next().is_some() {
            return Err(Unresolved::Ambiguous);
        }
        let text = value.to_str().map_err(|_| Unresolved::Malformed)?;
        Slug::new(text).map(Resolved::from).map_err(|_| Unresolved::Malformed)
    }

    fn vary(&self) -> Vec<HeaderName> {
        vec![self.name.clone()]
    }
}
