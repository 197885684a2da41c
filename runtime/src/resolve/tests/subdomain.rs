//! EDGE 33: `Subdomain`, and EDGE 32 where the host comes from.

use proptest::prelude::*;

use super::*;
use crate::Subdomain;

/// `values of Host | URI | expected`, with `&` between two values and `{none}` for none.
const HOSTS: &str = include_str!("hosts.txt");

/// Every spelling of hosts, and what it comes to.
const SPELLINGS: &str = include_str!("../../../../core/src/host/hosts.txt");

fn resolver() -> Subdomain {
    Subdomain::of("example.com").also("eu.example.com").also("EXAMPLE.org.").also("localhost")
}

fn ask(hosts: &[&str], uri: &str) -> String {
    let fields: Vec<(&str, &[u8])> = hosts.iter().map(|host| ("host", host.as_bytes())).collect();
    super::ask(&resolver(), request(uri, &fields))
}

#[test]
fn each_host_has_the_expected_answer() {
    let mut table = Table::default();
    for (number, line) in lines(HOSTS) {
        let [hosts, uri, expected] = &*line else { panic!("{line:?}") };
        let hosts: Vec<&str> = hosts.split('&').filter(|host| *host != "{none}").collect();
        table.line((number, hosts.clone(), uri), &ask(&hosts, uri), expected);
    }
    let field: &[u8] = b"acme\xff.example.com";
    table.line(field, &super::ask(&resolver(), request("/", &[("host", field)])), "malformed");
    table.end(110);
}

/// What a spelling comes to is the name it stands for: the tenant is the label before the base, or
/// there is none.
#[test]
fn each_spelling_of_a_host_comes_to_its_name() {
    let mut table = Table::default();
    for (number, line) in lines(SPELLINGS) {
        let [host, spelling] = &*line else { panic!("{line:?}") };
        let label = spelling.strip_suffix(".example.com").or(spelling.strip_suffix(".example.org"));
        let expected = match label {
            _ if spelling == "-" => "malformed",
            None => "missing",
            Some(label) if label.contains('.') => "missing",
            Some(label) if label.contains("--") => "malformed",
            Some(label) => label,
        };
        let found = ask(&[host], "/");
        if found != "unsendable" {
            table.line((number, host), &found, expected);
        }
    }
    table.end(200);
}

#[test]
fn a_base_is_a_name_under_which_nobody_else_has_one() {
    for base in ["example.com", "acme.co.uk", "shop.github.io", "myshopify.com", "localhost", "b"] {
        Subdomain::try_of(base).unwrap();
    }
    for base in [
        "",
        ".",
        "com",
        "co.uk",
        "COM.",
        "org",
        "xn--p1ai",
        "рф",
        "gov.uk",
        "127.0.0.1",
        "[::1]",
        "example.com:80",
        "*.example.com",
        "a..b",
        "a_b.com",
        "http://example.com",
        "example.1",
    ] {
        assert!(Subdomain::try_of(base).unwrap_err().is_config(), "{base}");
    }
}

#[test]
#[should_panic(expected = "`co.uk` cannot be a base domain: others have their names under it")]
fn a_public_suffix_is_no_base() {
    let _ = Subdomain::of("co.uk");
}

#[test]
fn reserved_names_are_those_that_are_set() {
    let ask = |resolver: &Subdomain, host: &str| {
        super::ask(resolver, request("/", &[("host", host.as_bytes())]))
    };
    let usual = Subdomain::of("example.com");
    let other = Subdomain::of("example.com").reserved(["acme"]);
    for name in ["admin", "api", "app", "assets", "cdn", "mail", "static", "www"] {
        let host = format!("{name}.example.com");
        assert_eq!(ask(&usual, &host), "missing");
        assert_eq!(ask(&other, &host), name);
        assert_eq!(ask(&usual, &host.to_uppercase()), "missing");
    }
    assert_eq!(ask(&usual, "acme.example.com"), "acme");
    assert_eq!(ask(&other, "acme.example.com"), "missing");
}

#[test]
#[should_panic(expected = "`a_b` cannot be reserved")]
fn what_is_no_slug_need_not_be_reserved() {
    let _ = Subdomain::of("example.com").reserved(["a_b"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn any_host_is_refused_or_names_one_label(host in "[ -~äﬀа\u{200d}]{0,40}(\\.example\\.com\\.?(:[0-9]{1,5})?)?") {
        let found = ask(&[&host], "/");
        let refused = ["missing", "malformed", "unsendable"].contains(&&*found);
        let rest = host.to_lowercase();
        let named = rest.is_ascii() && rest.starts_with(&format!("{found}."));
        prop_assert!(refused || named || !host.is_ascii(), "{} from {:?}", found, host);
    }
}
