//! The host a request is for.

use http::{HeaderValue, header, request::Parts};
use tenancy_core::Host;

use super::{TrustedProxies, Unresolved};

/// Reads a host with or without a port.
pub(super) fn read(text: &[u8]) -> Result<Host, Unresolved> {
    let text = std::str::from_utf8(text).map_err(|_| Unresolved::Malformed)?;
    Host::from_authority(text).map_err(|_| Unresolved::Malformed)
}

/// The host a request is for, as a trusted proxy says, or else as the request says itself.
pub(super) fn host(parts: &Parts, proxies: Option<&TrustedProxies>) -> Result<Host, Unresolved> {
    if let Some(proxies) = proxies
        && let Some(host) = proxies.host(parts)?
    {
        return Ok(host);
    }
    own(parts)
}

/// What the request itself says: the authority of its URI, as in HTTP/2 ([RFC 9113], section 8.3.1)
/// and in the absolute form of HTTP/1.1, and the field `Host`, at most once. Where both are there,
/// they must agree: which of them a server in front went by cannot be known ([RFC 9112], section 3.2).
///
/// [RFC 9112]: https://www.rfc-editor.org/rfc/rfc9112
/// [RFC 9113]: https://www.rfc-editor.org/rfc/rfc9113
fn own(parts: &Parts) -> Result<Host, Unresolved> {
    let mut fields = parts.headers.get_all(header::HOST).iter();
    let field = fields.next().map(HeaderValue::as_bytes);
    if fields.next().is_some() {
        return Err(Unresolved::Ambiguous);
    }
    let authority = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
    match (authority, field) {
        (None, None) => Err(Unresolved::Missing),
        (Some(one), None) | (None, Some(one)) => read(one),
        (Some(authority), Some(field)) => {
            let host = read(authority)?;
            if read(field)? == host { Ok(host) } else { Err(Unresolved::Ambiguous) }
        }
    }
}
