//! One token at a time.

use proptest::prelude::*;

use super::*;

/// `signer | head | claims | expected`; see `changed` for the language.
const TOKENS: &str = include_str!("tokens.txt");
/// `values of Authorization | expected`; `{token}` is a good one, and `&` stands between two values.
const FIELDS: &str = include_str!("fields.txt");

fn lines(table: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let lines = table.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines.map(|(number, line)| (number + 1, line.split(" | ").map(str::trim).collect()))
}

#[test]
fn each_token_has_the_expected_answer() {
    let resolver = resolver();
    let (mut wrong, mut count) = (String::new(), 0);
    for (number, line) in lines(TOKENS) {
        let [signer, head_change, claims_change, expected] = &*line else { panic!("{line:?}") };
        let algorithm = Algorithm::named(signer).unwrap();
        let head = changed(&head(algorithm), head_change);
        let claims = changed(&claims(), claims_change);
        let found = bearer(&resolver, &token(algorithm, &head, &claims));
        if found != *expected {
            wrong.push_str(&format!("\nline {number}: {found}, not {expected}: {head} {claims}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 200, "{count} tokens");
}

#[test]
fn each_field_has_the_expected_answer() {
    let (resolver, algorithm) = (resolver(), Algorithm::HS256);
    let good = token(algorithm, &head(algorithm), &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let (mut wrong, mut count) = (String::new(), 0);
    for (number, line) in lines(FIELDS) {
        let [values, expected] = &*line else { panic!("{line:?}") };
        let values = values
            .replace("{token}", &good)
            .replace("{head}", parts[0])
            .replace("{claims}", parts[1])
            .replace("{signature}", parts[2])
            .replace("\\s", " ")
            .replace("\\t", "\t")
            .replace("{long}", &"a".repeat(17_000));
        let values: Vec<&str> = values.split('&').filter(|value| *value != "{none}").collect();
        let found = ask(&resolver, &values).unwrap_or("unsendable".to_owned());
        if found != *expected {
            wrong.push_str(&format!("\nline {number}: {found}, not {expected}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 50, "{count} fields");
}

/// Who signs with a key of one algorithm and says it was another gets nowhere, with the key of
/// either; so with a public key taken for a secret, and with no signature at all.
#[test]
fn a_key_has_one_algorithm() {
    let resolver = resolver();
    let signed: Vec<Algorithm> = Algorithm::ALL.to_vec();
    let names = Algorithm::ALL.iter().map(|algorithm| algorithm.as_str());
    let names: Vec<&str> =
        names.chain(["none", "None", "NONE", "nOnE", "", "HS", "ES512"]).collect();
    let mut count = 0;
    for signer in signed.iter().filter(|one| !matches!(one.as_str(), "RS384" | "PS384" | "PS512")) {
        // A signature is over the head, so each token is signed anew, with the key of the signer.
        let cheap = !matches!(signer.family(), jsonwebtoken::AlgorithmFamily::Rsa);
        for name in names.iter().filter(|name| cheap || **name == signer.as_str()) {
            for key_id in Algorithm::ALL.iter().map(|one| one.as_str().to_lowercase()) {
                let head = format!(r#"{{"alg":"{name}","kid":"{key_id}"}}"#);
                let found = bearer(&resolver, &token(*signer, &head, &claims()));
                let right = *name == signer.as_str() && key_id == name.to_lowercase();
                assert_eq!(found == "the slug `acme`", right, "{signer:?} {head}: {found}");
                assert!(right || found.starts_with("untrusted"), "{signer:?} {head}: {found}");
                count += 1;
            }
        }
    }
    assert!(count > 1_000, "{count} tokens");

    for public in [pem("rsa"), pem("p256"), pem("ed25519")] {
        for key_id in ["rs256", "es256", "eddsa", "hs256"] {
            let head = format!(r#"{{"alg":"HS256","kid":"{key_id}"}}"#);
            let message = token(Algorithm::HS256, &head, &claims());
            let message = message.rsplit_once('.').unwrap().0;
            for secret in [public.to_owned(), public.trim().to_owned(), der(public)] {
                let key = EncodingKey::from_secret(secret.as_bytes());
                let alg = jsonwebtoken::Algorithm::HS256;
                let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, alg).unwrap();
                let found = bearer(&resolver, &format!("{message}.{signature}"));
                assert!(found.starts_with("untrusted"), "{found}");
            }
        }
    }
}

/// The text between the lines of a PEM.
fn der(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

#[test]
fn no_token_may_differ_in_a_letter() {
    let resolver = resolver();
    for algorithm in [Algorithm::HS256, Algorithm::EdDSA] {
        let good = token(algorithm, &head(algorithm), &claims());
        assert_eq!(bearer(&resolver, &good), "the slug `acme`");
        let step = if algorithm == Algorithm::HS256 { 1 } else { 7 };
        for at in (0..good.len()).step_by(step) {
            for other in ["A", "B", "-", ""] {
                let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
                if changed != good {
                    let found = bearer(&resolver, &changed);
                    assert!(!found.contains("acme"), "{at} {other:?}: {found}");
                }
            }
            assert!(!bearer(&resolver, &good[..at]).contains("acme"), "{at} letters");
        }
    }
}

#[test]
fn an_object_has_each_name_once_at_every_depth() {
    let read = |text: &str| serde_json::from_str::<super::super::json::Strict>(text).is_ok();
    for good in [r#"{"a":{"b":1},"c":{"b":2}}"#, "[]", r#"[{"a":1},{"a":2}]"#, "null", "-1.5e3"] {
        assert!(read(good), "{good}");
    }
    for twice in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":{"b":1,"b":2}}"#,
        r#"{"a":[{"b":[{"c":1,"c":null}]}]}"#,
        r#"{"exp":1,"\u0065xp":2}"#,
    ] {
        assert!(!read(twice), "{twice}");
    }
    assert!(!read(&"[".repeat(100_000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_field_makes_it_panic_or_name_anybody(value in "(Bearer |bearer  ?)?[!-~ ]{0,120}") {
        let found = ask(&resolver(), &[&value]);
        prop_assert!(found.is_none_or(|found| !found.contains("slug")));
    }

    #[test]
    fn nor_do_claims_that_name_nobody(tenant in "\\PC{0,70}") {
        let claim = serde_json::to_string(&tenant).unwrap();
        let claims = claims().replace(r#""tenant":"acme""#, &format!(r#""tenant":{claim}"#));
        let found = bearer(&resolver(), &token(Algorithm::HS256, &head(Algorithm::HS256), &claims));
        let slug = tenancy_core::Slug::new(&tenant).is_ok();
        prop_assert_eq!(found.starts_with("the slug"), slug, "{}", found);
    }
}
