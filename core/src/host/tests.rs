//! EDGE 32: one canonical host function.

use std::borrow::Borrow as _;

use proptest::prelude::*;

use super::{Domain, Host};

/// `input | spelling`, where `-` is refused and `\u{…}`, `\t`, `\r`, `\n` and `\0` stand for characters.
const HOSTS: &str = include_str!("hosts.txt");

/// The lines of a table: their numbers, and what stands on either side of the bar.
fn cases() -> impl Iterator<Item = (usize, String, &'static str)> {
    let lines = HOSTS.lines().enumerate();
    let cases = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    cases.map(|(number, line)| {
        let (input, expected) = line.split_once(" | ").unwrap();
        (number + 1, unescape(input), expected)
    })
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (character, after) = match after.split_at(1) {
            ("t", after) => ('\t', after),
            ("r", after) => ('\r', after),
            ("n", after) => ('\n', after),
            ("0", after) => ('\0', after),
            ("\\", after) => ('\\', after),
            ("u", after) => {
                let (code, after) = after[1..].split_once('}').unwrap();
                (char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap(), after)
            }
            other => panic!("what is {other:?}?"),
        };
        out.push(character);
        rest = after;
    }
    out + rest
}

fn read(text: &str) -> String {
    Host::from_authority(text).map_or_else(|_| "-".to_owned(), |host| host.to_string())
}

/// What must hold of every text.
fn sound(text: &str) {
    let Ok(host) = Host::from_authority(text) else { return };
    let spelling = host.to_string();
    assert_eq!(Host::new(&spelling).as_ref(), Ok(&host), "{text:?} twice");
    assert_eq!(Host::from_authority(&spelling).as_ref(), Ok(&host), "{text:?} twice");
    let Host::Domain(domain) = host else { return };
    assert_eq!(Domain::new(domain.as_str()).as_ref(), Ok(&domain));
    assert!(domain.as_str().len() <= 253, "{text:?}");
    for label in domain.as_str().split('.') {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(!label.is_empty() && label.len() <= 63 && label.bytes().all(allowed), "{text:?}");
        assert!(!label.starts_with('-') && !label.ends_with('-'), "{text:?}");
    }
}

#[test]
fn each_host_has_the_expected_spelling() {
    let mut wrong = String::new();
    for (line, input, expected) in cases() {
        let found = read(&input);
        if found != expected {
            wrong.push_str(&format!("\nline {line}: {input:?} is {found}, not {expected}"));
        }
        sound(&input);
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(cases().count() >= 200, "{} hosts", cases().count());
}

/// Whatever has a spelling keeps it under what makes no difference, and loses it under what does.
#[test]
fn decorations_change_nothing_or_refuse() {
    for (line, input, expected) in cases().filter(|(_, _, expected)| *expected != "-") {
        if input.contains(':') || input.contains('[') || input.ends_with('.') {
            continue;
        }
        for same in ["{}", "{}.", "{}:80", "{}:65535", "{}.:443"] {
            assert_eq!(read(&same.replace("{}", &input)), expected, "{same} at {line}");
        }
        assert_eq!(read(&input.to_ascii_uppercase()), expected, "line {line}");
        for other in [
            " {}",
            "{} ",
            "{}..",
            ".{}",
            "{}:",
            "{}:65536",
            "{}:-1",
            "{}:+80",
            "{}:80:80",
            "{}:8 0",
            "user@{}",
            "{}/",
            "{}?",
            "{}#",
            "http://{}",
            "{},{}",
            "{}%00",
            "{}\0",
            "{}\n",
            "_{}",
            "-{}",
            "[{}]",
            "*.{}",
            "{}:८०",
            "{};",
            "{}\\",
        ] {
            assert_eq!(read(&other.replace("{}", &input)), "-", "{other} at {line}");
        }
    }
}

#[test]
fn a_name_is_below_another_only_at_a_dot() {
    let base = Domain::new("example.com").unwrap();
    for (name, expected) in [
        ("acme.example.com", Some("acme")),
        ("a.b.example.com", Some("a.b")),
        ("example.com.example.com", Some("example.com")),
        ("example.com", None),
        ("xexample.com", None),
        ("example.com.evil.org", None),
        ("com", None),
    ] {
        assert_eq!(Domain::new(name).unwrap().below(&base), expected, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn any_text_is_refused_or_has_one_spelling(text in ".{0,80}") {
        sound(&text);
    }

    #[test]
    fn so_is_what_is_nearly_a_host(
        text in "[a-z0-9A-Z.\\-_:%\\[\\]@ßäаﬀａ．。\u{200d}\u{ad}]{0,40}(\\.example\\.com)?\\.?(:[0-9]{0,6})?",
    ) {
        sound(&text);
    }
}

#[test]
fn a_domain_is_its_name_in_every_form() {
    let domain = Domain::new("SHOP.example.com.").unwrap();
    let name = "shop.example.com";
    let borrowed: &str = domain.borrow();
    assert_eq!((domain.as_ref(), borrowed), (name, name));
    assert_eq!(format!("{domain} {domain:?}"), "shop.example.com Domain(shop.example.com)");
    assert_eq!(String::from(domain.clone()), name);
    assert_eq!(Host::new(name).unwrap().domain(), Some(&domain));
    assert_eq!(Host::new("127.0.0.1").unwrap().domain(), None);
}
