//! Requests, each by a name of its own.

use std::{fmt, sync::Arc};

use axum::{extract::FromRequestParts, response::Response};
use http::{HeaderName, HeaderValue, request::Parts};

use super::MissingTenant;
use crate::TrustedProxies;

const FIELD: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken from a request.
const LONGEST: usize = 128;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// What a request is called in log lines, in its response and in problem documents.
///
/// It is 32 digits of hexadecimal, as a trace's id is in [Trace Context], unless the request brought
/// one that is [taken](crate::TenancyLayer::request_ids_from). As an extractor it fails with
/// [`MissingTenant`] where the layer was not passed.
///
/// [Trace Context]: https://www.w3.org/TR/trace-context/
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::RequestId;
///
/// async fn order(id: RequestId) -> String {
///     format!("we have your order; ask for {id} if anything is wrong")
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn fresh() -> Self {
        let mut buffer = uuid::Uuid::encode_buffer();
        Self((&*uuid::Uuid::now_v7().simple().encode_lower(&mut buffer)).into())
    }

    /// The one a request brought, if there is exactly one and it is well-formed.
    fn brought(parts: &Parts) -> Option<Self> {
        let mut values = parts.headers.get_all(FIELD).iter();
        let text = values.next()?.to_str().ok()?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let sound = (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed);
        (sound && values.next().is_none()).then(|| Self(text.into()))
    }

    /// The one of the request that is served now.
    pub(super) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Serves a request of that name.
    pub(super) fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.clone(), future)
    }

    /// Puts it into a response that has none.
    pub(super) fn mark(&self, mut response: Response) -> Response {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            response.headers_mut().entry(FIELD).or_insert(value);
        }
        response
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = MissingTenant;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingTenant> {
        parts.extensions.get().cloned().ok_or_else(|| MissingTenant::of("RequestId"))
    }
}

/// Whose ids are taken.
#[derive(Debug, Clone, Default)]
pub(super) enum RequestIds {
    /// Nobody's.
    #[default]
    Fresh,
    /// Everybody's.
    Anybody,
    /// Those of requests that come from these.
    Proxies(TrustedProxies),
}

impl RequestIds {
    /// The id of a request.
    pub(super) fn of(&self, parts: &Parts) -> RequestId {
        let brought = match self {
            Self::Fresh => None,
            Self::Anybody => RequestId::brought(parts),
            Self::Proxies(proxies) if proxies.are_peer(parts) => RequestId::brought(parts),
            Self::Proxies(_) => None,
        };
        brought.unwrap_or_else(RequestId::fresh)
    }
}
