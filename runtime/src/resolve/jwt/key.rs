//! One key, and how tokens are signed with it.

use std::fmt;

use jsonwebtoken::{AlgorithmFamily, DecodingKey, DecodingKeyKind};

use super::Algorithm;
use crate::{Error, Result};

/// Shortest modulus of RSA, in bytes ([RFC 7518], section 3.3).
///
/// [RFC 7518]: https://www.rfc-editor.org/rfc/rfc7518
const SHORTEST_MODULUS: usize = 256;

/// What tokens are verified with.
///
/// A key is for algorithms of one family, so that nobody can sign with what everybody knows: a public
/// key is never taken for the secret of an HMAC.
#[derive(Clone)]
pub struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    inner: DecodingKey,
}

impl Key {
    /// A secret that is shared with the issuer, as `HS256`.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if the algorithm takes public keys, if the secret is
    /// shorter than its hash, which can be guessed offline, or if it is the text of a public key.
    pub fn secret(algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Result<Self> {
        let (name, secret) = (algorithm.as_str(), secret.as_ref());
        let Some(shortest) = algorithm.secret_length() else {
            return Err(Error::config(format!("{name} takes a public key; use `Key::pem`")));
        };
        if secret.len() < shortest {
            let given = secret.len();
            return Err(Error::config(format!(
                "a secret for {name} has at least {shortest} bytes, and this one {given}"
            )));
        }
        if secret.trim_ascii_start().starts_with(b"-----BEGIN") {
            return Err(Error::config(format!(
                "the secret for {name} is a key in PEM, which others may know; use `Key::pem` with \
                 an algorithm for public keys, or another secret"
            )));
        }
        Ok(Self { id: None, algorithms: vec![algorithm], inner: DecodingKey::from_secret(secret) })
    }

    /// A public key in PEM.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if the algorithm takes a secret, if the text is no
    /// public key of its family, or if a key of RSA has fewer than 2048 bits.
    pub fn pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self> {
        let (name, pem) = (algorithm.as_str(), pem.as_ref());
        let private = b"PRIVATE KEY";
        if pem.windows(private.len()).any(|window| window == private) {
            return Err(Error::config(
                "the key in PEM is a private one; tokens are verified with the public one",
            ));
        }
        let read = match algorithm.family() {
            AlgorithmFamily::Rsa => DecodingKey::from_rsa_pem(pem),
            AlgorithmFamily::Ec => DecodingKey::from_ec_pem(pem),
            AlgorithmFamily::Ed => DecodingKey::from_ed_pem(pem),
            AlgorithmFamily::Hmac => {
                return Err(Error::config(format!("{name} takes a secret; use `Key::secret`")));
            }
        };
        let unreadable = |_| {
            Error::config(format!("the key in PEM is no public key for {name} that can be read"))
        };
        let inner = read.map_err(unreadable)?;
        // A point of another curve has another length.
        let fits = match (algorithm.point_length(), inner.kind()) {
            (Some(length), DecodingKeyKind::SecretOrDer(point)) => point.len() == length,
            _ => true,
        };
        if !fits {
            return Err(Error::config(format!("the key in PEM is of another curve than {name}")));
        }
        Self::public(vec![algorithm], inner).map_err(Error::config)
    }

    /// A public key of the family of all of these algorithms.
    pub(super) fn public(
        algorithms: Vec<Algorithm>,
        inner: DecodingKey,
    ) -> Result<Self, &'static str> {
        let modulus = match inner.kind() {
            DecodingKeyKind::RsaModulusExponent { n, .. } => {
                n.iter().skip_while(|byte| **byte == 0).count()
            }
            // The exponent and what holds them together take some bytes more.
            DecodingKeyKind::SecretOrDer(der) => der.len(),
        };
        if inner.family() == AlgorithmFamily::Rsa && modulus < SHORTEST_MODULUS {
            return Err("a key of RSA has at least 2048 bits");
        }
        Ok(Self { id: None, algorithms, inner })
    }

    /// Sets by which `kid` tokens name it ([RFC 7515], section 4.1.4). One without is used for tokens
    /// without, if it is the only key.
    ///
    /// [RFC 7515]: https://www.rfc-editor.org/rfc/rfc7515
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(super) fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    pub(super) fn inner(&self) -> &DecodingKey {
        &self.inner
    }
}

/// Its name and algorithms; nothing of the key itself.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, algorithms, inner: _ } = self;
        let mut debug = f.debug_struct("Key");
        debug.field("id", id).field("algorithms", algorithms).finish_non_exhaustive()
    }
}
