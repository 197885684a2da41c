//! The tenant in a claim of a signed token.
//!
//! [`Jwt`] is the resolver, [`Keys`] are what tokens are verified with. It follows RFC [7515] and
//! [7519] with the advice of [RFC 8725]: a key has one family of algorithms, what the token says of
//! its own key is never followed, and what must be there is required.
//!
//! [7515]: https://www.rfc-editor.org/rfc/rfc7515
//! [7519]: https://www.rfc-editor.org/rfc/rfc7519
//! [RFC 8725]: https://www.rfc-editor.org/rfc/rfc8725

mod algorithm;
mod bearer;
mod builder;
mod claim;
mod fetch;
mod head;
mod json;
mod jwks;
mod key;
mod set;
#[cfg(test)]
mod tests;

use std::{fmt, pin::Pin};

use http::{HeaderName, header, request::Parts};
use jsonwebtoken::{Validation, errors::ErrorKind};

pub use self::{algorithm::Algorithm, builder::Builder, key::Key, set::Keys};
use self::{claim::Claim, head::Head, json::Strict};
use super::{Resolved, Resolver, Unresolved};

/// Reads the tenant from a claim of the token in `Authorization: Bearer …` ([RFC 6750], section 2.1).
///
/// The token must be signed with one of the [keys](Keys), by an algorithm of that key; it must have
/// `exp`, `iss` and `aud`, and be meant for this service at this moment. It is refused if any object
/// in it has a name twice, if a claim is of another type than [RFC 7519] says, if it says where its
/// key is to be found (`jku`, `jwk`, `x5u`, `x5c`), or asks for an extension (`crit`).
///
/// Signatures are verified by the crate `jsonwebtoken`, by its provider in Rust alone. A program that
/// turns on its other provider too must install one of them (`CryptoProvider::install_default`)
/// before the first token comes, which panics otherwise.
///
/// A request without the field `Authorization` names no tenant. One with another scheme, or with two
/// values, is refused.
///
/// [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750
/// [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Jwt, resolve::jwt::{Algorithm, Key, Keys}};
///
/// # fn example(public_key: &str) -> tenancy::Result<()> {
/// let key = Key::pem(Algorithm::RS256, public_key)?.id("2026-11");
/// let jwt = Jwt::builder(Keys::fixed([key])?)
///     .issuer("https://login.example.com")
///     .audience("https://shop.example.com")
///     .slug_claim("org.slug")
///     .build()?;
///
/// let layer = |tenancy: &tenancy::Tenancy| tenancy.layer().challenge("Bearer");
/// # let _ = (jwt, layer);
/// # Ok(())
/// # }
/// ```
pub struct Jwt {
    keys: Keys,
    validation: Validation,
    claims: Vec<Claim>,
}

impl Jwt {
    /// Begins to set one up.
    pub fn builder(keys: Keys) -> Builder {
        Builder::new(keys)
    }

    /// The claims of a token, if it is good.
    fn verified(&self, token: &str) -> Result<Strict, Unresolved> {
        let head = Head::read(token)?;
        if self.keys.are_due() {
            return Err(Unresolved::Stale);
        }
        let set = self.keys.current();
        let Some(key) = set.key(&head)? else {
            let may_come = self.keys.may_change();
            let unknown = Unresolved::Untrusted("its key is not known");
            return Err(if may_come { Unresolved::Stale } else { unknown });
        };
        let mut validation = self.validation.clone();
        validation.algorithms = vec![head.algorithm.inner()];
        let verified = jsonwebtoken::decode::<Strict>(token, key.inner(), &validation);
        verified.map(|token| token.claims).map_err(|error| Unresolved::Untrusted(reason(&error)))
    }
}

/// In words that hold nothing of the token.
fn reason(error: &jsonwebtoken::errors::Error) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidIssuer => "another issuer made it",
        ErrorKind::InvalidAudience => "it is meant for others",
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing that must be there",
        ErrorKind::InvalidClaimFormat(_) => "a claim is of the wrong type",
        ErrorKind::Json(_) => "its claims cannot be read, or one is there twice",
        _ => "it cannot be verified",
    }
}

impl Resolver for Jwt {
    fn resolve(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        let token = bearer::token(parts)?;
        let claims = self.verified(token)?;
        claim::check_types(&claims)?;
        let mut found = self.claims.iter().map(|claim| claim.find(&claims));
        let first = found.next().unwrap_or(Err(Unresolved::Missing)).map(Resolved::from)?;
        found.try_fold(first, |resolved, key| resolved.agree(key?.into()))
    }

    fn vary(&self) -> Vec<HeaderName> {
        vec![header::AUTHORIZATION]
    }

    fn refresh(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.keys.refresh())
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, validation: _, claims } = self;
        f.debug_struct("Jwt").field("keys", keys).field("claims", claims).finish_non_exhaustive()
    }
}
