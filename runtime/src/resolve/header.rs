//! The tenant's slug in a header.

use http::{HeaderName, request::Parts};
use tenancy_core::Slug;

use super::{Resolver, Unresolved};

/// Reads the slug from one header.
///
/// The header must be there exactly once, and its whole value be a [`Slug`]: upper case, spaces
/// and lists are malformed, not mended. A client can write any header, so whatever stands in front
/// must check that the caller belongs to the tenant, or set the header itself.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Header, Resolver, resolve::Unresolved};
///
/// let header = Header::new("x-tenant-id");
/// let request = |request: http::request::Builder| request.body(()).unwrap().into_parts().0;
///
/// let named = request(http::Request::builder().header("X-Tenant-Id", "acme"));
/// assert_eq!(header.resolve(&named).unwrap().as_str(), "acme");
///
/// let twice = request(
///     http::Request::builder().header("x-tenant-id", "acme").header("x-tenant-id", "acme"),
/// );
/// assert_eq!(header.resolve(&twice), Err(Unresolved::Ambiguous));
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
        match HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) => Self { name },
            Err(_) => panic!("`{name}` cannot be the name of a header"),
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
    fn resolve(&self, parts: &Parts) -> Result<Slug, Unresolved> {
        let mut values = parts.headers.get_all(&self.name).iter();
        let value = values.next().ok_or(Unresolved::Missing)?;
        if values.next().is_some() {
            return Err(Unresolved::Ambiguous);
        }
        let text = value.to_str().map_err(|_| Unresolved::Malformed)?;
        Slug::new(text).map_err(|_| Unresolved::Malformed)
    }

    fn vary(&self) -> Option<HeaderName> {
        Some(self.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    fn resolve(values: &[&[u8]]) -> Result<String, Unresolved> {
        let mut request = Request::new(());
        for value in values {
            let value = HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append("x-tenant-id", value);
        }
        let resolved = Header::new("X-Tenant-ID").resolve(&request.into_parts().0);
        resolved.map(|slug| slug.to_string())
    }

    #[test]
    fn exactly_one_slug_resolves() {
        assert_eq!(resolve(&[b"acme-north"]), Ok("acme-north".to_owned()));
    }

    #[test]
    fn no_header_is_missing() {
        assert_eq!(resolve(&[]), Err(Unresolved::Missing));
    }

    #[test]
    fn anything_else_than_a_slug_is_malformed() {
        let long = [b'a'; 64];
        for value in [
            &b""[..],
            b" ",
            b"Acme",
            b"acme,globex",
            b"acme globex",
            b" acme",
            b"a\xc3\xa9",
            b"a--b",
            b"%61cme",
            &long,
        ] {
            assert_eq!(resolve(&[value]), Err(Unresolved::Malformed), "{value:?}");
        }
    }

    #[test]
    fn two_headers_are_ambiguous_even_if_they_agree() {
        assert_eq!(resolve(&[b"acme", b"globex"]), Err(Unresolved::Ambiguous));
        assert_eq!(resolve(&[b"acme", b"acme"]), Err(Unresolved::Ambiguous));
    }
}
