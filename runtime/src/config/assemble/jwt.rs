//! Tokens.

use super::Check;
use crate::Resolver;

#[cfg(not(feature = "jwt"))]
pub(super) fn jwt(check: &mut Check<'_>) -> Option<Box<dyn Resolver>> {
    check.refuse("resolver.kinds", "this program was built without the feature `jwt` of `tenancy`");
    None
}

#[cfg(feature = "jwt")]
pub(super) fn jwt(check: &mut Check<'_>) -> Option<Box<dyn Resolver>> {
    use crate::{Jwt, resolve::jwt::Keys};

    let set = &check.config.resolver.jwt;
    let keys = match &set.jwks_file {
        Some(_) if !set.keys.is_empty() => {
            check.refuse(
                "resolver.jwt.jwks_file",
                "there are keys in `resolver.jwt.keys` as well; leave one of them out",
            );
            None
        }
        Some(file) => {
            let algorithms: Vec<_> = set
                .jwks_algorithms
                .iter()
                .filter_map(|name| algorithm(check, "resolver.jwt.jwks_algorithms", name))
                .collect();
            if set.jwks_algorithms.is_empty() {
                check.refuse(
                    "resolver.jwt.jwks_algorithms",
                    "say by which algorithms tokens may be signed, as in [\"RS256\"]",
                );
            }
            let read = std::fs::read_to_string(file)
                .map_err(|error| format!("it cannot be read: {error}"));
            let document = check.sound("resolver.jwt.jwks_file", read)?;
            check.sound("resolver.jwt.jwks_file", Keys::jwks(algorithms, &document))
        }
        None => fixed(check),
    };
    let mut sound = true;
    for (key, missing, why) in [
        ("resolver.jwt.issuers", set.issuers.is_empty(), "say who makes the tokens, their `iss`"),
        (
            "resolver.jwt.audiences",
            set.audiences.is_empty() && !set.any_audience,
            "say for whom tokens are made, their `aud`; `any_audience = true` takes those for other services too",
        ),
        (
            "resolver.jwt.any_audience",
            !set.audiences.is_empty() && set.any_audience,
            "`resolver.jwt.audiences` says for whom tokens are; leave one of them out",
        ),
        (
            "resolver.jwt.slug_claim",
            set.slug_claim.is_none() && set.id_claim.is_none(),
            "say which claim names the tenant: set it, or `resolver.jwt.id_claim`",
        ),
    ] {
        if missing {
            check.refuse(key, why);
            sound = false;
        }
    }
    let keys = keys?;
    if !sound {
        return None;
    }
    let mut builder = Jwt::builder(keys).leeway(set.leeway);
    builder = set.issuers.iter().fold(builder, |builder, issuer| builder.issuer(issuer));
    builder = set.audiences.iter().fold(builder, |builder, audience| builder.audience(audience));
    if set.any_audience {
        builder = builder.without_audience();
    }
    builder = set.slug_claim.iter().fold(builder, |builder, claim| builder.slug_claim(claim));
    builder = set.id_claim.iter().fold(builder, |builder, claim| builder.id_claim(claim));
    Some(Box::new(check.sound("resolver.jwt", builder.build())?))
}

#[cfg(feature = "jwt")]
fn algorithm(
    check: &mut Check<'_>,
    key: &str,
    name: &str,
) -> Option<crate::resolve::jwt::Algorithm> {
    use crate::resolve::jwt::Algorithm;

    let all: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
    let wanted = || format!("`{name}` is none of: {}", all.join(", "));
    check.sound(key, Algorithm::named(name).ok_or_else(wanted))
}

#[cfg(feature = "jwt")]
fn fixed(check: &mut Check<'_>) -> Option<crate::resolve::jwt::Keys> {
    use crate::resolve::jwt::{Key, Keys};

    let set = &check.config.resolver.jwt.keys;
    let mut keys = Vec::new();
    for (id, key) in set {
        let at = crate::config::problem::join("resolver.jwt.keys", id);
        let Some(algorithm) = algorithm(check, &format!("{at}.algorithm"), &key.algorithm) else {
            continue;
        };
        let (below, made) = match (&key.secret, &key.pem, &key.pem_file) {
            (Some(secret), None, None) => ("secret", Key::secret(algorithm, secret.expose())),
            (None, Some(pem), None) => ("pem", Key::pem(algorithm, pem)),
            (None, None, Some(file)) => {
                let at = format!("{at}.pem_file");
                let read =
                    std::fs::read(file).map_err(|error| format!("it cannot be read: {error}"));
                let Some(pem) = check.sound(&at, read) else { continue };
                ("pem_file", Key::pem(algorithm, pem))
            }
            _ => {
                check.refuse(
                    &format!("{at}.algorithm"),
                    "write exactly one of `secret`, `pem` and `pem_file` beside it",
                );
                continue;
            }
        };
        keys.extend(check.sound(&format!("{at}.{below}"), made).map(|key| key.id(id)));
    }
    if keys.len() < set.len() {
        return None;
    }
    check.sound("resolver.jwt.keys", Keys::fixed(keys))
}
