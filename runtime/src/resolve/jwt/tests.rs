//! EDGE 36: tokens, by tables. The keys are made for these tests alone.

mod fetch;
mod keys;
mod token;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, Request, header};
use jsonwebtoken::{EncodingKey, get_current_timestamp};
use serde_json::{Map, Value};

use super::{Algorithm, Builder, Jwt, Key, Keys};
use crate::resolve::{Resolver as _, Unresolved};

pub(super) const SECRET: &[u8] =
    b"a secret of these tests, which is known to everybody, 64 bytes..";

/// A key in PEM.
pub(super) fn pem(name: &str) -> &'static str {
    match name {
        "rsa" => include_str!("tests/keys/rsa.pem"),
        "rsa.private" => include_str!("tests/keys/rsa.private.pem"),
        "short" => include_str!("tests/keys/short.pem"),
        "p256" => include_str!("tests/keys/p256.pem"),
        "p256.private" => include_str!("tests/keys/p256.private.pem"),
        "p384" => include_str!("tests/keys/p384.pem"),
        "p384.private" => include_str!("tests/keys/p384.private.pem"),
        "ed25519" => include_str!("tests/keys/ed25519.pem"),
        _ => include_str!("tests/keys/ed25519.private.pem"),
    }
}

/// Who signs, by the name of the algorithm in lower case.
pub(super) fn signing(algorithm: Algorithm) -> EncodingKey {
    match algorithm.as_str().split_at(2) {
        ("HS", _) => EncodingKey::from_secret(SECRET),
        ("RS" | "PS", _) => EncodingKey::from_rsa_pem(pem("rsa.private").as_bytes()).unwrap(),
        ("ES", "256") => EncodingKey::from_ec_pem(pem("p256.private").as_bytes()).unwrap(),
        ("ES", _) => EncodingKey::from_ec_pem(pem("p384.private").as_bytes()).unwrap(),
        _ => EncodingKey::from_ed_pem(pem("ed25519.private").as_bytes()).unwrap(),
    }
}

/// What verifies that.
pub(super) fn verifying(algorithm: Algorithm) -> Key {
    let key = match algorithm.as_str().split_at(2) {
        ("HS", _) => Key::secret(algorithm, SECRET),
        ("RS" | "PS", _) => Key::pem(algorithm, pem("rsa")),
        ("ES", "256") => Key::pem(algorithm, pem("p256")),
        ("ES", _) => Key::pem(algorithm, pem("p384")),
        _ => Key::pem(algorithm, pem("ed25519")),
    };
    key.unwrap().id(algorithm.as_str().to_lowercase())
}

/// A token of these texts.
pub(super) fn token(algorithm: Algorithm, head: &str, claims: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", encode(head), encode(claims));
    let key = signing(algorithm);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm.inner());
    format!("{message}.{}", signature.unwrap())
}

pub(super) fn head(algorithm: Algorithm) -> String {
    let name = algorithm.as_str();
    format!(r#"{{"typ":"JWT","alg":"{name}","kid":"{}"}}"#, name.to_lowercase())
}

/// Claims that are good for five minutes.
pub(super) fn claims() -> String {
    moments(
        r#"{"iss":"https://login.example","aud":"shop","exp":{+300},"sub":"ada","tenant":"acme","org":{"slug":"globex","id":42}}"#,
    )
}

/// `{+300}` is the second in five minutes, `{-300}` was five minutes ago.
pub(super) fn moments(text: &str) -> String {
    let now = get_current_timestamp();
    let mut parts = text.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let moment = part.split_once('}').filter(|(offset, _)| offset.starts_with(['+', '-']));
        match moment {
            Some((offset, rest)) => {
                let offset: i64 = offset.parse().unwrap();
                out.push_str(&now.checked_add_signed(offset).unwrap().to_string());
                out.push_str(rest);
            }
            None => {
                out.push('{');
                out.push_str(part);
            }
        }
    }
    out
}

pub(super) fn builder(keys: Keys) -> Builder {
    Jwt::builder(keys).issuer("https://login.example").audience("shop").audience("till")
}

/// A resolver with one key for each algorithm.
pub(super) fn resolver() -> Jwt {
    let keys = Keys::fixed(Algorithm::ALL.iter().map(|algorithm| verifying(*algorithm))).unwrap();
    builder(keys).slug_claim("tenant").build().unwrap()
}

/// What a resolver says of the values of `Authorization`, in words; nothing if they cannot be sent.
pub(super) fn ask(resolver: &Jwt, values: &[&str]) -> Option<String> {
    let mut request = Request::new(());
    for value in values {
        let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        request.headers_mut().append(header::AUTHORIZATION, value);
    }
    Some(match resolver.resolve(&request.into_parts().0) {
        Ok(resolved) => resolved.keys().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Err(Unresolved::Untrusted(reason)) => format!("untrusted: {reason}"),
        Err(reason) => format!("{reason:?}").to_lowercase(),
    })
}

pub(super) fn bearer(resolver: &Jwt, token: &str) -> String {
    ask(resolver, &[&format!("Bearer {token}")]).unwrap()
}

/// Changes JSON as a table says: all of it; or `*` for what it is usually, and then, after each
/// `;;`, `+ "name":value` to add a member even if it is there, `= "name":value` to replace one, and
/// `- name` to leave one out.
pub(super) fn changed(usual: &str, change: &str) -> String {
    let mut edits = change.split(";;").map(str::trim);
    if edits.next() != Some("*") {
        return moments(change);
    }
    let read: Map<String, Value> = serde_json::from_str(usual).unwrap();
    let mut members: Vec<(String, String)> =
        read.into_iter().map(|(name, value)| (name, value.to_string())).collect();
    for edit in edits {
        let (kind, rest) = edit.split_once(' ').unwrap();
        let (name, value) = rest.split_once(':').unwrap_or((rest, ""));
        let name = name.trim_matches('"').to_owned();
        if kind != "+" {
            members.retain(|(other, _)| *other != name);
        }
        if kind != "-" {
            members.push((name, moments(value)));
        }
    }
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}
