//! Proxies that are believed about the host a client asked for.

mod forwarded;

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{HeaderName, HeaderValue, header, request::Parts};
use ipnet::IpNet;
use tenancy_core::Host;

use super::{Unresolved, host};

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Proxies whose word about the host is taken, by the addresses they connect from.
///
/// Any client can write `X-Forwarded-Host` or `Forwarded`. They are read only where the socket's
/// peer is one of these, and of the two only the one that is named here: a proxy that sets the one
/// often lets the other through as the client wrote it. Where the proxy appends to what was there,
/// all parts must name the same host; where it says nothing, the request's own host counts. No other
/// header is read, and none by which a proxy tells of a client's certificate.
///
/// The peer's address is [`ConnectInfo<SocketAddr>`](ConnectInfo), so serve the application with
/// [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info);
/// without it nobody is trusted.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Subdomain, TrustedProxies};
///
/// let proxies = TrustedProxies::x_forwarded_host(["10.0.0.0/8", "fd00::/8", "192.0.2.7"]);
/// let resolver = Subdomain::of("example.com").behind(proxies);
/// ```
#[derive(Debug, Clone)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    field: Field,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Forwarded,
    XForwardedHost,
}

impl TrustedProxies {
    /// Proxies that set `X-Forwarded-Host`; addresses, or networks in the notation of [RFC 4632].
    ///
    /// [RFC 4632]: https://www.rfc-editor.org/rfc/rfc4632
    ///
    /// # Panics
    ///
    /// If a text is neither, or is a network of all addresses.
    #[must_use]
    pub fn x_forwarded_host<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Self {
        Self::new(networks, Field::XForwardedHost)
    }

    /// Proxies that set `host` in `Forwarded` ([RFC 7239]). The part that is believed is the last
    /// one, which is the proxy's own.
    ///
    /// [RFC 7239]: https://www.rfc-editor.org/rfc/rfc7239
    ///
    /// # Panics
    ///
    /// As [`x_forwarded_host`](Self::x_forwarded_host).
    #[must_use]
    pub fn forwarded<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Self {
        Self::new(networks, Field::Forwarded)
    }

    fn new<T: AsRef<str>>(networks: impl IntoIterator<Item = T>, field: Field) -> Self {
        let network = |text: T| network(text.as_ref()).unwrap_or_else(|why| panic!("{why}"));
        let networks = networks.into_iter().map(network).collect();
        Self { networks, field }
    }

    /// The header that is read.
    pub(super) fn field(&self) -> HeaderName {
        match self.field {
            Field::Forwarded => header::FORWARDED,
            Field::XForwardedHost => X_FORWARDED_HOST,
        }
    }

    /// The host the client asked for, if a trusted proxy says it.
    pub(super) fn host(&self, parts: &Parts) -> Result<Option<Host>, Unresolved> {
        if !self.are_peer(parts) {
            return Ok(None);
        }
        let values = parts.headers.get_all(self.field()).iter().map(HeaderValue::as_bytes);
        let hosts = match self.field {
            Field::Forwarded => forwarded::hosts(values)?,
            Field::XForwardedHost => values
                .flat_map(|value| value.split(|b| *b == b','))
                .map(|part| host::read(part.trim_ascii()))
                .collect::<Result<Vec<_>, _>>()?,
        };
        let Some((last, others)) = hosts.split_last() else { return Ok(None) };
        if others.iter().any(|other| other != last) {
            return Err(Unresolved::Ambiguous);
        }
        Ok(Some(last.clone()))
    }

    /// Whether a request comes from one of them.
    pub(crate) fn are_peer(&self, parts: &Parts) -> bool {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        peer.is_some_and(|peer| self.trusts(peer.0.ip()))
    }

    fn trusts(&self, peer: IpAddr) -> bool {
        // A socket that listens for both families shows the addresses of the older one as mapped.
        let peer = peer.to_canonical();
        self.networks.iter().any(|network| network.contains(&peer))
    }
}

/// # Errors
///
/// If the text is no network, or one of all addresses.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match network {
        Err(_) => Err(format!("`{text}` is neither an address nor a network such as `10.0.0.0/8`")),
        Ok(network) if network.prefix_len() == 0 => Err(format!("`{text}` would trust everybody")),
        Ok(network) => Ok(network),
    }
}
