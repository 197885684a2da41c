//! EDGE 38: whoever shows a bad token learns nothing of why, nor whether there is such a tenant.

use jsonwebtoken::{EncodingKey, encode, get_current_timestamp};
use serde_json::{Value, json};

use super::*;
use crate::{
    Chain, Header, Jwt,
    resolve::jwt::{Algorithm, Key, Keys},
};

const SECRET: &[u8] = b"a secret of these tests, 32 bytes";

fn jwt() -> Jwt {
    let keys = Keys::fixed([Key::secret(Algorithm::HS256, SECRET).unwrap()]).unwrap();
    let jwt = Jwt::builder(keys).issuer("login").audience("shop").slug_claim("tenant");
    jwt.build().unwrap()
}

fn claims(tenant: &str) -> Value {
    let exp = get_current_timestamp() + 60;
    json!({"iss": "login", "aud": "shop", "exp": exp, "tenant": tenant})
}

fn bearer(claims: &Value, secret: &[u8]) -> String {
    let key = EncodingKey::from_secret(secret);
    format!("Bearer {}", encode(&jsonwebtoken::Header::default(), claims, &key).unwrap())
}

async fn ask(
    app: &Router,
    authorization: &str,
    tenants: &[&str],
) -> (StatusCode, HeaderMap, Bytes) {
    let mut request = request("/whoami", tenants);
    if !authorization.is_empty() {
        request.headers_mut().append(header::AUTHORIZATION, authorization.parse().unwrap());
    }
    read(app.clone().oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn every_token_that_is_refused_gets_the_same_bytes() {
    let tenancy = connect(MemoryStore::new()).await;
    let routes = || Router::new().route("/whoami", get(whoami));
    let with = |name: &str, value: Value| {
        let mut claims = claims("acme");
        claims[name] = value;
        bearer(&claims, SECRET)
    };
    let good = bearer(&claims("acme"), SECRET);
    let (kept, last) = good.split_at(good.len() - 9);
    let tampered = format!("{kept}{}{}", if last.starts_with('A') { 'B' } else { 'A' }, &last[1..]);
    let mut refused = vec![
        String::new(),
        "Bearer".to_owned(),
        "Bearer x.y.z".to_owned(),
        "Basic YWRhOng=".to_owned(),
        good.replace("Bearer ", ""),
        tampered,
        bearer(&claims("acme"), b"another secret, of 32 bytes too."),
        with("exp", json!(get_current_timestamp() - 60)),
        with("nbf", json!(get_current_timestamp() + 60)),
        with("iss", "evil".into()),
        with("aud", "other".into()),
        with("tenant", Value::Null),
        with("tenant", "Acme".into()),
    ];
    for tenant in ["nobody", "suspended", "deleted", "provisioning", "maintenance"] {
        refused.push(bearer(&claims(tenant), SECRET));
    }
    let chain = Chain::first(jwt()).with(Header::default());
    for (layer, status) in [
        (tenancy.layer().resolver(jwt()), 404),
        (tenancy.layer().resolver(jwt()).challenge("Bearer"), 401),
        (tenancy.layer().resolver(chain).challenge("Bearer"), 401),
    ] {
        let app = layer.around(routes());
        let first = ask(&app, "", &[]).await;
        assert_eq!(first.0.as_u16(), status);
        assert_eq!(first.1.contains_key(header::WWW_AUTHENTICATE), status == 401);
        for token in &refused {
            assert_eq!(ask(&app, token, &[]).await, first, "{token}");
            if !token.is_empty() {
                // Nor does a header help.
                assert_eq!(ask(&app, token, &["globex"]).await, first, "{token}");
            }
        }
        let served = ask(&app, &good, &["globex"]).await;
        assert_eq!(served.2, "acme Some(TenantId(acme))");
        assert!(served.1[header::VARY].to_str().unwrap().starts_with("authorization"));
    }
}
