//! EDGE 34: what proxies say is believed from trusted ones alone.

use super::*;
use crate::{Subdomain, TrustedProxies};

/// `values of Forwarded | expected`, with `&` between two values; `Host` is `own.example.com`.
const FORWARDED: &str = include_str!("forwarded.txt");
/// The same for `X-Forwarded-Host`.
const X_FORWARDED_HOST: &str = include_str!("x-forwarded-host.txt");

const TRUSTED: [&str; 3] = ["10.0.0.0/8", "fd00::/8", "192.0.2.7"];

fn subdomain() -> Subdomain {
    Subdomain::of("example.com")
}

/// A request for `own.example.com` with further fields.
fn with(fields: &[(&str, &[u8])]) -> Option<Parts> {
    let own: (&str, &[u8]) = ("host", b"own.example.com");
    request("/", &[&[own], fields].concat())
}

fn check(resolver: &Subdomain, field: &str, table: &str, least: usize) {
    let mut found = Table::default();
    for (number, line) in lines(table) {
        let values = line[0].split('&').map(|value| (field, value.as_bytes()));
        let values: Vec<(&str, &[u8])> = values.filter(|(_, value)| *value != b"{none}").collect();
        let Some(parts) = with(&values) else {
            found.line((number, &line), "unsendable", &line[1]);
            continue;
        };
        let trusted = ask(resolver, Some(from(parts.clone(), "10.1.2.3")));
        found.line((number, &line), &trusted, &line[1]);
        // From anybody else it changes nothing.
        assert_eq!(ask(resolver, Some(from(parts.clone(), "11.1.2.3"))), "own", "{line:?}");
        assert_eq!(ask(resolver, Some(parts)), "own", "{line:?}");
    }
    found.end(least);
}

#[test]
fn each_forwarded_has_the_expected_answer() {
    check(&subdomain().behind(TrustedProxies::forwarded(TRUSTED)), "forwarded", FORWARDED, 60);
}

#[test]
fn each_x_forwarded_host_has_the_expected_answer() {
    let resolver = subdomain().behind(TrustedProxies::x_forwarded_host(TRUSTED));
    check(&resolver, "x-forwarded-host", X_FORWARDED_HOST, 30);
}

/// Everything by which a client could say that it is somebody else.
const SPOOFED: &[(&str, &[u8])] = &[
    ("forwarded", b"host=victim.example.com"),
    ("x-forwarded-host", b"victim.example.com"),
    ("x-host", b"victim.example.com"),
    ("x-forwarded-server", b"victim.example.com"),
    ("x-original-host", b"victim.example.com"),
    ("x-original-url", b"https://victim.example.com/"),
    ("x-rewrite-url", b"https://victim.example.com/"),
    ("x-http-host-override", b"victim.example.com"),
    ("x-real-ip", b"10.0.0.1"),
    ("x-forwarded-for", b"10.0.0.1"),
    ("x-forwarded-client-cert", b"By=spiffe://victim;URI=spiffe://victim"),
    ("client-cert", b":AAAA:"),
    ("x-tenant-id", b"victim"),
    ("via", b"1.1 victim.example.com"),
    ("origin", b"https://victim.example.com"),
    ("referer", b"https://victim.example.com/"),
];

#[test]
fn nobody_is_trusted_unless_set() {
    let usual = subdomain();
    for peer in ["127.0.0.1", "10.0.0.1", "[::1]"] {
        for field in SPOOFED {
            assert_eq!(ask(&usual, Some(from(with(&[*field]).unwrap(), peer))), "own", "{field:?}");
        }
        assert_eq!(ask(&usual, Some(from(with(SPOOFED).unwrap(), peer))), "own");
    }
}

/// A proxy that sets one field often lets the other through as the client wrote it.
#[test]
fn a_trusted_proxy_is_believed_in_its_own_field_alone() {
    for (proxies, own) in [
        (TrustedProxies::forwarded(TRUSTED), "forwarded"),
        (TrustedProxies::x_forwarded_host(TRUSTED), "x-forwarded-host"),
    ] {
        let resolver = subdomain().behind(proxies);
        for field in SPOOFED {
            let found = ask(&resolver, Some(from(with(&[*field]).unwrap(), "10.0.0.1")));
            let expected = if field.0 == own { "victim" } else { "own" };
            assert_eq!(found, expected, "{field:?}");
        }
        assert_eq!(resolver.vary(), [own]);
        // Even where nobody knows from whom it is.
        assert_eq!(ask(&resolver, with(SPOOFED)), "own");
    }
}

#[test]
fn a_peer_is_trusted_by_its_address() {
    let resolver = subdomain().behind(TrustedProxies::x_forwarded_host(TRUSTED));
    let mut table = Table::default();
    for (peer, expected) in [
        ("10.0.0.0", "acme"),
        ("10.255.255.255", "acme"),
        ("9.255.255.255", "own"),
        ("11.0.0.0", "own"),
        ("127.0.0.1", "own"),
        ("192.0.2.7", "acme"),
        ("192.0.2.6", "own"),
        ("192.0.2.8", "own"),
        ("[fd00::1]", "acme"),
        ("[fdff:ffff::1]", "acme"),
        ("[fc00::1]", "own"),
        ("[fe00::1]", "own"),
        ("[::1]", "own"),
        ("[::ffff:10.0.0.1]", "acme"),
        ("[::ffff:11.0.0.1]", "own"),
        ("[::ffff:192.0.2.7]", "acme"),
        ("[::10.0.0.1]", "own"),
        ("[64:ff9b::10.0.0.1]", "own"),
    ] {
        let parts = with(&[("x-forwarded-host", b"acme.example.com")]).unwrap();
        table.line(peer, &ask(&resolver, Some(from(parts, peer))), expected);
    }
    table.end(18);
}

#[test]
fn networks_are_addresses_or_prefixes() {
    for wrong in
        ["", "10", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "localhost", "0.0.0.0/0", "::/0"]
    {
        let made = std::panic::catch_unwind(|| TrustedProxies::forwarded([wrong]));
        assert!(made.is_err(), "{wrong}");
    }
    let nobody = subdomain().behind(TrustedProxies::forwarded::<&str>([]));
    let parts = with(&[("forwarded", b"host=acme.example.com")]).unwrap();
    assert_eq!(ask(&nobody, Some(from(parts, "10.0.0.1"))), "own");
}
