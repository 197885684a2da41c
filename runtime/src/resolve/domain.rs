//! The tenant by a domain of its own.

use http::{HeaderName, request::Parts};
use tenancy_core::Domain;

use super::{Resolved, Resolver, Subdomain, TrustedProxies, Unresolved, host};

/// Reads the host as a domain of a tenant's own: `shop.acme.com` is whoever has shown that it is
/// theirs, by [`Tenancy::domains`](crate::Tenancy::domains).
///
/// Of an address, and of the application's own domains and what is below them, it says nothing. Every
/// other host names a tenant, which there may not be: put it behind [`Subdomain`] in a
/// [`Chain`](super::Chain). The host is read as `Subdomain` reads it.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Chain, CustomDomain, Domain, Resolver, Slug, Subdomain, resolve::{Resolved, Unresolved}};
///
/// let ours = Subdomain::of("example.com");
/// let theirs = CustomDomain::beside(&ours);
/// let resolver = Chain::first(ours).with(theirs);
/// let ask = |host: &str| {
///     let request = http::Request::builder().header("host", host).body(()).unwrap();
///     resolver.resolve(&request.into_parts().0)
/// };
/// assert_eq!(ask("acme.example.com"), Ok(Resolved::from(Slug::new("acme")?)));
/// assert_eq!(ask("Shop.Acme.com:8080"), Ok(Resolved::from(Domain::new("shop.acme.com")?)));
/// for nobody in ["example.com", "www.example.com", "127.0.0.1"] {
///     assert_eq!(ask(nobody), Err(Unresolved::Missing));
/// }
/// # Ok::<(), tenancy::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CustomDomain {
    own: Vec<Domain>,
    proxies: Option<TrustedProxies>,
}

impl CustomDomain {
    /// Reads every host, so that each but an address names a tenant.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the hosts that another resolver does not, and believes the same proxies.
    #[must_use]
    pub fn beside(subdomain: &Subdomain) -> Self {
        let (bases, proxies) = subdomain.reads();
        Self { own: bases.to_vec(), proxies: proxies.cloned() }
    }

    /// Says nothing of this domain and what is below it: it is the application's own.
    #[must_use]
    pub fn except(mut self, own: Domain) -> Self {
        self.own.push(own);
        self
    }

    /// Believes these proxies about the host.
    #[must_use]
    pub fn behind(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = Some(proxies);
        self
    }
}

impl Resolver for CustomDomain {
    fn resolve(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        let host = host::host(parts, self.proxies.as_ref())?;
        let domain = host.domain().ok_or(Unresolved::Missing)?;
        if self.own.iter().any(|own| domain == own || domain.below(own).is_some()) {
            return Err(Unresolved::Missing);
        }
        Ok(Resolved::from(domain.clone()))
    }

    fn base_domains(&self) -> Vec<Domain> {
        self.own.clone()
    }

    fn vary(&self) -> Vec<HeaderName> {
        self.proxies.iter().map(TrustedProxies::field).collect()
    }
}
