//! The one spelling of a host name.

mod ip;
#[cfg(test)]
mod tests;

// Addresses as values; `std` has them beside sockets.
use core::net::IpAddr;
use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use crate::InvalidValue;

/// Longest text that is looked at, in bytes. A name in another script may be longer than its A-labels.
const LONGEST: usize = 1_024;

/// Why a host is refused, without the text, which is a stranger's.
fn refused(why: &str) -> InvalidValue {
    InvalidValue::new("host", why)
}

/// A domain name in its one spelling: A-labels in lower case, without a trailing dot.
///
/// Two spellings of a name are the same value: upper case, letters of another script beside their
/// punycode, full-width letters and ligatures are folded by [UTS 46], non-transitional, with all of
/// its restrictions. Only letters, digits and hyphens come out ([RFC 1123], section 2.1). Letters that
/// only look alike, such as a Cyrillic `а`, stay another name.
///
/// [UTS 46]: https://www.unicode.org/reports/tr46/
/// [RFC 1123]: https://www.rfc-editor.org/rfc/rfc1123
///
/// # Example
///
/// ```
/// use tenancy_core::Domain;
///
/// assert_eq!(Domain::new("Shop.Example.COM.")?.as_str(), "shop.example.com");
/// assert_eq!(Domain::new("bücher.example")?, Domain::new("xn--bcher-kva.example")?);
/// for wrong in ["", "a..b", "a_b.example", "%61.example", "127.0.0.1", "[::1]", "example.com:80"] {
///     assert!(Domain::new(wrong).is_err());
/// }
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(Arc<str>);

impl Domain {
    /// Brings a name into its one spelling.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the text is not a domain name, has a port, or is an address.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        match Host::new(text)? {
            Host::Domain(domain) => Ok(domain),
            Host::Ip(_) => Err(InvalidValue::new("domain name", "it is an IP address")),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands in front of another domain and its dot, where that is the end of this one.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::Domain;
    ///
    /// let base = Domain::new("example.com")?;
    /// assert_eq!(Domain::new("acme.example.com")?.below(&base), Some("acme"));
    /// assert_eq!(Domain::new("a.b.example.com")?.below(&base), Some("a.b"));
    /// assert_eq!(Domain::new("badexample.com")?.below(&base), None);
    /// assert_eq!(base.below(&base), None);
    /// # Ok::<(), tenancy_core::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn below(&self, base: &Domain) -> Option<&str> {
        self.0.strip_suffix(&*base.0)?.strip_suffix('.')
    }
}

/// Whose server a request is for, in one spelling: a name or an address.
///
/// # Example
///
/// ```
/// use tenancy_core::Host;
///
/// assert_eq!(Host::from_authority("ACME.example.com:8080")?.to_string(), "acme.example.com");
/// assert_eq!(Host::from_authority("[::0001]:443")?.to_string(), "[::1]");
/// assert!(Host::from_authority("user@example.com").is_err());
/// assert!(Host::new("example.com:8080").is_err());
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name.
    Domain(Domain),
    /// An address.
    Ip(IpAddr),
}

impl Host {
    /// Reads a host without a port. An IPv6 address is in brackets ([RFC 3986], section 3.2.2).
    ///
    /// One dot at the end is taken off. An address in any other form than four decimal numbers or
    /// that of [RFC 4291], section 2.2, is refused: what ends in a number is no name.
    ///
    /// [RFC 3986]: https://www.rfc-editor.org/rfc/rfc3986
    /// [RFC 4291]: https://www.rfc-editor.org/rfc/rfc4291
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the text is neither a domain name nor an address.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let text = text.as_ref();
        if text.is_empty() {
            return Err(refused("it is empty"));
        }
        if text.len() > LONGEST {
            return Err(refused("it is too long"));
        }
        if let Some(address) = text.strip_prefix('[') {
            return ip::v6(address).map(Host::Ip);
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let strict = (AsciiDenyList::STD3, Hyphens::Check, DnsLength::Verify);
        let name = Uts46::new()
            .to_ascii(name.as_bytes(), strict.0, strict.1, strict.2)
            .map_err(|_| refused("it is not a domain name"))?;
        if ip::ends_in_number(&name) {
            return ip::v4(&name).map(Host::Ip);
        }
        Ok(Host::Domain(Domain(name.into())))
    }

    /// Reads a host with or without a port, as in the field `Host` ([RFC 9110], section 7.2). The
    /// port is checked and left out: it names no tenant.
    ///
    /// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); [`InvalidValue`] as well if the port is not a number up to 65535, or
    /// if there is a user's name.
    pub fn from_authority(text: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let text = text.as_ref();
        // The colons of an IPv6 address are inside its brackets.
        let name_end = text.rfind(']').unwrap_or(0);
        let Some(colon) = text[name_end..].find(':') else { return Self::new(text) };
        let (host, port) = (&text[..name_end + colon], &text[name_end + colon + 1..]);
        let digits = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
        if !digits || port.parse::<u16>().is_err() {
            return Err(refused("its port is not a number up to 65535"));
        }
        Self::new(host)
    }

    /// The name, unless it is an address.
    #[must_use]
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Host::Domain(domain) => Some(domain),
            Host::Ip(_) => None,
        }
    }
}

impl FromStr for Domain {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl TryFrom<String> for Domain {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.0.as_ref().to_owned()
    }
}

impl AsRef<str> for Domain {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Domain {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Domain({})", self.0)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Domain(domain) => domain.fmt(f),
            Host::Ip(IpAddr::V4(address)) => address.fmt(f),
            Host::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}
