//! What can be set up, and what not.

use std::time::Duration;

use super::*;
use crate::Error;

fn refused<T>(outcome: Result<T, Error>, because: &str) {
    let error = outcome.err().unwrap();
    assert!(error.is_config() && error.to_string().contains(because), "{error}");
}

#[test]
fn a_key_is_of_the_kind_its_algorithm_takes() {
    refused(Key::secret(Algorithm::RS256, SECRET), "takes a public key");
    refused(Key::secret(Algorithm::HS256, &SECRET[..31]), "at least 32 bytes, and this one 31");
    refused(Key::secret(Algorithm::HS384, &SECRET[..47]), "at least 48 bytes");
    refused(Key::secret(Algorithm::HS512, &SECRET[..63]), "at least 64 bytes");
    refused(Key::secret(Algorithm::HS256, pem("rsa")), "a key in PEM");
    refused(Key::pem(Algorithm::HS256, pem("rsa")), "takes a secret");
    refused(Key::pem(Algorithm::RS256, pem("short")), "2048 bits");
    refused(Key::pem(Algorithm::RS256, pem("rsa.private")), "a private one");
    refused(Key::pem(Algorithm::RS256, pem("p256")), "no public key for RS256");
    refused(Key::pem(Algorithm::ES256, pem("rsa")), "no public key for ES256");
    refused(Key::pem(Algorithm::EdDSA, pem("p256")), "no public key for EdDSA");
    refused(Key::pem(Algorithm::ES384, pem("p256")), "another curve than ES384");
    refused(Key::pem(Algorithm::ES256, pem("p384")), "another curve than ES256");
    refused(Key::pem(Algorithm::RS256, "nonsense"), "no public key for RS256");
    let shown = format!("{:?} {:?}", verifying(Algorithm::HS256), resolver());
    assert!(!shown.contains("secret") && !shown.contains("97, 32"), "{shown}");
}

#[test]
fn each_token_means_one_key() {
    refused(Keys::fixed([]), "no key was given");
    let two = [verifying(Algorithm::RS256), verifying(Algorithm::RS256)];
    refused(Keys::fixed(two), "the same id and algorithm");
    let (one, other) = (verifying(Algorithm::RS256), verifying(Algorithm::ES256));
    Keys::fixed([one.id("a"), other.id("a")]).unwrap();
}

