//! What the layer's service returns.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::response::{IntoResponse, Response};
use pin_project_lite::pin_project;

pin_project! {
    /// The response to a request that went through a [`TenancyService`](super::TenancyService).
    pub struct ResponseFuture<F, E> {
        #[pin]
        kind: Kind<F, E>,
    }
}

type Boxed<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;

pin_project! {
    #[project = KindProjection]
    enum Kind<F, E> {
        // On an excluded path: the inner service's own future, nothing else.
        Excluded { #[pin] future: F },
        // No tenant is named.
        Refused { response: Option<Response> },
        // A tenant is named: it is loaded, and then served or not.
        Named { future: Boxed<E> },
    }
}

impl<F, E> ResponseFuture<F, E> {
    pub(super) fn excluded(future: F) -> Self {
        Self { kind: Kind::Excluded { future } }
    }

    pub(super) fn refused(response: Response) -> Self {
        Self { kind: Kind::Refused { response: Some(response) } }
    }

    pub(super) fn named(future: Boxed<E>) -> Self {
        Self { kind: Kind::Named { future } }
    }
}

impl<F, E> fmt::Debug for ResponseFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for ResponseFuture<F, E>
where
    F: Future<Output = Result<R, E>>,
    R: IntoResponse,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Excluded { future } => {
                let outcome = ready!(future.poll(cx));
                Poll::Ready(outcome.map(IntoResponse::into_response))
            }
            // `None` is a poll after completion, which futures may answer as they like.
            KindProjection::Refused { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending,
            },
            KindProjection::Named { future } => future.as_mut().poll(cx),
        }
    }
}
