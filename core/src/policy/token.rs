//! Tokens: who a transaction is for and until when, signed.
//!
//! A token is `key.tenant.expiry.signature`: the key's id, the tenant's id, seconds since 1970, and
//! the HMAC-SHA256 ([RFC 2104]) of a fixed prefix and what stands before it, in hexadecimal. It is
//! put into the setting [`TOKEN_SETTING`](super::TOKEN_SETTING) as a bound value, since statements
//! are shown to other sessions and written to logs.
//!
//! [RFC 2104]: https://www.rfc-editor.org/rfc/rfc2104

use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::{InvalidValue, Secret, TenantId, error::check};

/// What is signed begins with this, so that no signature made for another purpose fits.
pub(super) const DOMAIN: &str = "tenancy.token.1.";

/// Bytes SHA-256 takes at a time.
const BLOCK: usize = 64;

/// A key that signs tokens.
///
/// # Example
///
/// ```
/// use chrono::DateTime;
/// use tenancy_core::{TenantId, policy::token::Key};
///
/// let key = Key::new("k1", b"32 bytes from a random generator")?;
/// let token = key.sign(&TenantId::new("acme")?, DateTime::from_timestamp(1_800_000_000, 0).unwrap());
/// assert!(token.expose().starts_with("k1.acme.1800000000."));
/// assert!(Key::new("k1", b"too short").is_err());
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct Key {
    id: String,
    inner: [u8; BLOCK],
    outer: [u8; BLOCK],
}

impl Key {
    /// Fewest bytes of a secret: as many as the signature has.
    pub const MIN_SECRET: usize = 32;

    /// Makes a key of a secret, which should come from a random generator.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the id is not 1 to 16 characters of `a-z`, `0-9` and `_`, or if the
    /// secret is shorter than 32 bytes.
    pub fn new(id: impl Into<String>, secret: &[u8]) -> Result<Self, InvalidValue> {
        let id = id.into();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        check("key id", &id, 16, allowed, "a-z, 0-9 and `_`")?;
        if secret.len() < Self::MIN_SECRET {
            return Err(InvalidValue::new(
                "key",
                format!("its secret has {} bytes, and 32 are needed", secret.len()),
            ));
        }
        let (inner, outer) = blocks(secret);
        Ok(Self { id, inner, outer })
    }

    /// Its name, which stands in each token.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The block hashed before the message, for [`INSTALL_KEY`](super::INSTALL_KEY). As secret as the key.
    #[must_use]
    pub fn inner_block(&self) -> &[u8] {
        &self.inner
    }

    /// The block hashed before the result, for [`INSTALL_KEY`](super::INSTALL_KEY). As secret as the key.
    #[must_use]
    pub fn outer_block(&self) -> &[u8] {
        &self.outer
    }

    /// A token for a tenant, good until a moment, in whole seconds.
    #[must_use]
    pub fn sign(&self, tenant: &TenantId, until: DateTime<Utc>) -> Secret {
        // A moment before 1970 has passed whichever it was.
        let claim = format!("{}.{tenant}.{}", self.id, until.timestamp().max(0));
        let signature = hmac(&self.inner, &self.outer, format!("{DOMAIN}{claim}").as_bytes());
        let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        Secret::new(format!("{claim}.{signature}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

fn blocks(secret: &[u8]) -> ([u8; BLOCK], [u8; BLOCK]) {
    let mut padded = [0; BLOCK];
    if secret.len() > BLOCK {
        padded[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        padded[..secret.len()].copy_from_slice(secret);
    }
    (padded.map(|byte| byte ^ 0x36), padded.map(|byte| byte ^ 0x5c))
}

fn hmac(inner: &[u8; BLOCK], outer: &[u8; BLOCK], message: &[u8]) -> [u8; 32] {
    let inside = Sha256::new().chain_update(inner).chain_update(message).finalize();
    Sha256::new().chain_update(outer).chain_update(inside).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test cases 1, 2 and 6 of RFC 4231.
    #[test]
    fn the_signature_is_hmac_sha256() {
        let check = |secret: &[u8], message: &str, expected: &str| {
            let (inner, outer) = blocks(secret);
            let found = hmac(&inner, &outer, message.as_bytes());
            let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, expected);
        };
        check(
            &[0x0b; 20],
            "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        check(
            b"Jefe",
            "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(
            &[0xaa; 131],
            "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
    }

    #[test]
    fn a_key_does_not_print() {
        let key = Key::new("k1", &[b'x'; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "Key { id: \"k1\", .. }");
        assert_eq!(
            format!("{:?}", key.sign(&TenantId::new("acme").unwrap(), DateTime::UNIX_EPOCH)),
            "Secret(…)"
        );
    }

    #[test]
    fn a_key_is_named_plainly() {
        for id in ["", "K1", "a.b", "seventeen_letters"] {
            assert!(Key::new(id, &[0; 32]).is_err(), "{id}");
        }
    }
}
