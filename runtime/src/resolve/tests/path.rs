//! EDGE 35: `Path`.

use proptest::prelude::*;

use super::*;
use crate::Path;

/// `URI | expected`: the slug and the URI that is left, or why not, for the prefix `/t`.
const PATHS: &str = include_str!("paths.txt");

fn ask(path: &Path, uri: &str) -> String {
    super::ask(path, request(uri, &[]))
}

#[test]
fn each_path_has_the_expected_answer() {
    let (mut table, path) = (Table::default(), Path::new("/t"));
    for (number, line) in lines(PATHS) {
        table.line((number, &line[0]), &ask(&path, &line[0]), &line[1]);
    }
    table.end(130);
}

/// Each character of ASCII within a slug, as it is and percent-encoded.
#[test]
fn one_character_makes_the_difference() {
    let (mut table, path) = (Table::default(), Path::new("/t"));
    for byte in 0..=u8::MAX {
        let encoded = format!("/t/ac%{byte:02x}me/orders");
        table.line(&encoded, &ask(&path, &encoded), "malformed");
        if !byte.is_ascii() {
            continue;
        }
        let character = char::from(byte);
        let uri = format!("/t/ac{character}me/orders");
        let expected = match character {
            'a'..='z' | '0'..='9' | '-' => format!("ac{character}me /orders"),
            '/' => "ac /me/orders".to_owned(),
            '?' => "ac /?me/orders".to_owned(),
            '#' => "ac /".to_owned(),
            _ => "malformed".to_owned(),
        };
        let found = ask(&path, &uri);
        if found != "unsendable" {
            table.line(&uri, &found, &expected);
        }
    }
    table.end(256 + 80);
}

#[test]
fn a_prefix_has_any_number_of_segments() {
    let (none, two) = (Path::new("/"), Path::new("/api/tenants/"));
    let mut table = Table::default();
    for (path, uri, expected) in [
        (&none, "/acme", "acme /"),
        (&none, "/acme/", "acme /"),
        (&none, "/acme/orders?x=1", "acme /orders?x=1"),
        (&none, "/", "missing"),
        (&none, "/?tenant=acme", "missing"),
        (&none, "//acme", "malformed"),
        (&none, "//", "malformed"),
        (&none, "/Acme", "malformed"),
        (&none, "/favicon.ico", "malformed"),
        (&none, "/../acme", "malformed"),
        (&none, "*", "missing"),
        (&two, "/api/tenants/acme/orders", "acme /orders"),
        (&two, "/api/tenants/acme", "acme /"),
        (&two, "/api/tenants/", "missing"),
        (&two, "/api/tenants", "missing"),
        (&two, "/api", "missing"),
        (&two, "/api/", "missing"),
        (&two, "/api/others/acme", "missing"),
        (&two, "/api//tenants/acme", "malformed"),
        (&two, "/api/./tenants/acme", "malformed"),
        (&two, "/api/%74enants/acme", "malformed"),
        (&two, "/api;x/tenants/acme", "malformed"),
        (&two, "/api/tenants//acme", "malformed"),
    ] {
        table.line(uri, &ask(path, uri), expected);
    }
    table.end(23);
    for wrong in
        ["", "t", "/t//u", "//", "/{slug}", "/t/{slug}", "/%74", "/t?", "/..", "/t/./u", "/*"]
    {
        assert!(std::panic::catch_unwind(|| Path::new(wrong)).is_err(), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn any_path_is_refused_or_taken_apart(uri in "(/t|/|/t/acme|//t)?[!-~]{0,40}") {
        let Some(parts) = request(&uri, &[]) else { return Ok(()) };
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().map(str::to_owned);
        let Ok(resolved) = Path::new("/t").resolve(&parts) else { return Ok(()) };
        // What was taken apart can be put together again.
        let TenantRef::Slug(slug) = resolved.keys().next().unwrap() else { unreachable!() };
        let left = resolved.uri().unwrap();
        prop_assert!(!left.path().starts_with("//"));
        prop_assert_eq!(left.query().map(str::to_owned), query);
        let whole = format!("/t/{slug}{}", left.path());
        prop_assert!(whole == path || whole == format!("{path}/"), "{} from {}", whole, path);
    }
}
