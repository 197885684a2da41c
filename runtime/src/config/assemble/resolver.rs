//! Resolvers.

use std::pin::Pin;

use http::{HeaderName, request::Parts};

use super::{
    super::section::{ForwardedHeader, ResolverKind, ResolverRule},
    Check,
};
use crate::{
    Chain, Header, Path, Resolved, Resolver, Slug, Subdomain, TrustedProxies, Unresolved, resolve,
    tenancy::Builder,
};

/// A resolver of any type.
struct Any(Box<dyn Resolver>);

impl Any {
    fn new(resolver: impl Resolver) -> Self {
        Self(Box::new(resolver))
    }
}

impl Resolver for Any {
    fn resolve(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        self.0.resolve(parts)
    }

    fn vary(&self) -> Vec<HeaderName> {
        self.0.vary()
    }

    fn refresh(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.refresh()
    }
}

pub(super) fn resolver(check: &mut Check<'_>, builder: Builder) -> Builder {
    let set = &check.config.resolver;
    let kinds = &set.kinds;
    if kinds.is_empty() {
        check.refuse(
            "resolver.kinds",
            "no request would name a tenant; name one of `header`, `subdomain`, `path` and `jwt`",
        );
    }
    if kinds.iter().enumerate().any(|(at, kind)| kinds[..at].contains(kind)) {
        check.refuse("resolver.kinds", "one of them is there twice; leave one out");
    }
    for (kind, key, word) in [
        (ResolverKind::Header, "resolver.header", "header"),
        (ResolverKind::Subdomain, "resolver.subdomain", "subdomain"),
        (ResolverKind::Subdomain, "resolver.proxies", "subdomain"),
        (ResolverKind::Path, "resolver.path", "path"),
        (ResolverKind::Jwt, "resolver.jwt", "jwt"),
    ] {
        if !kinds.contains(&kind) && check.is_set(key) {
            check.refuse(
                key,
                format!("nothing reads it; add \"{word}\" to `resolver.kinds`, or leave it out"),
            );
        }
    }
    let made: Vec<Option<Any>> = kinds.iter().map(|kind| one(check, *kind)).collect();
    let Some(made) = made.into_iter().collect::<Option<Vec<_>>>() else { return builder };
    let mut made = made.into_iter();
    match (made.next(), made.len()) {
        (None, _) => builder,
        (Some(only), 0) => builder.resolver(only),
        (Some(first), _) => {
            let chain = match set.rule {
                ResolverRule::Every => Chain::every(first),
                ResolverRule::All => Chain::all(first),
                ResolverRule::First => Chain::first(first),
            };
            builder.resolver(made.fold(chain, Chain::with))
        }
    }
}

fn one(check: &mut Check<'_>, kind: ResolverKind) -> Option<Any> {
    let set = &check.config.resolver;
    Some(match kind {
        ResolverKind::Header => {
            let made = Header::try_new(&set.header.name);
            Any::new(check.sound("resolver.header.name", made)?)
        }
        ResolverKind::Path => {
            let made = Path::try_new(&set.path.prefix);
            Any::new(check.sound("resolver.path.prefix", made)?)
        }
        ResolverKind::Subdomain => Any::new(subdomain(check)?),
        ResolverKind::Jwt => Any(super::jwt::jwt(check)?),
    })
}

fn subdomain(check: &mut Check<'_>) -> Option<Subdomain> {
    let set = &check.config.resolver;
    let key = "resolver.subdomain.domains";
    let Some((first, others)) = set.subdomain.domains.split_first() else {
        check.refuse(
            key,
            "name the domain below which tenants have their names, as in [\"example.com\"]",
        );
        return None;
    };
    let made = Subdomain::try_of(first);
    let mut made = check.sound(key, made);
    for domain in others {
        // All are looked at.
        let also = match made.take() {
            Some(made) => made.try_also(domain),
            None => Subdomain::try_of(domain),
        };
        made = check.sound(key, also);
    }
    if let Some(reserved) = &set.subdomain.reserved {
        let bad: Vec<&String> = reserved.iter().filter(|name| Slug::new(name).is_err()).collect();
        if bad.is_empty() {
            made = made.map(|made| made.reserved(reserved));
        } else {
            check.refuse(
                "resolver.subdomain.reserved",
                format!("{bad:?} could never name a tenant; leave them out"),
            );
        }
    }
    let networks = &set.proxies.networks;
    if networks.is_empty() {
        return made;
    }
    let mut sound = true;
    for text in networks {
        sound &= check.sound("resolver.proxies.networks", resolve::network(text)).is_some();
    }
    let proxies = || match set.proxies.header {
        ForwardedHeader::XForwardedHost => TrustedProxies::x_forwarded_host(networks),
        ForwardedHeader::Forwarded => TrustedProxies::forwarded(networks),
    };
    if sound { made.map(|made| made.behind(proxies())) } else { None }
}
