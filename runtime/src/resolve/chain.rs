//! Several resolvers, asked about one request.

use std::{fmt, pin::Pin};

use futures_util::future;
use http::{HeaderName, request::Parts};
use tenancy_core::Domain;

use super::{Resolved, Resolver, Unresolved};

/// Several resolvers: the [first](Chain::first) that finds something, [all](Chain::all) that do, or
/// [every](Chain::every) one.
///
/// Only a resolver for which a request says [nothing](Unresolved::Missing) is passed over. One that
/// finds something malformed, ambiguous or not to be trusted refuses the request: if it were passed
/// over, whoever has a bad token would only have to add a header.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Chain, Header, Resolver, Slug, Subdomain, resolve::{Resolved, Unresolved}};
///
/// let request = |host: &str, header: &str| {
///     let request = http::Request::builder().header("host", host).header("x-tenant-id", header);
///     request.body(()).unwrap().into_parts().0
/// };
/// let acme = Resolved::from(Slug::new("acme")?);
///
/// let first = Chain::first(Subdomain::of("example.com")).with(Header::default());
/// assert_eq!(first.resolve(&request("example.com", "acme")), Ok(acme.clone()));
/// assert_eq!(first.resolve(&request("acme.example.com", "globex")), Ok(acme.clone()));
/// assert_eq!(first.resolve(&request("a_b.example.com", "acme")), Err(Unresolved::Malformed));
///
/// let all = Chain::all(Subdomain::of("example.com")).with(Header::default());
/// assert_eq!(all.resolve(&request("acme.example.com", "acme")), Ok(acme));
/// assert_eq!(
///     all.resolve(&request("acme.example.com", "globex")),
///     Err(Unresolved::Disagreement),
/// );
/// # Ok::<(), tenancy::InvalidValue>(())
/// ```
pub struct Chain {
    resolvers: Vec<Box<dyn Resolver>>,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    First,
    All,
    Every,
}

impl Chain {
    /// Goes by the first resolver for which the request says anything at all; those after it are
    /// not asked. Add them with [`with`](Self::with), the most trustworthy one first.
    #[must_use]
    pub fn first(resolver: impl Resolver) -> Self {
        Self { resolvers: vec![Box::new(resolver)], rule: Rule::First }
    }

    /// Goes by every resolver for which the request says anything, of which there must be one. All
    /// must come to the same tenant, whatever they name it by, or the request is refused and the
    /// log says so at level WARN. The order makes no difference.
    #[must_use]
    pub fn all(resolver: impl Resolver) -> Self {
        Self { resolvers: vec![Box::new(resolver)], rule: Rule::All }
    }

    /// Goes by every resolver, each of which must find something: as [`all`](Self::all), but that a
    /// request for which one of them finds nothing names no tenant.
    ///
    /// For a name that anybody can choose, beside a proof without which it is worth nothing: with
    /// `all`, whoever leaves the token away is let through by the name alone.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{Chain, Header, Resolver, Slug, Subdomain, resolve::{Resolved, Unresolved}};
    ///
    /// let every = Chain::every(Subdomain::of("example.com")).with(Header::default());
    /// let ask = |request: http::request::Builder| {
    ///     every.resolve(&request.header("host", "acme.example.com").body(()).unwrap().into_parts().0)
    /// };
    /// assert_eq!(ask(http::Request::builder()), Err(Unresolved::Missing));
    /// let both = ask(http::Request::builder().header("x-tenant-id", "acme"));
    /// assert_eq!(both, Ok(Resolved::from(Slug::new("acme")?)));
    /// # Ok::<(), tenancy::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn every(resolver: impl Resolver) -> Self {
        Self { resolvers: vec![Box::new(resolver)], rule: Rule::Every }
    }

    /// Adds a resolver.
    #[must_use]
    pub fn with(mut self, resolver: impl Resolver) -> Self {
        self.resolvers.push(Box::new(resolver));
        self
    }

    fn present(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        let answers = self.resolvers.iter().map(|resolver| resolver.resolve(parts));
        let mut present = answers.filter(|answer| *answer != Err(Unresolved::Missing));
        present.next().unwrap_or(Err(Unresolved::Missing))
    }

    fn agreed(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        let mut agreed: Option<Resolved> = None;
        let mut stale = false;
        for resolver in &self.resolvers {
            match resolver.resolve(parts) {
                Ok(found) => {
                    agreed = Some(match agreed {
                        Some(agreed) => agreed.agree(found)?,
                        None => found,
                    });
                }
                Err(Unresolved::Missing) if self.rule == Rule::All => {}
                // Nothing is renewed for a request that is refused in any case.
                Err(Unresolved::Stale) => stale = true,
                Err(reason) => return Err(reason),
            }
        }
        if stale {
            return Err(Unresolved::Stale);
        }
        agreed.ok_or(Unresolved::Missing)
    }
}

impl Resolver for Chain {
    fn resolve(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        match self.rule {
            Rule::First => self.present(parts),
            Rule::All | Rule::Every => self.agreed(parts),
        }
    }

    fn vary(&self) -> Vec<HeaderName> {
        let mut names: Vec<HeaderName> = Vec::new();
        for name in self.resolvers.iter().flat_map(|resolver| resolver.vary()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn base_domains(&self) -> Vec<Domain> {
        self.resolvers.iter().flat_map(|resolver| resolver.base_domains()).collect()
    }

    fn refresh(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let all = future::join_all(self.resolvers.iter().map(|resolver| resolver.refresh()));
        Box::pin(async move {
            all.await;
        })
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = ("rule", self.rule);
        let resolvers = self.resolvers.len();
        f.debug_struct("Chain").field(rule.0, &rule.1).field("resolvers", &resolvers).finish()
    }
}
