//! What goes wrong before a handler is met, told as every other refusal (contract
//! §10): a path or method that is not there, a body or a head over the limit.

use crate::arrival::Arrival;
use crate::front::Front;
use crate::refusal::sized_refusal;
use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use locum_core::refusal::{Code, Refusal};
use std::sync::Arc;

/// Most bytes of a request's head, names and values.
pub(crate) const HEAD_BYTES_MAX: usize = 32_768;
/// Most headers of a request.
pub(crate) const HEADERS_MAX: usize = 64;

/// The routes of the public listener. What the admin API tells as a problem stays
/// one.
pub fn told_as_refusals(front: &Arc<Front>, routes: Router) -> Router {
    routes.layer(middleware::from_fn_with_state(front.clone(), tell))
}

async fn tell(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let told = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE if !told => {
            let text = format!(
                "expected a body of at most {} bytes, found more; send a smaller request",
                front.body_bytes
            );
            refused(
                &front,
                &arrival,
                (Code::Request, &text),
                StatusCode::PAYLOAD_TOO_LARGE,
            )
        }
        StatusCode::METHOD_NOT_ALLOWED if !told => {
            let text = "expected a method that this path takes, found another; use one that the header Allow names";
            let refusal = (Code::Method, text);
            let mut answer = refused(&front, &arrival, refusal, StatusCode::METHOD_NOT_ALLOWED);
            if let Some(methods) = response.headers().get(ALLOW) {
                answer.headers_mut().insert(ALLOW, methods.clone());
            }
            answer
        }
        _ => response,
    }
}

/// A path that is not there.
pub(crate) async fn nothing(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
) -> Response {
    let text =
        "expected a path of this listener, found another; see its metadata for the endpoints";
    refused(
        &front,
        &arrival,
        (Code::NotFound, text),
        StatusCode::NOT_FOUND,
    )
}

/// Refuses a head over the limit, as far as it was read.
pub(crate) async fn bounded_head(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
    next: Next,
) -> Response {
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |all| all.as_str().len());
    if request.headers().len() <= HEADERS_MAX && target + bytes(request.headers()) <= HEAD_BYTES_MAX
    {
        return next.run(request).await;
    }
    let text = format!(
        "expected at most {HEADERS_MAX} headers and {HEAD_BYTES_MAX} bytes of them, found more; send fewer or shorter headers"
    );
    refused(
        &front,
        &arrival,
        (Code::Request, &text),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    )
}

fn bytes(headers: &HeaderMap) -> usize {
    let line =
        |(name, value): (&http::HeaderName, &http::HeaderValue)| name.as_str().len() + value.len();
    headers.iter().map(line).sum()
}

fn refused(
    front: &Front,
    arrival: &Arrival,
    (code, text): (Code, &str),
    status: StatusCode,
) -> Response {
    front.metrics.rejected(code);
    sized_refusal(front, &Refusal::new(code, text), arrival.id, status)
}
