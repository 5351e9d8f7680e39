//! What stands in front of every route, and how a listener takes connections.

mod arrival;
mod body_tracking;
mod connection_table;
mod connections;
mod host;

pub(crate) use arrival::Arrival;
pub(crate) use connection_table::figures;
pub(crate) use connections::{Limits, serve, serve_with};
pub(crate) use host::guard;

use crate::app::App;
use crate::oauth::answer;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use locum_core::refusal::{Code, Refusal};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// Longest a request may take from its head to its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest pause within a request's body.
const BODY_PAUSE: Duration = Duration::from_secs(10);

/// What stands in front of every route.
pub(crate) fn in_front(app: &Arc<App>, routes: Router) -> Router {
    routes
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(app.bounds.body_bytes))
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            REQUEST_TIMEOUT,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(guard))
        .layer(middleware::from_fn_with_state(app.clone(), arrival::arrive))
}

/// The routes of the OAuth endpoints, whose answers all have one shape.
pub(crate) fn told_too_large(app: &Arc<App>, routes: Router) -> Router {
    routes.layer(middleware::from_fn_with_state(app.clone(), too_large))
}

/// A body over the limit: 413 in the shape of every other refusal (contract §10).
async fn too_large(
    State(app): State<Arc<App>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::PAYLOAD_TOO_LARGE {
        return response;
    }
    app.metrics.rejected(Code::Request);
    let text = format!(
        "expected a body of at most {} bytes, found more; send a smaller request",
        app.bounds.body_bytes
    );
    answer::sized_refusal(
        &app,
        &Refusal::new(Code::Request, text),
        arrival.id,
        StatusCode::PAYLOAD_TOO_LARGE,
    )
}

async fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "nothing here\n").into_response()
}

/// A panic is a fault of ours: its text may hold anything, so it goes nowhere.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
