//! `POST /revoke` (RFC 7009, contract §9).

use super::asking::enter;
use crate::app::App;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};
use locum_core::ids::RequestId;
use locum_core::refusal::Code;
use locum_engine::revoke::{RevokeOutcome, revoke};
use locum_engine::unavailable::unavailable;
use locum_web::Arrival;
use locum_web::refusal;
use serde_json::json;
use std::sync::Arc;

/// The handler of `POST /revoke`.
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
    let revoked = revoke(&app.broker, &asking);
    match asking.waiter.patiently(revoked).await {
        Ok(RevokeOutcome::Done) => {
            let mut response = StatusCode::OK.into_response();
            response
                .headers_mut()
                .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Ok(RevokeOutcome::NotYours) => not_yours(&app, asking.id),
        Err(error) => {
            tracing::error!(request_id = %asking.id, %error, "not revoked");
            refusal::refusal(&app.front, &unavailable(), asking.id)
        }
    }
}

/// Another client's token: 400 `invalid_grant`, also when it is dead already
/// (contract §9).
fn not_yours(app: &App, request_id: RequestId) -> Response {
    let code = Code::ActorMismatch;
    let body = json!({
        "error": "invalid_grant",
        "code": code.text(),
        "request_id": request_id,
        "retryable": false,
        "error_description": format!("expected a token of this client, found one of another; let its own client revoke it [{}]", code.text()),
        "error_uri": format!("{}/errors/{}", app.broker.issuer, code.text()),
    });
    refusal::no_store(StatusCode::BAD_REQUEST, &body)
}
