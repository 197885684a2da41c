//! How tokens are signed.

use jsonwebtoken::AlgorithmFamily;

macro_rules! algorithms {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// How a token is signed ([RFC 7518], section 3.1, and [RFC 8037]).
        ///
        /// [RFC 7518]: https://www.rfc-editor.org/rfc/rfc7518
        /// [RFC 8037]: https://www.rfc-editor.org/rfc/rfc8037
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Algorithm { $($(#[$doc])* $name,)+ }

        impl Algorithm {
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in tokens.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            pub(super) fn inner(self) -> jsonwebtoken::Algorithm {
                match self { $(Self::$name => jsonwebtoken::Algorithm::$name,)+ }
            }
        }
    };
}

algorithms! {
    /// HMAC with SHA-256; the secret has 32 bytes at least.
    HS256,
    /// HMAC with SHA-384; the secret has 48 bytes at least.
    HS384,
    /// HMAC with SHA-512; the secret has 64 bytes at least.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on the curve P-256 with SHA-256.
    ES256,
    /// ECDSA on the curve P-384 with SHA-384.
    ES384,
    /// EdDSA on the curve Ed25519.
    EdDSA,
}

impl Algorithm {
    /// The one with a name, in its one spelling. There is none called `none`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == name)
    }

    pub(super) fn family(self) -> AlgorithmFamily {
        self.inner().family()
    }

    /// How many bytes a secret has at least ([RFC 7518], section 3.2); none where keys are public.
    ///
    /// [RFC 7518]: https://www.rfc-editor.org/rfc/rfc7518
    pub(super) fn secret_length(self) -> Option<usize> {
        match self {
            Self::HS256 => Some(32),
            Self::HS384 => Some(48),
            Self::HS512 => Some(64),
            _ => None,
        }
    }

    /// How many bytes a public key on its curve has; none where there is no curve.
    pub(super) fn point_length(self) -> Option<usize> {
        match self {
            // A byte tells that both coordinates follow.
            Self::ES256 => Some(1 + 2 * 32),
            Self::ES384 => Some(1 + 2 * 48),
            Self::EdDSA => Some(32),
            _ => None,
        }
    }
}
