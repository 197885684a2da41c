//! The tenant by a key that was made for it.

use http::{HeaderName, HeaderValue, header, request::Parts};

use super::{Resolved, Resolver, Unresolved};
use crate::{PresentedKey, Result, store::key_prefix};

/// The other header a key may be in.
static OTHER: HeaderName = HeaderName::from_static("x-api-key");

/// Longest value that is looked at, in bytes.
const LONGEST: usize = 256;

/// Reads a key of [`Tenancy::api_keys`](crate::Tenancy::api_keys), in `Authorization: Bearer tk_….…` or
/// in `x-api-key: tk_….…`.
///
/// A key in both must be the same. What is in `Authorization` and does not begin with the prefix is
/// another proof, and this says nothing of it: so a [`Chain`](super::Chain) may have a resolver for tokens
/// after this one. What begins with the prefix and is no key is refused, and so is anything else in
/// `x-api-key`. Its secret is hashed, whether or not there is such a key. An unknown key, a wrong
/// secret, one that has expired and one that was revoked are answered alike.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{ApiKey, NewTenant, Resolver, Tenancy, resolve::Unresolved};
///
/// # async fn example() -> tenancy::Result<()> {
/// let tenancy =
///     Tenancy::builder().database("sqlite::memory:").resolver(ApiKey::default()).connect().await?;
/// let acme = tenancy.create_tenant(NewTenant::new("acme")?).await?;
/// let created = tenancy.api_keys().create(&acme.id, "nightly export", None).await?;
///
/// let ask = |value: &str| {
///     let request = http::Request::builder().header("authorization", value).body(()).unwrap();
///     ApiKey::default().resolve(&request.into_parts().0)
/// };
/// assert!(ask(&format!("Bearer {}", created.key.expose())).is_ok());
/// assert_eq!(ask("Bearer tk_0123.4567"), Err(Unresolved::Malformed));
/// assert_eq!(ask("Bearer eyJhbGciOi.eyJzdWIiOi.c2ln"), Err(Unresolved::Missing));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct ApiKey {
    prefix: String,
}

impl ApiKey {
    /// Reads keys that begin with a prefix of your own and `_`.
    ///
    /// # Errors
    ///
    /// One of [configuration](crate::Error::is_config) unless it is 1 to 16 lower-case ASCII letters and digits.
    pub fn new(prefix: &str) -> Result<Self> {
        key_prefix::check(prefix)?;
        Ok(Self { prefix: prefix.to_owned() })
    }

    fn read(&self, text: &str) -> Option<PresentedKey> {
        PresentedKey::read(&self.prefix, text)
    }

    /// Whether a text says that it is a key.
    fn claims(&self, text: &str) -> bool {
        text.strip_prefix(self.prefix.as_str()).is_some_and(|rest| rest.starts_with('_'))
    }

    fn bearer(&self, parts: &Parts) -> Result<Option<PresentedKey>, Unresolved> {
        let Some(value) = single(parts, &header::AUTHORIZATION)? else { return Ok(None) };
        let Some((scheme, text)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
            return Ok(None);
        };
        if !scheme.eq_ignore_ascii_case("bearer") || !self.claims(text) {
            return Ok(None);
        }
        if text.len() > LONGEST {
            return Err(Unresolved::Malformed);
        }
        self.read(text).map(Some).ok_or(Unresolved::Malformed)
    }

    fn other(&self, parts: &Parts) -> Result<Option<PresentedKey>, Unresolved> {
        let Some(value) = single(parts, &OTHER)? else { return Ok(None) };
        let text = value.to_str().ok().filter(|text| text.len() <= LONGEST);
        text.and_then(|text| self.read(text)).map(Some).ok_or(Unresolved::Malformed)
    }
}

fn single<'a>(parts: &'a Parts, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Unresolved> {
    let mut values = parts.headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Unresolved::Ambiguous);
    }
    Ok(value)
}

impl Default for ApiKey {
    /// Reads keys that begin with `tk_`.
    fn default() -> Self {
        Self { prefix: key_prefix::USUAL.to_owned() }
    }
}

impl Resolver for ApiKey {
    fn resolve(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        match (self.bearer(parts)?, self.other(parts)?) {
            (None, None) => Err(Unresolved::Missing),
            (Some(one), Some(other)) if one != other => Err(Unresolved::Ambiguous),
            (Some(key), _) | (None, Some(key)) => Ok(Resolved::from(key)),
        }
    }

    fn vary(&self) -> Vec<HeaderName> {
        vec![header::AUTHORIZATION, OTHER.clone()]
    }
}
