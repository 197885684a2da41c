//! Refusals as problem documents ([RFC 9457]), and errors of handlers as responses.
//!
//! What a stranger learns is a status and nothing more. A missing, malformed, unknown, suspended or
//! deleted tenant and a missing row all get the same bytes; the reason goes to the log.
//!
//! [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use sea_orm::DbErr;
use tenancy_core::scope::RefusalKind;

use super::RequestId;
use crate::Error;

const BAD_REQUEST: &str = r#"{"type":"about:blank","title":"Bad Request","status":400}"#;
const UNAUTHORIZED: &str = r#"{"type":"about:blank","title":"Unauthorized","status":401}"#;
const FORBIDDEN: &str = r#"{"type":"about:blank","title":"Forbidden","status":403}"#;
const NOT_FOUND: &str = r#"{"type":"about:blank","title":"Not Found","status":404}"#;
const CONFLICT: &str = r#"{"type":"about:blank","title":"Conflict","status":409}"#;
const INTERNAL: &str = r#"{"type":"about:blank","title":"Internal Server Error","status":500}"#;
const UNAVAILABLE: &str = r#"{"type":"about:blank","title":"Service Unavailable","status":503}"#;

/// The one answer to every request that is not let through, unless it is a challenge.
pub(super) fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND)
}

/// The one answer to every request that is not let through, where clients are to prove who they are
/// ([RFC 9110], section 11.6.1).
///
/// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110
pub(super) fn unauthorized(challenge: &HeaderValue) -> Response {
    let mut response = problem(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge.clone());
    response
}

/// The answer where it cannot be found out whether to let a request through.
pub(super) fn unavailable() -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE)
}

/// The answer for a tenant that is suspended, where strangers may know.
pub(super) fn suspended() -> Response {
    problem(StatusCode::FORBIDDEN)
}

/// The answer for a tenant that somebody works on, where strangers may know: come again in a minute.
pub(super) fn maintained() -> Response {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
}

fn problem(status: StatusCode) -> Response {
    let body = match status {
        StatusCode::BAD_REQUEST => BAD_REQUEST,
        StatusCode::UNAUTHORIZED => UNAUTHORIZED,
        StatusCode::FORBIDDEN => FORBIDDEN,
        StatusCode::NOT_FOUND => NOT_FOUND,
        StatusCode::CONFLICT => CONFLICT,
        StatusCode::SERVICE_UNAVAILABLE => UNAVAILABLE,
        _ => INTERNAL,
    };
    // Those that strangers must not tell apart are the same bytes for everybody.
    let neutral = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
    match RequestId::current().filter(|_| !neutral.contains(&status)) {
        // What an id is made of needs no escape.
        Some(id) => respond(status, body.replace('}', &format!(",\"request-id\":\"{id}\"}}"))),
        None => respond(status, body),
    }
}

/// A problem document that is there already.
pub(super) fn respond(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An error of a handler, as a problem document that holds its status and, but for the neutral ones, the
/// [id of the request](crate::RequestId).
///
/// | error | status |
/// |---|---|
/// | [refused](Error::is_refused), such as a row that names another tenant; [invalid value](Error::is_invalid_value) | 400 |
/// | [not found](Error::is_not_found), [unknown tenant](Error::is_tenant_not_found), [inactive tenant](Error::is_inactive) | 404 |
/// | [conflict](Error::is_conflict) | 409 |
/// | [closed](Error::is_closed), [no free connection](Error::is_busy), [outdated](Error::is_outdated) | 503 |
/// | anything else | 500 |
///
/// The error itself is logged under the target `tenancy::web`: at level ERROR where the program or
/// the database is at fault, at WARN where a row names another tenant, otherwise at DEBUG.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let lost = matches!(self.db_err(), Some(DbErr::ConnectionAcquire(_)));
        let status = if let Some(refusal) = self.refusal() {
            if refusal.kind() == RefusalKind::TenantValue {
                tracing::warn!(target: "tenancy::web", error = %self, "a row names another tenant");
            } else {
                tracing::error!(target: "tenancy::web", error = %self, "a statement was refused");
            }
            StatusCode::BAD_REQUEST
        } else if self.is_invalid_value() {
            tracing::debug!(target: "tenancy::web", error = %self, "a value was refused");
            StatusCode::BAD_REQUEST
        } else if self.is_not_found() || self.is_tenant_not_found() || self.is_inactive() {
            tracing::debug!(target: "tenancy::web", error = %self, "not found");
            StatusCode::NOT_FOUND
        } else if self.is_conflict() {
            tracing::debug!(target: "tenancy::web", error = %self, "conflict");
            StatusCode::CONFLICT
        } else if self.is_closed() || self.is_busy() || self.is_outdated() || lost {
            tracing::error!(target: "tenancy::web", error = %self, "no connection is to be had");
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            tracing::error!(target: "tenancy::web", error = %self, "a handler failed");
            StatusCode::INTERNAL_SERVER_ERROR
        };
        problem(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_body_tells_its_own_status() {
        for code in [400, 401, 404, 409, 500, 503] {
            let status = StatusCode::from_u16(code).unwrap();
            let response = problem(status);
            assert_eq!(response.status(), status);
        }
        for (code, body) in [
            (400, BAD_REQUEST),
            (401, UNAUTHORIZED),
            (403, FORBIDDEN),
            (404, NOT_FOUND),
            (409, CONFLICT),
            (500, INTERNAL),
            (503, UNAVAILABLE),
        ] {
            let read: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(read["status"], code);
            let status = StatusCode::from_u16(code).unwrap();
            assert_eq!(read["title"].as_str(), status.canonical_reason());
        }
    }

    #[test]
    fn errors_become_their_statuses() {
        let value = crate::Slug::new("").unwrap_err();
        for (error, status) in [
            (Error::from(value), 400),
            (Error::from(tenancy_core::scope::Refusal::foreign_value("orders", "tenant_id")), 400),
            (Error::tenant_not_found(), 404),
            (Error::tenant_inactive(crate::Status::Suspended), 404),
            (Error::from(DbErr::RecordNotFound("orders".into())), 404),
            (Error::conflict("the slug `acme`"), 409),
            (Error::closed(), 503),
            (Error::busy("acme has all"), 503),
            (Error::from(DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout)), 503),
            (Error::from(DbErr::Custom("SELECT secret FROM orders".into())), 500),
        ] {
            assert_eq!(error.into_response().status(), status);
        }
    }
}
