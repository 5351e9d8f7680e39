//! A body over the limit, told as every other refusal.

use crate::arrival::Arrival;
use crate::front::Front;
use crate::refusal::sized_refusal;
use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::StatusCode;
use locum_core::refusal::{Code, Refusal};
use std::sync::Arc;

/// The routes of the OAuth endpoints, whose answers all have one shape.
pub fn told_too_large(front: &Arc<Front>, routes: Router) -> Router {
    routes.layer(middleware::from_fn_with_state(front.clone(), too_large))
}

/// A body over the limit: 413 in the shape of every other refusal (contract §10).
async fn too_large(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::PAYLOAD_TOO_LARGE {
        return response;
    }
    front.metrics.rejected(Code::Request);
    let text = format!(
        "expected a body of at most {} bytes, found more; send a smaller request",
        front.body_bytes
    );
    sized_refusal(
        &front,
        &Refusal::new(Code::Request, text),
        arrival.id,
        StatusCode::PAYLOAD_TOO_LARGE,
    )
}
