//! Domains of tenants' own.

use std::net::Ipv4Addr;

use proptest::prelude::*;
use tenancy_core::Domain;

use super::{Table, ask, lines, request};
use crate::{Chain, CustomDomain, Subdomain, resolve::Resolver as _};

/// EDGE 39: what is ours names no tenant by itself, and every other host one at most.
#[test]
fn hosts_that_are_not_ours_are_domains() {
    let ours = Subdomain::of("example.com").also("shops.example.net");
    let theirs = CustomDomain::beside(&ours).except(Domain::new("internal.example.org").unwrap());
    let chain = Chain::first(ours.clone()).with(theirs.clone());
    let all = Chain::all(theirs.clone()).with(ours);
    let hosts = [
        ("shop.acme.com", "domain shop.acme.com"),
        ("SHOP.acme.COM.:443", "domain shop.acme.com"),
        ("bücher.example", "domain xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "domain xn--bcher-kva.example"),
        ("acme", "domain acme"),
        ("notexample.com", "domain notexample.com"),
        ("example.com.evil.net", "domain example.com.evil.net"),
        ("example.org", "domain example.org"),
        ("internal.example.org", "missing"),
        ("deep.in.internal.example.org", "missing"),
        ("example.com", "missing"),
        ("www.example.com", "missing"),
        ("a.b.example.com", "missing"),
        ("shops.example.net", "missing"),
        ("127.0.0.1", "missing"),
        ("[::1]:80", "missing"),
        ("a_b.acme.com", "malformed"),
        ("acme..com", "malformed"),
        ("", "malformed"),
    ];
    let mut table = Table::default();
    for (host, expected) in hosts {
        let parts = || request("/", &[("host", host.as_bytes())]);
        table.line(host, &ask(&theirs, parts()), expected);
        table.line(host, &ask(&chain, parts()), expected);
        table.line(host, &ask(&all, parts()), expected);
    }
    for host in ["acme.example.com", "acme.shops.example.net"] {
        let parts = || request("/", &[("host", host.as_bytes())]);
        table.line(host, &ask(&theirs, parts()), "missing");
        table.line(host, &ask(&chain, parts()), "acme");
        table.line(host, &ask(&all, parts()), "acme");
    }
    table.line("no host", &ask(&theirs, request("/", &[])), "missing");
    table.line(
        "all",
        &ask(&CustomDomain::new(), request("http://example.com/", &[])),
        "domain example.com",
    );
    table.end(60);
    let bases: Vec<String> = chain.base_domains().iter().map(ToString::to_string).collect();
    assert!(
        bases.contains(&"example.com".to_owned())
            && bases.contains(&"internal.example.org".to_owned())
    );
}

/// Each spelling of a host comes to the domain it stands for, or to none: an address is nobody's.
#[test]
fn each_spelling_of_a_host_comes_to_its_domain() {
    let mut table = Table::default();
    for (number, line) in lines(include_str!("../../../../core/src/host/hosts.txt")) {
        let [host, spelling] = &*line else { panic!("{line:?}") };
        let expected = match spelling.as_str() {
            "-" => "malformed".to_owned(),
            address if address.contains(':') || address.parse::<Ipv4Addr>().is_ok() => {
                "missing".to_owned()
            }
            domain => format!("domain {domain}"),
        };
        let found = ask(&CustomDomain::new(), request("/", &[("host", host.as_bytes())]));
        if found != "unsendable" {
            table.line((number, host), &found, &expected);
        }
    }
    table.end(200);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_host_is_refused_or_a_domain(host in "[ -~äﬀа\u{200d}]{0,80}") {
        let found = ask(&CustomDomain::new(), request("/", &[("host", host.as_bytes())]));
        let refused = ["missing", "malformed", "unsendable"].contains(&&*found);
        let domain = found.strip_prefix("domain ").and_then(|domain| Domain::new(domain).ok());
        prop_assert!(refused || domain.is_some(), "{} from {:?}", found, host);
    }
}
