//! What a token says of how it is signed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{Algorithm, Unresolved, json::Strict};

/// Members that bring a key along, say where there is one, or ask for an extension. A token with any
/// of them is refused, whatever is in it: RFC [7515], sections 4.1.2 to 4.1.6 and 4.1.11, [7516],
/// and [7797].
///
/// [7515]: https://www.rfc-editor.org/rfc/rfc7515
/// [7516]: https://www.rfc-editor.org/rfc/rfc7516
/// [7797]: https://www.rfc-editor.org/rfc/rfc7797
const REFUSED: [&str; 8] = ["b64", "crit", "enc", "jku", "jwk", "x5c", "x5u", "zip"];

/// Kinds of tokens that say who somebody is or what they may do ([RFC 9068], section 2.1).
///
/// [RFC 9068]: https://www.rfc-editor.org/rfc/rfc9068
const KINDS: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// The head of a token, so far as it is believed: it says which key to try, and nothing more.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
}

impl Head {
    pub(super) fn read(token: &str) -> Result<Self, Unresolved> {
        let text = token.split('.').next().unwrap_or_default();
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| Unresolved::Malformed)?;
        let read: Strict = serde_json::from_slice(&json)
            .map_err(|_| Unresolved::Untrusted("its head cannot be read"))?;
        let Value::Object(members) = read.0 else {
            return Err(Unresolved::Untrusted("its head cannot be read"));
        };
        if REFUSED.iter().any(|name| members.contains_key(*name)) {
            return Err(Unresolved::Untrusted("it brings a key along, or asks for an extension"));
        }
        match members.get("typ") {
            None => {}
            Some(Value::String(kind)) if KINDS.contains(&&*kind.to_ascii_lowercase()) => {}
            Some(_) => return Err(Unresolved::Untrusted("it is a token of another kind")),
        }
        let algorithm = members.get("alg").and_then(Value::as_str).and_then(Algorithm::named);
        let algorithm = algorithm.ok_or(Unresolved::Untrusted("its algorithm is not known"))?;
        let key_id = match members.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(Unresolved::Untrusted("its head cannot be read")),
        };
        Ok(Self { algorithm, key_id })
    }
}
