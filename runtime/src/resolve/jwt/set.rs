//! The keys there are at a moment.

use std::{fmt, sync::Arc, time::Duration};

use super::{Algorithm, Key, Unresolved, fetch::Fetched, head::Head, jwks};
use crate::{Error, Result};

/// The keys tokens are verified with: a fixed set, or one that an issuer publishes.
pub struct Keys(Source);

enum Source {
    Fixed(Arc<KeySet>),
    Fetched(Fetched),
}

impl Keys {
    /// Keys that stay as they are as long as the program runs.
    ///
    /// To change one, add the new one beside it, let the issuer sign with that, and leave the old one
    /// out when its tokens have expired.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if there is none, or if two of them would be meant by
    /// the same tokens.
    pub fn fixed(keys: impl IntoIterator<Item = Key>) -> Result<Self> {
        let set = KeySet::new(keys.into_iter().collect()).map_err(Error::config)?;
        if set.keys.is_empty() {
            return Err(Error::config("no key was given to verify tokens with"));
        }
        Ok(Self(Source::Fixed(Arc::new(set))))
    }

    /// The public keys of a document ([RFC 7517]) that stay as they are. Those for none of the
    /// `algorithms` are left out.
    ///
    /// [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
    ///
    /// # Errors
    ///
    /// As [`fixed`](Self::fixed), and if the document cannot be read.
    pub fn jwks(algorithms: impl IntoIterator<Item = Algorithm>, document: &str) -> Result<Self> {
        let algorithms: Vec<Algorithm> = algorithms.into_iter().collect();
        let set = jwks::read(document, &algorithms).map_err(Error::config)?;
        Self::fixed(set.keys)
    }

    /// The public keys an issuer publishes ([RFC 7517]), which change while the program runs.
    ///
    /// `fetch` gets the document. It must take it from an address of your own choice, over TLS, as
    /// with `reqwest::get(URL).await?.error_for_status()?.text().await`: what a token says of where
    /// keys are is never followed. It is called for the first token, when a token names a key that is
    /// not in the set, and when the set is older than [`max_age`](Self::max_age); at most once in 30
    /// seconds, by one task for all requests, which give it 10 seconds. If it fails, the log says so
    /// at level WARN under the target `tenancy::web`, and the keys stay as they were. A key that is no
    /// longer in the document is not used any more.
    ///
    /// Keys for none of the `algorithms` are left out, and so are shared secrets.
    ///
    /// [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::resolve::jwt::{Algorithm, Keys};
    ///
    /// # async fn download(url: &str) -> std::io::Result<String> { Ok(url.to_owned()) }
    /// let keys = Keys::fetched([Algorithm::RS256, Algorithm::ES256], || async {
    ///     download("https://login.example.com/.well-known/jwks.json").await
    /// });
    /// ```
    pub fn fetched<F, T, E>(algorithms: impl IntoIterator<Item = Algorithm>, fetch: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = std::result::Result<String, E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        Self(Source::Fetched(Fetched::new(algorithms.into_iter().collect(), fetch)))
    }

    /// Sets how old a set that was fetched may become before it is fetched again; 10 minutes unless
    /// set. A key that the issuer took back is used for that long.
    #[must_use]
    pub fn max_age(mut self, longest: Duration) -> Self {
        if let Source::Fetched(fetched) = &mut self.0 {
            fetched.max_age = longest;
        }
        self
    }

    /// The keys there are now.
    pub(super) fn current(&self) -> Arc<KeySet> {
        match &self.0 {
            Source::Fixed(set) => Arc::clone(set),
            Source::Fetched(fetched) => fetched.current(),
        }
    }

    /// Whether they are too old, and may be fetched.
    pub(super) fn are_due(&self) -> bool {
        matches!(&self.0, Source::Fetched(fetched) if fetched.is_due())
    }

    /// Whether a key that is not there may come.
    pub(super) fn may_change(&self) -> bool {
        matches!(self.0, Source::Fetched(_))
    }

    /// Fetches them again, unless that was just done.
    pub(super) async fn refresh(&self) {
        if let Source::Fetched(fetched) = &self.0 {
            fetched.refresh().await;
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.current().keys).finish()
    }
}

/// Keys, of which each token means one at most.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    pub(super) fn new(keys: Vec<Key>) -> Result<Self, &'static str> {
        for (index, key) in keys.iter().enumerate() {
            let meant_as_well = |other: &Key| {
                other.name() == key.name()
                    && other.algorithms().iter().any(|one| key.algorithms().contains(one))
            };
            if key.name().is_some() && keys[..index].iter().any(meant_as_well) {
                return Err("two keys have the same id and algorithm");
            }
        }
        Ok(Self { keys })
    }

    /// The key a token means, if it is here.
    pub(super) fn key(&self, head: &Head) -> Result<Option<&Key>, Unresolved> {
        let fits = |key: &&Key| key.algorithms().contains(&head.algorithm);
        let other = Unresolved::Untrusted("its key is for another algorithm");
        let Some(id) = &head.key_id else {
            return match &*self.keys {
                [] => Ok(None),
                [only] if only.name().is_none() => Some(only).filter(fits).ok_or(other).map(Some),
                _ => Err(Unresolved::Untrusted("it does not say which key it means")),
            };
        };
        let named: Vec<&Key> =
            self.keys.iter().filter(|key| key.name() == Some(id.as_str())).collect();
        match named.iter().copied().find(fits) {
            Some(key) => Ok(Some(key)),
            None if named.is_empty() => Ok(None),
            None => Err(other),
        }
    }
}
