//! Documents that pages of any origin may read (contract §4): metadata, keys, the
//! pages of the error codes. They hold nothing that depends on who asks.

use axum::response::Response;
use axum::routing::MethodRouter;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE,
};
use http::{HeaderValue, StatusCode};

/// Lets pages of any origin read what the route answers, and answers their
/// preflight requests (Fetch §3.2.2).
pub fn open<S: Clone + Send + Sync + 'static>(route: MethodRouter<S>) -> MethodRouter<S> {
    route
        .options(|| async { preflight() })
        .layer(axum::middleware::map_response(
            |mut response: Response| async move {
                let any = HeaderValue::from_static("*");
                response
                    .headers_mut()
                    .insert(ACCESS_CONTROL_ALLOW_ORIGIN, any);
                response
            },
        ))
}

fn preflight() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
