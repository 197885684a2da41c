//! The token of a request.

use http::{header, request::Parts};

use super::Unresolved;

/// Longest token that is looked at, in bytes.
const LONGEST: usize = 16 * 1_024;

/// The one token of the request ([RFC 6750], section 2.1), which has the form of a signed one: three
/// parts in the alphabet of base64url, none of them empty.
///
/// [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750
pub(super) fn token(parts: &Parts) -> Result<&str, Unresolved> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Unresolved::Missing)?;
    if values.next().is_some() {
        return Err(Unresolved::Ambiguous);
    }
    let text = value.to_str().map_err(|_| Unresolved::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(Unresolved::Malformed)?;
    let is_part = |part: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        !part.is_empty() && part.bytes().all(allowed)
    };
    let formed = token.len() <= LONGEST
        && token.split('.').count() == 3
        && token.split('.').all(is_part)
        && scheme.eq_ignore_ascii_case("bearer");
    if formed { Ok(token) } else { Err(Unresolved::Malformed) }
}
