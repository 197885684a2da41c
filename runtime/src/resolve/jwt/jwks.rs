//! Keys as an issuer publishes them ([RFC 7517] and [RFC 7518], section 6; [RFC 8037], section 2).
//!
//! [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
//! [RFC 7518]: https://www.rfc-editor.org/rfc/rfc7518
//! [RFC 8037]: https://www.rfc-editor.org/rfc/rfc8037

use jsonwebtoken::{DecodingKey, DecodingKeyKind};
use serde_json::{Map, Value};

use super::{Algorithm, Key, json::Strict, set::KeySet};

/// The keys of a document that are for any of `algorithms`.
///
/// A key of a type, use or curve that is not known is left out, as section 5 of RFC 7517 says. A
/// secret is left out too: what is published is none.
pub(super) fn read(document: &str, algorithms: &[Algorithm]) -> Result<KeySet, &'static str> {
    let unreadable = "the document with keys is not a JSON Web Key Set";
    let read: Strict = serde_json::from_str(document).map_err(|_| unreadable)?;
    let keys = read.0.get("keys").and_then(Value::as_array).ok_or(unreadable)?;
    let usable = keys.iter().filter_map(Value::as_object).filter_map(|jwk| key(jwk, algorithms));
    KeySet::new(usable.collect())
}

fn key(jwk: &Map<String, Value>, algorithms: &[Algorithm]) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if jwk.contains_key("use") && text("use") != Some("sig") {
        return None;
    }
    if let Some(operations) = jwk.get("key_ops") {
        let verifies = operations.as_array()?.iter().any(|operation| operation == "verify");
        if !verifies {
            return None;
        }
    }
    let (inner, fitting): (DecodingKey, &[Algorithm]) = match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
            let key = DecodingKey::from_rsa_components(text("n")?, text("e")?).ok()?;
            (key, &[RS256, RS384, RS512, PS256, PS384, PS512])
        }
        ("EC", Some("P-256")) => {
            let key = DecodingKey::from_ec_components(text("x")?, text("y")?).ok()?;
            (on_curve(key, Algorithm::ES256)?, &[Algorithm::ES256])
        }
        ("EC", Some("P-384")) => {
            let key = DecodingKey::from_ec_components(text("x")?, text("y")?).ok()?;
            (on_curve(key, Algorithm::ES384)?, &[Algorithm::ES384])
        }
        ("OKP", Some("Ed25519")) => {
            let key = DecodingKey::from_ed_components(text("x")?).ok()?;
            (on_curve(key, Algorithm::EdDSA)?, &[Algorithm::EdDSA])
        }
        _ => return None,
    };
    let own = match jwk.get("alg") {
        None => None,
        Some(name) => Some(Algorithm::named(name.as_str()?)?),
    };
    let wanted = |one: &Algorithm| algorithms.contains(one) && own.is_none_or(|own| own == *one);
    let fitting: Vec<Algorithm> = fitting.iter().copied().filter(wanted).collect();
    if fitting.is_empty() {
        return None;
    }
    let key = Key::public(fitting, inner).ok()?;
    match jwk.get("kid") {
        None => Some(key),
        Some(id) => Some(key.id(id.as_str()?)),
    }
}

/// A point as long as those of the algorithm's curve.
fn on_curve(key: DecodingKey, algorithm: Algorithm) -> Option<DecodingKey> {
    let length = algorithm.point_length();
    let fits =
        matches!(key.kind(), DecodingKeyKind::SecretOrDer(bytes) if Some(bytes.len()) == length);
    fits.then_some(key)
}
