//! What every request gets before anything else: its id, its trace, a place
//! in the log and in the metrics.

use crate::front::Front;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use locum_ambient::Stopwatch;
use locum_ambient::telemetry::{Span, TraceId, TraceParent};
use locum_core::ids::RequestId;
use std::sync::Arc;
use tracing::Instrument;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request as it arrived; an extension of every request.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Its id: in the answer, the record and the log.
    pub id: RequestId,
    /// The caller's trace, or the one that begins here.
    pub trace: Option<TraceId>,
    /// Since when it is here.
    pub since: Stopwatch,
}

/// Receives a request and sends its answer off.
pub(super) async fn arrive(
    State(front): State<Arc<Front>>,
    mut request: Request,
    next: Next,
) -> Response {
    let (id, since) = (front.request_id(), Stopwatch::start());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let caller = TraceParent::read(request.headers());
    let what = (&method, route.as_ref().map(MatchedPath::as_str));
    let traced = front.traces.begin(caller.as_ref(), what, id);
    let own = traced.as_ref().map(Span::trace);
    let trace = own.or_else(|| caller.map(|caller| caller.trace));
    let arrival = Arrival { id, trace, since };
    let id = arrival.id.to_string();
    // At the level of errors, so that every line of the request has it.
    let span = match &arrival.trace {
        Some(trace) => {
            tracing::error_span!("request", request_id = &*id, trace_id = trace.as_str())
        }
        None => tracing::error_span!("request", request_id = &*id),
    };
    request.extensions_mut().insert(arrival);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    if let Some(span) = traced {
        span.end(&response);
    }
    front.metrics.requests.answered(
        route.as_ref().map(MatchedPath::as_str),
        &method,
        response.status(),
        arrival.since.elapsed(),
    );
    response
}
