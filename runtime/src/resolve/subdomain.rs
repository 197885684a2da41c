//! The tenant's slug as the first label of a host name.

use std::collections::BTreeSet;

use http::{HeaderName, request::Parts};
use psl::Psl as _;
use tenancy_core::{Domain, Slug};

use super::{Resolved, Resolver, TrustedProxies, Unresolved, host};
use crate::{Error, Result};

/// Names under a base domain that are no tenants', unless others are set.
const RESERVED: [&str; 8] = ["admin", "api", "app", "assets", "cdn", "mail", "static", "www"];

/// Reads the slug from the host: `acme.example.com` is `acme`, one label below a base domain.
///
/// The base domain itself, a name that is deeper, a reserved name, an address and every other
/// domain name no tenant. The host is that of the URI, as in HTTP/2, or of the field `Host`, in its
/// [one spelling](crate::Host); two that differ are ambiguous. What proxies say is not read, unless
/// they are [trusted](Self::behind).
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Resolver, Slug, Subdomain, resolve::{Resolved, Unresolved}};
///
/// let resolver = Subdomain::of("example.com");
/// let ask = |host: &str| {
///     let request = http::Request::builder().header("host", host).body(()).unwrap();
///     resolver.resolve(&request.into_parts().0)
/// };
/// assert_eq!(ask("ACME.example.com.:8080"), Ok(Resolved::from(Slug::new("acme")?)));
/// for nobody in ["example.com", "www.example.com", "evil.acme.example.com", "127.0.0.1"] {
///     assert_eq!(ask(nobody), Err(Unresolved::Missing));
/// }
/// assert_eq!(ask("a_b.example.com"), Err(Unresolved::Malformed));
/// # Ok::<(), tenancy::InvalidValue>(())
/// ```
#[derive(Debug, Clone)]
pub struct Subdomain {
    bases: Vec<Domain>,
    reserved: BTreeSet<String>,
    proxies: Option<TrustedProxies>,
}

impl Subdomain {
    /// Reads slugs below this domain.
    ///
    /// # Panics
    ///
    /// If it cannot be one; see [`try_of`](Self::try_of).
    #[must_use]
    pub fn of(base: &str) -> Self {
        Self::try_of(base).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads slugs below this domain.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if it is no domain name, is an address, or is a
    /// suffix such as `com` or `co.uk`, under which others have their names too (the list is that
    /// of [publicsuffix.org](https://publicsuffix.org), its public part).
    pub fn try_of(base: &str) -> Result<Self> {
        let reserved = RESERVED.map(str::to_owned).into();
        Ok(Self { bases: vec![checked(base)?], reserved, proxies: None })
    }

    /// Reads slugs below another domain as well. Where one is below the other, the longer one counts.
    ///
    /// # Panics
    ///
    /// As [`of`](Self::of).
    #[must_use]
    pub fn also(self, base: &str) -> Self {
        self.try_also(base).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads slugs below another domain as well, as [`also`](Self::also) does.
    ///
    /// # Errors
    ///
    /// As [`try_of`](Self::try_of).
    pub fn try_also(mut self, base: &str) -> Result<Self> {
        self.bases.push(checked(base)?);
        Ok(self)
    }

    /// Sets which names are no tenants'; `admin`, `api`, `app`, `assets`, `cdn`, `mail`, `static`
    /// and `www` unless set.
    ///
    /// # Panics
    ///
    /// If one is no [`Slug`], which could never name a tenant anyway.
    #[must_use]
    pub fn reserved<T: AsRef<str>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        let name = |name: T| match Slug::new(name.as_ref()) {
            Ok(slug) => slug.to_string(),
            Err(error) => panic!("`{}` cannot be reserved: {error}", name.as_ref()),
        };
        self.reserved = names.into_iter().map(name).collect();
        self
    }

    /// Believes these proxies about the host.
    #[must_use]
    pub fn behind(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = Some(proxies);
        self
    }
}

impl Subdomain {
    /// What it reads, for a resolver that reads the rest.
    pub(super) fn reads(&self) -> (&[Domain], Option<&TrustedProxies>) {
        (&self.bases, self.proxies.as_ref())
    }
}

fn checked(base: &str) -> Result<Domain> {
    let cannot = |why: &str| Error::config(format!("`{base}` cannot be a base domain: {why}"));
    let domain = Domain::new(base).map_err(|error| cannot(&error.to_string()))?;
    let suffix = psl::List.suffix(domain.as_str().as_bytes());
    let public = suffix.filter(|suffix| suffix.typ() == Some(psl::Type::Icann));
    if public.is_some_and(|suffix| suffix.as_bytes() == domain.as_str().as_bytes()) {
        return Err(cannot("others have their names under it, too"));
    }
    Ok(domain)
}

impl Resolver for Subdomain {
    fn resolve(&self, parts: &Parts) -> std::result::Result<Resolved, Unresolved> {
        let host = host::host(parts, self.proxies.as_ref())?;
        let domain = host.domain().ok_or(Unresolved::Missing)?;
        if self.bases.contains(domain) {
            return Err(Unresolved::Missing);
        }
        let below = self.bases.iter().filter_map(|base| domain.below(base));
        // Below the longest of the bases is the shortest rest.
        let label = below.min_by_key(|rest| rest.len()).ok_or(Unresolved::Missing)?;
        if label.contains('.') || self.reserved.contains(label) {
            return Err(Unresolved::Missing);
        }
        Slug::new(label).map(Resolved::from).map_err(|_| Unresolved::Malformed)
    }

    fn base_domains(&self) -> Vec<Domain> {
        self.bases.clone()
    }

    fn vary(&self) -> Vec<HeaderName> {
        self.proxies.iter().map(TrustedProxies::field).collect()
    }
}
