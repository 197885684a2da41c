//! One sealed text: `sealed:v1:<key>:<base64 of nonce and ciphertext>`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use tenancy_core::TenantId;

use super::EncryptionKey;
use crate::{Error, Result, hex};

const BEGINNING: &str = "sealed:";
const VERSION: &str = "v1";
/// Random, and long enough that no two are alike.
const NONCE: usize = 24;

/// A sealed text, in its parts.
pub(super) struct Parts<'a> {
    pub(super) key: &'a str,
    packed: &'a str,
}

/// Whether a text says that it is a sealed one.
pub(super) fn looks_sealed(text: &str) -> bool {
    text.starts_with(BEGINNING)
}

/// Nothing if the text has not the form of a sealed one.
pub(super) fn parts(text: &str) -> Option<Parts<'_>> {
    let rest = text.strip_prefix(BEGINNING)?.strip_prefix(VERSION)?.strip_prefix(':')?;
    let (key, packed) = rest.split_once(':')?;
    Some(Parts { key, packed })
}

/// What a text is sealed together with. Neither an id nor the key's name has a line break, and the
/// field is the last.
fn context(key: &EncryptionKey, tenant: &TenantId, field: &str) -> String {
    format!("tenancy {VERSION}\n{}\n{tenant}\n{field}", key.id())
}

fn cipher(key: &EncryptionKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

pub(super) fn seal(
    key: &EncryptionKey,
    tenant: &TenantId,
    field: &str,
    text: &str,
) -> Result<String> {
    let nonce = hex::random::<NONCE>()?;
    let context = context(key, tenant, field);
    let payload = Payload { msg: text.as_bytes(), aad: context.as_bytes() };
    let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload);
    let sealed = sealed.map_err(|_| {
        Error::undecipherable(format!("the {field} of the tenant `{tenant}` cannot be encrypted"))
    })?;
    let packed = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
    Ok(format!("{BEGINNING}{VERSION}:{}:{packed}", key.id()))
}

pub(super) fn open(
    key: &EncryptionKey,
    tenant: &TenantId,
    field: &str,
    parts: &Parts<'_>,
) -> Option<String> {
    let packed = URL_SAFE_NO_PAD.decode(parts.packed).ok()?;
    let (nonce, sealed) = packed.split_at_checked(NONCE)?;
    let nonce: [u8; NONCE] = nonce.try_into().ok()?;
    let context = context(key, tenant, field);
    let payload = Payload { msg: sealed, aad: context.as_bytes() };
    let text = cipher(key).decrypt(&XNonce::from(nonce), payload).ok()?;
    String::from_utf8(text).ok()
}
