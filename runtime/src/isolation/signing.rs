//! The keys that sign who a transaction is for.

use std::{fmt, sync::Arc, time::Duration};

use tenancy_core::{TenantId, policy::token::Key};

use crate::{Error, Result, pool::Token};

/// How long a token is good unless told otherwise.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Keys that sign who a transaction is for, so that policies need not believe what SQL says.
/// [`Rls::signed`](super::Rls::signed) switches it on.
///
/// Without it, policies read the tenant from a setting, which any SQL of the session can change. The
/// scoper lets no tenant do that; but where SQL comes into a session past the scoper, by a function
/// of yours that builds SQL of texts, it can. A token it cannot make: it is signed with HMAC-SHA256,
/// and a function in the database verifies it, with keys that the serving role cannot read.
///
/// Each transaction takes one more round trip, in which the token is sent. It is bound and not part of
/// a statement, which other sessions of the role are shown; keep the server's
/// `log_parameter_max_length` at 0 if it logs statements. What somebody could learn is a token for the
/// tenant it was learnt from, until it expires. Superusers and the owner of the schema `tenancy` are
/// trusted.
///
/// To change keys, [accept](Self::accepting) the old one as well in every process, then sign with the
/// new one, and when the last old token has expired, `DELETE FROM tenancy.key WHERE id = 'old'`.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use tenancy::{Rls, Signing, policy::token::Key};
///
/// let key = Key::new("k2", b"32 bytes from a random generator")?;
/// let old = Key::new("k1", b"the 32 bytes from the year before")?;
/// let isolation = Rls::new().signed(Signing::new(key).accepting(old));
/// # Ok::<(), tenancy::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct Signing {
    key: Arc<Key>,
    accepted: Vec<Key>,
    lifetime: Duration,
}

impl Signing {
    /// Signs with that key.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self { key: Arc::new(key), accepted: Vec::new(), lifetime: LIFETIME }
    }

    /// Accepts what another key signed, too.
    #[must_use]
    pub fn accepting(mut self, key: Key) -> Self {
        self.accepted.push(key);
        self
    }

    /// Sets how long a token is good, in whole seconds; 15 minutes unless set. A transaction that
    /// takes longer fails. The clocks of the application and the server may differ by as much less.
    #[must_use]
    pub fn lifetime(mut self, longest: Duration) -> Self {
        self.lifetime = longest;
        self
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&*self.key).chain(&self.accepted)
    }

    /// # Errors
    ///
    /// If tokens would have expired at once, or two keys have one name.
    pub(super) fn check(&self) -> Result<()> {
        if self.lifetime < Duration::from_secs(1) {
            return Err(Error::config(format!(
                "tokens would be good for {:?}, and they are counted in seconds; raise \
                 `Signing::lifetime` above the longest transaction",
                self.lifetime
            )));
        }
        if let Some(twice) = self.accepted.iter().find(|key| key.id() == self.key.id()) {
            return Err(Error::config(format!(
                "the key that signs and one that is accepted are both called `{}`; give each key \
                 an id of its own",
                twice.id()
            )));
        }
        Ok(())
    }

    /// Makes a tenant's tokens.
    pub(super) fn token(&self, tenant: &TenantId) -> Token {
        Token::new(&self.key, tenant, self.lifetime)
    }
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys().map(Key::id).collect();
        f.debug_struct("Signing").field("keys", &keys).field("lifetime", &self.lifetime).finish()
    }
}
