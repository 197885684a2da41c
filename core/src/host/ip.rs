//! Addresses where a name could be.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::refused;
use crate::InvalidValue;

/// An IPv6 address after its opening bracket. A zone ([RFC 6874]) is another machine's matter.
///
/// [RFC 6874]: https://www.rfc-editor.org/rfc/rfc6874
pub(super) fn v6(text: &str) -> Result<IpAddr, InvalidValue> {
    let address = text.strip_suffix(']').and_then(|text| text.parse::<Ipv6Addr>().ok());
    address.map(IpAddr::V6).ok_or_else(|| refused("what is in brackets is no IPv6 address"))
}

/// An IPv4 address of four decimal numbers, and no other form of one.
pub(super) fn v4(text: &str) -> Result<IpAddr, InvalidValue> {
    let address = text.parse::<Ipv4Addr>();
    address.map(IpAddr::V4).map_err(|_| refused("it ends in a number and is no IPv4 address"))
}

/// Whether some reader takes a name for an address, by the [rule of browsers]: its last label is a
/// decimal or hexadecimal number.
///
/// [rule of browsers]: https://url.spec.whatwg.org/#ends-in-a-number-checker
pub(super) fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x");
    last.bytes().all(|b| b.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}
