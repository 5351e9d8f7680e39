//! What stands in front of every route.

use crate::arrival;
use crate::host::guard;
use crate::told::{bounded_head, nothing};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::StatusCode;
use locum_ambient::metrics::Metrics;
use locum_ambient::telemetry::Traces;
use locum_ambient::{Clock, Randomness};
use locum_core::ids::{RequestId, Uuid7};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// Longest a request may take from its head to its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest pause within a request's body.
const BODY_PAUSE: Duration = Duration::from_secs(10);

/// What a request meets on every listener, whatever it asks for.
pub struct Front {
    /// Locum's issuer, byte for byte.
    pub issuer: Arc<str>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What others trace.
    pub traces: Traces,
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub random: Randomness,
    /// Most bytes of a body.
    pub body_bytes: usize,
}

impl Front {
    /// A new request id.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        RequestId(Uuid7::new(self.clock.now_ms(), self.random.bytes()))
    }
}

/// Routes as they are served: each request has an id, a trace, a bounded body
/// and a bounded time, and an answer whatever happens.
pub fn in_front(front: &Arc<Front>, routes: Router) -> Router {
    routes
        .fallback_service(any(nothing).with_state(front.clone()))
        .layer(DefaultBodyLimit::max(front.body_bytes))
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            REQUEST_TIMEOUT,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(front.clone(), bounded_head))
        .layer(middleware::from_fn(guard))
        .layer(middleware::from_fn_with_state(
            front.clone(),
            arrival::arrive,
        ))
}

/// A panic is a fault of ours: its text may hold anything, so it goes nowhere.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
