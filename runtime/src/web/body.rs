//! Bodies that are still being made while they are sent.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tenancy_core::TenantId;
use tracing::Span;

use crate::{limit::Permit, tenancy::scope_sync};

/// A body whose making goes on for the tenant: its log lines name it.
struct TenantBody {
    body: Body,
    tenant: TenantId,
    span: Span,
    /// Held until the body was sent.
    _permit: Permit,
}

/// Keeps the tenant for what is streamed, and its permit. A body that is there already is left as it
/// is.
pub(super) fn keep_tenant(body: Body, tenant: &TenantId, span: &Span, permit: Permit) -> Body {
    // One of known length may still be on its way from somewhere.
    if body.is_end_stream() || (permit.is_none() && body.size_hint().exact().is_some()) {
        return body;
    }
    Body::new(TenantBody { body, tenant: tenant.clone(), span: span.clone(), _permit: permit })
}

impl HttpBody for TenantBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let _entered = this.span.enter();
        scope_sync(&this.tenant, || Pin::new(&mut this.body).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
