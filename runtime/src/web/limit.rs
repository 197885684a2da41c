//! Rate limits in requests and responses.
//!
//! The header fields are those of the IETF's draft [RateLimit header fields for HTTP], as structured
//! fields ([RFC 9651]); the problem types are the draft's too.
//!
//! [RateLimit header fields for HTTP]: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
//! [RFC 9651]: https://www.rfc-editor.org/rfc/rfc9651

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use axum::response::Response;
use chrono::Utc;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tenancy_core::{
    Tenant,
    limit::{Decision, Kind, Micros, Policy, Rate, TooCostly},
};

use super::{RequestId, count, problem};
use crate::{
    Tenancy,
    limit::{Admission, Permit},
    record::UsedUp,
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Charges a request, or says what to answer.
pub(super) async fn admitted(
    tenancy: &Tenancy,
    tenant: &Tenant,
    cost: u32,
) -> Result<(Option<Decision>, Permit), Response> {
    if cost == 0 {
        return Ok((None, Permit::none()));
    }
    match tenancy.admit(tenant, cost).await {
        Ok(Admission::Admitted { decision, permit }) => Ok((decision, permit)),
        Ok(Admission::Refused(decision)) => {
            let policies: Vec<_> = decision.violated().map(|(policy, _)| policy.name()).collect();
            tracing::info!(
                target: "tenancy::web", tenant = %tenant.id, ?policies, cost,
                "a request was over the limit"
            );
            count::refused("limited");
            Err(over(&decision))
        }
        Ok(Admission::Unavailable) => {
            tracing::warn!(
                target: "tenancy::web", tenant = %tenant.id,
                "a request was refused because nobody could count it"
            );
            count::refused("uncounted");
            Err(unavailable())
        }
        Err(error) => {
            tracing::warn!(target: "tenancy::web", tenant = %tenant.id, %error, "a request can never be let through");
            count::refused("too_costly");
            Err(never(&error))
        }
    }
}

/// Says in a response how the policies stand. What a handler has set stays.
pub(super) fn describe(headers: &mut HeaderMap, decision: &Decision) {
    if headers.contains_key(POLICY) || headers.contains_key(LIMIT) {
        return;
    }
    let (mut policies, mut limits) = (String::new(), String::new());
    for (policy, standing) in decision.standings().filter(|(policy, _)| !policy.is_shadow()) {
        if !policies.is_empty() {
            policies.push_str(", ");
            limits.push_str(", ");
        }
        // Names hold nothing that would have to be escaped. A text is always written.
        let _ = write!(policies, "\"{}\";q={}{}", policy.name(), capacity(policy), unit(policy));
        let _ = write!(limits, "\"{}\";r={}", policy.name(), standing.remaining);
        if standing.more_in > 0 {
            let _ = write!(limits, ";t={}", seconds(standing.more_in));
        }
    }
    for (name, value) in [(POLICY, policies), (LIMIT, limits)] {
        if let Ok(value) = HeaderValue::try_from(value)
            && !value.is_empty()
        {
            headers.insert(name, value);
        }
    }
}

fn capacity(policy: &Policy) -> u32 {
    policy.kind().capacity()
}

fn unit(policy: &Policy) -> String {
    match policy.kind() {
        Kind::Window(window) => format!(";w={}", window.per().as_secs()),
        Kind::Rate(rate) => format!(";w={}", refill(rate)),
        _ => ";qu=\"concurrent-requests\"".to_owned(),
    }
}

/// In how many seconds as much has come as there can be.
fn refill(rate: &Rate) -> u64 {
    let time = rate.time_of(rate.capacity());
    seconds(time.micros() + u64::from(time.part() > 0)).max(1)
}

/// Rounded up: nobody is told to come too early.
fn seconds(micros: Micros) -> u64 {
    micros.div_ceil(1_000_000)
}

/// The answer to a request that comes too early.
fn over(decision: &Decision) -> Response {
    let mut response = quota(decision.violated().map(|(policy, _)| policy.name()));
    let wait = decision
        .violated()
        .map(|(_, standing)| standing.retry_in.max(standing.more_in))
        .max()
        .unwrap_or(0);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, seconds(wait).max(1).into());
    describe(headers, decision);
    response
}

/// The answer to a request that no waiting helps.
fn never(error: &TooCostly) -> Response {
    quota([error.policy()].into_iter())
}

/// The answer to a request of a tenant that has used up what it may.
pub(super) fn used_up(tenant: &Tenant, UsedUp { what, until }: UsedUp) -> Response {
    tracing::info!(
        target: "tenancy::web", tenant = %tenant.id, what, "a request was over the tenant's quota"
    );
    count::refused("used_up");
    let mut response = quota([what].into_iter());
    // Rounded up: it is not before then that there is more.
    let wait = (until - Utc::now()).num_seconds().max(0) + 1;
    response.headers_mut().insert(header::RETRY_AFTER, wait.into());
    response
}

fn quota<'a>(policies: impl Iterator<Item = &'a str>) -> Response {
    let mut body = serde_json::json!({
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Too Many Requests",
        "status": 429,
        "violated-policies": policies.collect::<Vec<_>>(),
    });
    name(&mut body);
    problem::respond(StatusCode::TOO_MANY_REQUESTS, body.to_string())
}

/// Says which request it was.
fn name(body: &mut serde_json::Value) {
    if let Some(id) = RequestId::current() {
        body["request-id"] = id.as_str().into();
    }
}

fn unavailable() -> Response {
    let mut body = serde_json::json!({
        "type": "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
        "title": "Service Unavailable",
        "status": 503,
    });
    name(&mut body);
    let mut response = problem::respond(StatusCode::SERVICE_UNAVAILABLE, body.to_string());
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
