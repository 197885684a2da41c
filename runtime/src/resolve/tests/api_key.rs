//! Keys in requests.

use proptest::prelude::*;

use super::{Table, ask, request};
use crate::ApiKey;

const ID: &str = "0123456789abcdef0123";
const SECRET: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

#[test]
fn a_key_is_read_from_one_place() {
    let resolver = ApiKey::default();
    let key = format!("tk_{ID}.{SECRET}");
    let other = format!("tk_{ID}.{}", SECRET.replace('0', "1"));
    let bearer = |key: &str| format!("Bearer {key}");
    let authorization: [(String, &str); 22] = [
        (bearer(&key), "key 0123456789abcdef0123"),
        (format!("bEaReR {key}"), "key 0123456789abcdef0123"),
        // Another proof, of which somebody else knows.
        (key.clone(), "missing"),
        (format!("Basic {key}"), "missing"),
        (bearer("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"), "missing"),
        (bearer("tkx"), "missing"),
        (bearer(&format!("sk_{ID}.{SECRET}")), "missing"),
        (bearer(&format!("TK_{ID}.{SECRET}")), "missing"),
        (bearer(&format!(" {key}")), "missing"),
        ("Bearer".to_owned(), "missing"),
        (String::new(), "missing"),
        // Says that it is one, and is none.
        (bearer("tk_"), "malformed"),
        (bearer("tk_."), "malformed"),
        (bearer(&format!("tk_{ID}")), "malformed"),
        (bearer(&format!("tk_{ID}.")), "malformed"),
        (bearer(&format!("tk_.{SECRET}")), "malformed"),
        (bearer(&format!("{key} ")), "malformed"),
        (bearer(&format!("{key}0")), "malformed"),
        (bearer(&format!("{key},{key}")), "malformed"),
        (bearer(&format!("tk_{}.{SECRET}", ID.to_uppercase())), "malformed"),
        (bearer(&format!("tk_{ID}.{}", SECRET.to_uppercase())), "malformed"),
        (bearer(&format!("tk_{ID}.{}", "0".repeat(5_000))), "malformed"),
    ];
    let mut table = Table::default();
    for (value, expected) in &authorization {
        let parts = request("/", &[("authorization", value.as_bytes())]);
        table.line(value, &ask(&resolver, parts), expected);
    }
    let alone = [
        (key.clone(), "key 0123456789abcdef0123"),
        (bearer(&key), "malformed"),
        (format!("sk_{ID}.{SECRET}"), "malformed"),
        (String::new(), "malformed"),
        ("é".to_owned(), "malformed"),
    ];
    for (value, expected) in &alone {
        let parts = request("/", &[("x-api-key", value.as_bytes())]);
        table.line(value, &ask(&resolver, parts), expected);
    }
    let both = |one: &str, two: &str| {
        ask(
            &resolver,
            request("/", &[("authorization", one.as_bytes()), ("x-api-key", two.as_bytes())]),
        )
    };
    table.line("the same", &both(&bearer(&key), &key), "key 0123456789abcdef0123");
    table.line("another secret", &both(&bearer(&key), &other), "ambiguous");
    table.line("beside a token", &both("Bearer a.b.c", &key), "key 0123456789abcdef0123");
    table.line("a broken one beside it", &both(&bearer(&key), "tk_"), "malformed");
    for name in ["authorization", "x-api-key"] {
        let value = if name == "x-api-key" { key.clone() } else { bearer(&key) };
        let twice = request("/", &[(name, value.as_bytes()), (name, value.as_bytes())]);
        table.line("twice", &ask(&resolver, twice), "ambiguous");
    }
    table.line("none", &ask(&resolver, request("/", &[])), "missing");
    table.end(30);

    let own = ApiKey::new("shop2").unwrap();
    let value = format!("Bearer shop2_{ID}.{SECRET}");
    let parts = request("/", &[("authorization", value.as_bytes())]);
    assert_eq!(ask(&own, parts), "key 0123456789abcdef0123");
    for prefix in ["", "a_b", "Tk", "ü", "abcdefghijklmnopq"] {
        assert!(ApiKey::new(prefix).is_err_and(|error| error.is_config()), "{prefix}");
    }
}

/// A key in which one character is another, or is not there, is none.
#[test]
fn a_key_that_is_wrong_in_one_place_is_none() {
    let key = format!("tk_{ID}.{SECRET}");
    let mut table = Table::default();
    for at in 0..key.len() {
        for other in ["", "Z", "!", "~"] {
            let wrong = format!("{}{other}{}", &key[..at], &key[at + 1..]);
            let parts = request("/", &[("x-api-key", wrong.as_bytes())]);
            table.line(&wrong, &ask(&ApiKey::default(), parts), "malformed");
        }
    }
    table.end(350);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_other_text_is_no_key(text in "(Bearer |bearer )?(tk_)?[ -~ä]{0,100}", named in any::<bool>()) {
        let name = if named { "x-api-key" } else { "authorization" };
        let found = ask(&ApiKey::default(), request("/", &[(name, text.as_bytes())]));
        prop_assert!(["missing", "malformed", "unsendable"].contains(&&*found), "{} from {:?}", found, text);
    }
}

/// EDGE 52: neither the secret nor what it comes to is printed.
#[test]
fn a_shown_key_prints_its_id_alone() {
    let key = format!("tk_{ID}.{SECRET}");
    let parts = request("/", &[("x-api-key", key.as_bytes())]).unwrap();
    let resolved = crate::Resolver::resolve(&ApiKey::default(), &parts).unwrap();
    let shown: Vec<String> = resolved.keys().map(|key| format!("{key} {key:?}")).collect();
    let printed = format!("{resolved:?} {resolved:#?} {shown:?}");
    assert!(printed.contains(ID) && !printed.contains(&SECRET[..8]), "{printed}");
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(SECRET);
    assert!(!printed.contains(&crate::hex::write(&hash)[..8]));
    assert!(!printed.contains(&format!("{}, {}", hash[0], hash[1])));
}
