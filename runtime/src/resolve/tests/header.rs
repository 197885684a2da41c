//! `Header`.

use proptest::prelude::*;

use super::*;
use crate::Header;

/// `values | expected`, with `&` between two values and `{none}` for none.
const VALUES: &str = include_str!("headers.txt");

fn ask(values: &[&[u8]]) -> String {
    let fields: Vec<(&str, &[u8])> = values.iter().map(|value| ("x-tenant-id", *value)).collect();
    super::ask(&Header::new("X-Tenant-ID"), request("/", &fields))
}

#[test]
fn each_value_has_the_expected_answer() {
    let mut table = Table::default();
    for (number, line) in lines(VALUES) {
        let values: Vec<&[u8]> =
            line[0].split('&').filter(|value| *value != "{none}").map(str::as_bytes).collect();
        table.line((number, &line[0]), &ask(&values), &line[1]);
    }
    table.end(60);
}

/// Each byte at each place of a slug.
#[test]
fn one_byte_makes_the_difference() {
    let mut table = Table::default();
    for byte in 0..=u8::MAX {
        for (at, name) in [(0, "front"), (2, "middle"), (4, "end")] {
            let mut value = b"acme".to_vec();
            value.insert(at, byte);
            let letter = byte.is_ascii_lowercase() || byte.is_ascii_digit();
            let expected = if (byte < b' ' && byte != b'\t') || byte == 0x7f {
                "unsendable".to_owned()
            } else if letter || (byte == b'-' && name == "middle") {
                String::from_utf8(value.clone()).unwrap()
            } else {
                "malformed".to_owned()
            };
            table.line((byte, name), &ask(&[&value]), &expected);
        }
    }
    table.end(768);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn any_value_is_refused_or_a_slug(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..3)) {
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let found = ask(&values);
        let refused = ["missing", "malformed", "ambiguous", "unsendable"].contains(&&*found);
        prop_assert!(refused || (values.len() == 1 && found.as_bytes() == values[0]), "{}", found);
    }
}
