//! Keys that secrets are sealed with.

use std::fmt;

use crate::{Error, Result, hex};

/// Longest name of a key.
const LONGEST: usize = 32;

/// A key of 256 random bits, and what it is called.
#[derive(Clone)]
pub struct EncryptionKey {
    id: String,
    bytes: [u8; 32],
}

impl EncryptionKey {
    /// A key. Its name stands beside what is sealed with it, so it must stay the same, and be no secret.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) unless the name is 1 to 32 ASCII letters, digits, `-`, `_` and `.`,
    /// or if all bytes are the same.
    pub fn new(id: impl Into<String>, bytes: [u8; 32]) -> Result<Self> {
        let id = id.into();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if id.is_empty() || id.len() > LONGEST || !id.bytes().all(allowed) {
            return Err(Error::config(
                "the name of a key for encryption is 1 to 32 ASCII letters, digits, `-`, `_` and `.`",
            ));
        }
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(Error::config(format!(
                "the key `{id}` for encryption is one byte 32 times: make a random one, as with \
                 `openssl rand -hex 32`"
            )));
        }
        Ok(Self { id, bytes })
    }

    /// A key written as 64 hexadecimal digits, as by `openssl rand -hex 32`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and if it is written in another way. The text is not repeated.
    pub fn from_hex(id: impl Into<String>, text: impl AsRef<str>) -> Result<Self> {
        let (id, text) = (id.into(), text.as_ref().trim().to_ascii_lowercase());
        let Some(bytes) = hex::read(&text) else {
            return Err(Error::config(
                "a key for encryption is 64 hexadecimal digits: make one with `openssl rand -hex 32`",
            ));
        };
        Self::new(id, bytes)
    }

    /// What it is called.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("id", &self.id).finish_non_exhaustive()
    }
}
