//! Keys that an issuer publishes and changes.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jsonwebtoken::jwk::Jwk;
use serde_json::{Value, json};
use tokio::time::{self, sleep};

use super::*;
use crate::resolve::Resolved;

/// A public key as it is published.
fn jwk(algorithm: Algorithm, id: &str) -> Value {
    let jwk = Jwk::from_encoding_key(&signing(algorithm), algorithm.inner()).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk["kid"] = id.into();
    jwk["use"] = "sig".into();
    jwk
}

fn signed(algorithm: Algorithm, id: &str) -> String {
    let head = format!(r#"{{"alg":"{}","kid":"{id}"}}"#, algorithm.as_str());
    token(algorithm, &head, &claims())
}

/// An issuer: what it answers, and how often it was asked.
#[derive(Clone, Default)]
struct Issuer {
    answer: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicUsize>,
    delay: Duration,
}

impl Issuer {
    fn publishes(&self, keys: &[Value]) {
        *self.answer.lock().unwrap() = Some(json!({"keys": keys}).to_string());
    }

    fn fails(&self) {
        *self.answer.lock().unwrap() = None;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn resolver(&self) -> Arc<Jwt> {
        let issuer = self.clone();
        let algorithms = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256];
        let keys = Keys::fetched(algorithms, move || {
            let issuer = issuer.clone();
            async move {
                issuer.asked.fetch_add(1, Ordering::SeqCst);
                sleep(issuer.delay).await;
                issuer.answer.lock().unwrap().clone().ok_or("the issuer is away")
            }
        });
        Arc::new(builder(keys).slug_claim("tenant").build().unwrap())
    }
}

/// As the layer asks: once more when it is stale.
async fn ask(resolver: &Jwt, token: &str) -> Result<Resolved, Unresolved> {
    let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    let mut request = Request::new(());
    request.headers_mut().append(header::AUTHORIZATION, value);
    let parts = request.into_parts().0;
    match resolver.resolve(&parts) {
        Err(Unresolved::Stale) => {
            resolver.refresh().await;
            resolver.resolve(&parts)
        }
        answer => answer,
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_fetched_and_an_old_one_used_until_it_is_gone() {
    let issuer = Issuer::default();
    issuer.publishes(&[jwk(Algorithm::ES256, "old")]);
    let resolver = issuer.resolver();
    let (old, new) = (signed(Algorithm::ES256, "old"), signed(Algorithm::EdDSA, "new"));
    assert!(ask(&resolver, &old).await.is_ok());
    assert_eq!(issuer.asked(), 1);

    issuer.publishes(&[jwk(Algorithm::ES256, "old"), jwk(Algorithm::EdDSA, "new")]);
    assert_eq!(ask(&resolver, &new).await, Err(Unresolved::Stale));
    assert_eq!(issuer.asked(), 1, "sooner than after 30 seconds");
    time::advance(Duration::from_secs(30)).await;
    assert!(ask(&resolver, &new).await.is_ok());
    assert!(ask(&resolver, &old).await.is_ok());
    assert_eq!(issuer.asked(), 2);

    // Nobody asks for the issuer when keys are there; a key it took back lives on for `max_age`.
    issuer.publishes(&[jwk(Algorithm::EdDSA, "new")]);
    time::advance(Duration::from_secs(599)).await;
    assert!(ask(&resolver, &old).await.is_ok());
    assert_eq!(issuer.asked(), 2);
    time::advance(Duration::from_secs(1)).await;
    assert_eq!(ask(&resolver, &old).await, Err(Unresolved::Stale));
    assert!(ask(&resolver, &new).await.is_ok());
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_cannot_make_it_ask_often() {
    let issuer = Issuer::default();
    issuer.publishes(&[jwk(Algorithm::EdDSA, "key")]);
    let resolver = issuer.resolver();
    let strange: Vec<String> =
        (0..20).map(|id| signed(Algorithm::EdDSA, &id.to_string())).collect();
    for _ in 0..90 {
        for token in &strange {
            assert_eq!(ask(&resolver, token).await, Err(Unresolved::Stale));
        }
        time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(issuer.asked(), 3, "in 90 seconds");
    assert!(ask(&resolver, &signed(Algorithm::EdDSA, "key")).await.is_ok());
    // What is wrong for another reason does not make it ask either.
    time::advance(Duration::from_secs(60)).await;
    let none = token(Algorithm::EdDSA, r#"{"alg":"none","kid":"nobody"}"#, &claims());
    assert!(matches!(ask(&resolver, &none).await, Err(Unresolved::Untrusted(_))));
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn one_fetch_is_for_all_who_wait() {
    let issuer = Issuer { delay: Duration::from_secs(2), ..Issuer::default() };
    issuer.publishes(&[jwk(Algorithm::EdDSA, "key")]);
    let resolver = issuer.resolver();
    let good = signed(Algorithm::EdDSA, "key");
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (resolver, good) = (Arc::clone(&resolver), good.clone());
            tokio::spawn(async move { ask(&resolver, &good).await })
        })
        .collect();
    for task in waiting {
        assert!(task.await.unwrap().is_ok());
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_asked_and_left_takes_nothing_away() {
    let issuer = Issuer { delay: Duration::from_secs(2), ..Issuer::default() };
    issuer.publishes(&[jwk(Algorithm::EdDSA, "key")]);
    let resolver = issuer.resolver();
    let good = signed(Algorithm::EdDSA, "key");
    assert!(time::timeout(Duration::from_secs(1), ask(&resolver, &good)).await.is_err());
    assert!(ask(&resolver, &good).await.is_ok());
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_stay_while_the_issuer_is_away() {
    let issuer = Issuer::default();
    let resolver = issuer.resolver();
    let good = signed(Algorithm::EdDSA, "key");
    assert_eq!(ask(&resolver, &good).await, Err(Unresolved::Stale));
    issuer.publishes(&[jwk(Algorithm::EdDSA, "key")]);
    time::advance(Duration::from_secs(30)).await;
    assert!(ask(&resolver, &good).await.is_ok());
    for answer in [None, Some("not json"), Some("{}"), Some(r#"{"keys":{}}"#), Some("[]")] {
        issuer.fails();
        *issuer.answer.lock().unwrap() = answer.map(str::to_owned);
        time::advance(Duration::from_secs(3_600)).await;
        assert!(ask(&resolver, &good).await.is_ok(), "{answer:?}");
    }
    let asked = issuer.asked();
    issuer.publishes(&[]);
    time::advance(Duration::from_secs(30)).await;
    assert_eq!(ask(&resolver, &good).await, Err(Unresolved::Stale));
    assert_eq!(issuer.asked(), asked + 1);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_never_answers_is_given_up() {
    let issuer = Issuer { delay: Duration::from_secs(3_600), ..Issuer::default() };
    let resolver = issuer.resolver();
    let asked = time::Instant::now();
    let answer = ask(&resolver, &signed(Algorithm::EdDSA, "key")).await;
    assert_eq!(answer, Err(Unresolved::Stale));
    assert_eq!(asked.elapsed(), Duration::from_secs(10));
}

/// What a document may hold beside keys that are used.
#[test]
fn only_published_keys_that_fit_are_used() {
    let good = || jwk(Algorithm::EdDSA, "key");
    let with = |name: &str, value: Value| {
        let mut jwk = good();
        jwk[name] = value;
        jwk
    };
    let without = |name: &str| {
        let mut jwk = good();
        jwk.as_object_mut().unwrap().remove(name);
        jwk
    };
    let secret = json!({"kty": "oct", "kid": "key", "alg": "HS256",
        "k": URL_SAFE_NO_PAD.encode(SECRET)});
    let ask = |jwk: &Value, token: &str| {
        let document = json!({"keys": [{"kty": "new", "kid": "x"}, 7, jwk]}).to_string();
        let algorithms = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::HS256];
        let keys = Keys::jwks(algorithms, &document).ok()?;
        let jwt = builder(keys).slug_claim("tenant").build().unwrap();
        Some(bearer(&jwt, token))
    };
    let token = signed(Algorithm::EdDSA, "key");
    let acme = Some("the slug `acme`".to_owned());
    for jwk in [good(), without("alg"), without("use"), with("key_ops", json!(["verify"]))] {
        assert_eq!(ask(&jwk, &token), acme, "{jwk}");
    }
    for jwk in [
        with("use", "enc".into()),
        with("use", Value::Null),
        with("key_ops", json!(["encrypt"])),
        with("key_ops", "verify".into()),
        with("alg", "ES256".into()),
        with("alg", "RS256".into()),
        with("alg", "HS256".into()),
        with("alg", Value::Null),
        with("kid", 7.into()),
        with("crv", "X25519".into()),
        with("crv", "P-256".into()),
        with("kty", "EC".into()),
        with("x", "AAAA".into()),
        with("x", "!".into()),
        without("x"),
        without("kty"),
        without("crv"),
    ] {
        assert_eq!(ask(&jwk, &token), None, "{jwk}");
    }
    assert_eq!(ask(&secret, &signed(Algorithm::HS256, "key")), None);
    assert_eq!(ask(&jwk(Algorithm::RS256, "key"), &signed(Algorithm::RS256, "key")), None);
    let wrong = ask(&jwk(Algorithm::ES256, "key"), &token).unwrap();
    assert_eq!(wrong, "untrusted: its key is for another algorithm");
    let twice = json!({"keys": [good(), good()]}).to_string();
    assert!(Keys::jwks([Algorithm::EdDSA], &twice).is_err());
    let hidden = r#"{"keys":[],"keys":[{"kty":"oct"}]}"#;
    assert!(Keys::jwks([Algorithm::EdDSA], hidden).is_err());
}
