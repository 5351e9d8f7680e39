//! `POST /introspect` (RFC 7662, contract §9).

use super::asking::enter;
use crate::app::App;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use locum_engine::introspect::introspect;
use locum_engine::oauth::asking::is_locked;
use locum_engine::oauth::client_auth::rejected;
use locum_engine::unavailable::unavailable;
use locum_web::Arrival;
use locum_web::refusal::{self, no_store};
use serde_json::json;
use std::sync::Arc;

/// The handler of `POST /introspect`.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asking = match enter(&app, &arrival, &headers, &body).await {
        Ok(asking) => asking,
        Err(response) => return *response,
    };
    // Contract §9: a client that is locked does not introspect.
    if is_locked(&app.broker, &asking) {
        return refusal::rejection(&app.front, &rejected(), asking.id);
    }
    match introspect(&app.broker, &asking).await {
        Ok(Some(claims)) => no_store(StatusCode::OK, &claims),
        // RFC 7662 §2.2: inactive, unknown and not for the caller are one answer.
        Ok(None) => no_store(StatusCode::OK, &json!({ "active": false })),
        Err(error) => {
            tracing::error!(request_id = %asking.id, %error, "not introspected");
            refusal::refusal(&app.front, &unavailable(), asking.id)
        }
    }
}
