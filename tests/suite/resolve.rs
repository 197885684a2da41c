//! From a host, a path or a token to the rows of one tenant.

use axum::{
    Json, Router,
    body::Body,
    http::{Request, StatusCode},
    routing::{get, post},
};
use http_body_util::BodyExt;
use sea_orm::{
    EntityTrait, PaginatorTrait, QueryOrder,
    sea_query::{Expr, ExprTrait as _},
};
use serde_json::{Value, json};
use tenancy::{
    Chain, Header, Jwt, Path, Repo, Resolver, Subdomain, TenantDb,
    resolve::jwt::{Algorithm, Key, Keys},
};
use tenancy_tests::{Shop, each_engine, entity::order};
use tower::ServiceExt;

const SECRET: &[u8] = b"a secret of these tests, 32 bytes";

async fn totals(orders: Repo<order::Entity>) -> tenancy::Result<Json<Vec<i64>>> {
    let orders = orders.find().order_by_asc(order::Column::Id).all().await?;
    Ok(Json(orders.iter().map(|order| order.total).collect()))
}

/// Changes every order there is, as far as whoever asks can see.
async fn double(db: TenantDb) -> tenancy::Result<String> {
    let doubled = Expr::col(order::Column::Total).mul(2);
    order::Entity::update_many().col_expr(order::Column::Total, doubled).exec(&db).await?;
    Ok(order::Entity::find().count(&db).await?.to_string())
}

fn app(shop: &Shop, resolver: impl Resolver) -> Router {
    let inner = Router::new().route("/orders", get(totals)).route("/double", post(double));
    shop.tenancy.layer().resolver(resolver).around(inner)
}

async fn send(app: &Router, method: &str, uri: &str, fields: &[(&str, String)]) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in fields {
        request = request.header(*name, value);
    }
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

fn jwt() -> Jwt {
    let keys = Keys::fixed([Key::secret(Algorithm::HS256, SECRET).unwrap()]).unwrap();
    let jwt = Jwt::builder(keys).issuer("login").audience("shop");
    jwt.slug_claim("org.slug").id_claim("org.id").build().unwrap()
}

fn bearer(claims: &Value) -> (&'static str, String) {
    signed(claims, SECRET)
}

fn signed(claims: &Value, secret: &[u8]) -> (&'static str, String) {
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).unwrap();
    ("authorization", format!("Bearer {token}"))
}

fn claims(slug: &str, id: &str) -> Value {
    let exp = jsonwebtoken::get_current_timestamp() + 60;
    json!({"iss": "login", "aud": "shop", "exp": exp, "org": {"slug": slug, "id": id}})
}

fn host(name: &str) -> (&'static str, String) {
    ("host", format!("{name}.example.com"))
}

const ACME: &str = "[1,2,3,4,5,6]";
const GLOBEX: &str = "[1000,2000,3000,4000,5000,6000]";

each_engine! {
    async fn each_name_leads_to_its_rows(shop) {
        let path = app(&shop, Path::new("/t"));
        let subdomain = app(&shop, Subdomain::of("example.com"));
        let token = app(&shop, jwt());
        let chain = app(&shop, Chain::all(Subdomain::of("example.com")).with(jwt()));
        for (tenant, rows) in [("acme", ACME), ("globex", GLOBEX)] {
            let bearer = bearer(&claims(tenant, tenant));
            for (app, uri, fields) in [
                (&path, format!("/t/{tenant}/orders"), vec![]),
                (&subdomain, "/orders".to_owned(), vec![host(tenant)]),
                (&token, "/orders".to_owned(), vec![bearer.clone()]),
                (&chain, "/orders".to_owned(), vec![host(tenant), bearer.clone()]),
                (&chain, "/orders".to_owned(), vec![host(tenant)]),
            ] {
                let found = send(app, "GET", &uri, &fields).await;
                assert_eq!(found, (200, rows.to_owned()), "{uri} {fields:?}");
            }
        }
    }

    async fn a_write_by_any_name_is_not_seen_by_others(shop) {
        let before = shop.neighbour().await;
        let acme = bearer(&claims("acme", "acme"));
        for (app, uri, fields) in [
            (app(&shop, Path::new("/t")), "/t/acme/double", vec![]),
            (app(&shop, Subdomain::of("example.com")), "/double", vec![host("acme")]),
            (app(&shop, jwt()), "/double", vec![acme]),
        ] {
            assert_eq!(send(&app, "POST", uri, &fields).await, (200, "6".to_owned()), "{uri}");
        }
        assert_eq!(shop.neighbour().await, before);
        let path = app(&shop, Path::new("/t"));
        let doubled = "[8,16,24,32,40,48]".to_owned();
        assert_eq!(send(&path, "GET", "/t/acme/orders", &[]).await, (200, doubled));
        assert_eq!(send(&path, "GET", "/t/globex/orders", &[]).await, (200, GLOBEX.to_owned()));
    }

    async fn two_names_of_different_tenants_lead_nowhere(shop) {
        let before = shop.neighbour().await;
        let chain = Chain::all(Subdomain::of("example.com")).with(jwt()).with(Header::default());
        let app = app(&shop, chain);
        let header = |name: &str| ("x-tenant-id", name.to_owned());
        let (acme, globex) = (bearer(&claims("acme", "acme")), bearer(&claims("globex", "globex")));
        let refused = send(&app, "POST", "/double", &[]).await;
        assert_eq!(refused.0, StatusCode::NOT_FOUND.as_u16());
        for fields in [
            vec![host("acme"), globex.clone()],
            vec![host("globex"), acme.clone()],
            vec![acme.clone(), header("globex")],
            vec![host("acme"), header("globex")],
            vec![acme.clone(), globex.clone()],
            vec![bearer(&claims("acme", "globex"))],
            vec![bearer(&claims("globex", "acme"))],
            vec![bearer(&claims("nobody", "globex"))],
            vec![("authorization", "Bearer x.y.z".to_owned()), header("globex")],
            vec![("authorization", "Basic Z2xvYmV4".to_owned()), host("globex")],
        ] {
            assert_eq!(send(&app, "POST", "/double", &fields).await, refused, "{fields:?}");
        }
        assert_eq!(shop.neighbour().await, before);
        let agreed = [host("acme"), acme, header("acme")];
        assert_eq!(send(&app, "GET", "/orders", &agreed).await, (200, ACME.to_owned()));
    }

    async fn a_token_somebody_else_signed_leads_nowhere(shop) {
        let before = shop.neighbour().await;
        let app = app(&shop, jwt());
        let claims = claims("globex", "globex");
        let refused = send(&app, "POST", "/double", &[]).await;
        assert_eq!(refused.0, StatusCode::NOT_FOUND.as_u16());
        for secret in [&b"another secret of 32 bytes or so"[..], b"", &SECRET[1..]] {
            let token = signed(&claims, secret);
            assert_eq!(send(&app, "POST", "/double", &[token]).await, refused);
        }
        assert_eq!(shop.neighbour().await, before);
        assert_eq!(send(&app, "POST", "/double", &[bearer(&claims)]).await.0, 200);
        assert_ne!(shop.neighbour().await, before);
    }
}