#[test]
fn a_key_without_an_id_is_for_tokens_without_when_it_is_alone() {
    let key = || Key::secret(Algorithm::HS256, SECRET).unwrap();
    let alone = builder(Keys::fixed([key()]).unwrap()).slug_claim("tenant").build().unwrap();
    let two = Keys::fixed([key(), verifying(Algorithm::ES256)]).unwrap();
    let two = builder(two).slug_claim("tenant").build().unwrap();
    let named = Keys::fixed([verifying(Algorithm::HS256)]).unwrap();
    let named = builder(named).slug_claim("tenant").build().unwrap();
    let without = token(Algorithm::HS256, r#"{"alg":"HS256"}"#, &claims());
    let with = token(Algorithm::HS256, &head(Algorithm::HS256), &claims());
    assert_eq!(bearer(&alone, &without), "the slug `acme`");
    assert_eq!(bearer(&alone, &with), "untrusted: its key is not known");
    assert_eq!(bearer(&two, &without), "untrusted: it does not say which key it means");
    assert_eq!(bearer(&named, &without), "untrusted: it does not say which key it means");
    assert_eq!(bearer(&named, &with), "the slug `acme`");
}

#[test]
fn what_must_be_set_is_asked_for() {
    let keys = || Keys::fixed([verifying(Algorithm::HS256)]).unwrap();
    let full = || builder(keys()).slug_claim("tenant");
    refused(Jwt::builder(keys()).audience("shop").slug_claim("tenant").build(), "no issuer");
    refused(Jwt::builder(keys()).issuer("i").slug_claim("tenant").build(), "an audience");
    refused(full().without_audience().build(), "an audience");
    refused(builder(keys()).build(), "no claim");
    for path in ["", ".", "org.", ".slug", "org..slug"] {
        refused(builder(keys()).slug_claim(path).build(), "empty");
    }
    refused(full().issuer("").build(), "empty");
    refused(full().audience("").build(), "empty");
    refused(full().leeway(Duration::from_secs(301)).build(), "5 minutes");
    assert!(full().build().unwrap().validation.leeway <= 30);
}

#[test]
fn without_an_audience_all_else_is_still_asked_for() {
    let jwt = Jwt::builder(Keys::fixed([verifying(Algorithm::HS256)]).unwrap());
    let jwt = jwt.issuer("https://login.example").without_audience().slug_claim("tenant");
    let jwt = jwt.build().unwrap();
    let ask = |change: &str| {
        let claims = changed(&claims(), change);
        bearer(&jwt, &token(Algorithm::HS256, &head(Algorithm::HS256), &claims))
    };
    assert_eq!(ask("*"), "the slug `acme`");
    assert_eq!(ask("* ;; - aud"), "the slug `acme`");
    assert_eq!(ask("* ;; = \"aud\":\"other\""), "the slug `acme`");
    assert_eq!(ask("* ;; = \"aud\":7"), "untrusted: a claim is of the wrong type");
    for change in ["* ;; - exp", "* ;; - iss", "* ;; = \"exp\":{-60}", "* ;; = \"iss\":\"evil\""] {
        assert!(ask(change).starts_with("untrusted"), "{change}");
    }
}

#[test]
fn claims_are_found_where_they_are() {
    let ask = |set: fn(Builder) -> Builder, change: &str| {
        let keys = Keys::fixed([verifying(Algorithm::HS256)]).unwrap();
        let jwt = set(builder(keys)).build().unwrap();
        let claims = changed(&claims(), change);
        bearer(&jwt, &token(Algorithm::HS256, &head(Algorithm::HS256), &claims))
    };
    let (globex, nobody) = ("the slug `globex`", "untrusted: it has no claim that names a tenant");
    assert_eq!(ask(|b| b.slug_claim("org.slug"), "*"), globex);
    assert_eq!(ask(|b| b.slug_at(["org", "slug"]), "*"), globex);
    assert_eq!(ask(|b| b.slug_claim("org.name"), "*"), nobody);
    assert_eq!(ask(|b| b.slug_claim("tenant.slug"), "*"), nobody);
    assert_eq!(ask(|b| b.slug_claim("org.slug"), "* ;; + \"org.slug\":\"acme\""), globex);
    assert_eq!(ask(|b| b.slug_at(["org.slug"]), "* ;; + \"org.slug\":\"acme\""), "the slug `acme`");
    assert_eq!(ask(|b| b.id_claim("org.id"), "*"), "the id `42`");
    assert_eq!(ask(|b| b.id_at(["org", "id"]), "* ;; = \"org\":{\"id\":\"a_1\"}"), "the id `a_1`");
    for id in ["1.5", "1e3", "true", "null", "18446744073709551615", "\"A\"", "\"\"", "[42]"] {
        let change = format!("* ;; = \"org\":{{\"id\":{id}}}");
        let found = ask(|b| b.id_claim("org.id"), &change);
        assert_eq!(found, "untrusted: the claim that names a tenant cannot be one", "{id}");
    }
    let both = |b: Builder| b.slug_claim("tenant").id_claim("org.id");
    assert_eq!(ask(both, "*"), "the slug `acme`, the id `42`");
    assert_eq!(ask(both, "* ;; - tenant"), nobody);
    assert_eq!(ask(both, "* ;; - org"), nobody);
    assert_eq!(ask(|b| b.slug_claim("tenant").slug_claim("org.slug"), "*"), "disagreement");
}
