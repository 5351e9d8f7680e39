//! A refusal as the OAuth endpoints answer it in JSON, and answers that nobody may
//! store (contract §7, §10; RFC 6749 §5). The admin API has problems of its own, in
//! `broker/admin/src/problem.rs`.

use crate::front::Front;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use locum_core::ids::RequestId;
use locum_core::refusal::{Refusal, SignInWanted};
use serde_json::{Value, json};

/// JSON that nobody may store (RFC 6749 §5.1).
pub fn no_store(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A refusal as an answer.
pub fn refusal(front: &Front, refusal: &Refusal, request_id: RequestId) -> Response {
    let mapping = refusal.code.mapping();
    let status = StatusCode::from_u16(mapping.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    sized_refusal(front, refusal, request_id, status)
}

/// A refusal of somebody who is not authenticated: counted, not recorded.
pub fn rejection(front: &Front, refused: &Refusal, request_id: RequestId) -> Response {
    front.metrics.rejected(refused.code);
    refusal(front, refused, request_id)
}

/// A refusal with another status than its code's: 413 for a body over the limit.
pub fn sized_refusal(
    front: &Front,
    refusal: &Refusal,
    request_id: RequestId,
    status: StatusCode,
) -> Response {
    let mapping = refusal.code.mapping();
    let error = mapping.error.unwrap_or("server_error");
    // Last, since some clients show this text and nothing else.
    let description = format!("{} [{}]", refusal.description, mapping.text);
    let mut body = json!({
        "error": error,
        "code": mapping.text,
        "request_id": request_id,
        "retryable": refusal.code.retryable(),
        "error_description": description,
        "error_uri": format!("{}/errors/{}", front.issuer, mapping.text),
    });
    if let Some(object) = body.as_object_mut() {
        if let Some(value) = &refusal.would_pass {
            object.insert("would_pass".into(), (**value).clone());
        }
        match refusal.sign_in.as_deref() {
            Some(SignInWanted::Stronger(values)) => {
                object.insert("acr_values".into(), json!(values));
            }
            Some(SignInWanted::Younger(seconds)) => {
                object.insert("max_age".into(), json!(seconds));
            }
            None => {}
        }
    }
    let mut response = no_store(status, &body);
    // For the request's span.
    response.extensions_mut().insert(refusal.code);
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = format!(
            "Basic realm=\"locum\", error=\"{error}\", error_description=\"{description}\"",
        );
        if let Ok(value) = HeaderValue::try_from(challenge) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
    }
    if refusal.code.retryable() {
        headers.insert(RETRY_AFTER, HeaderValue::from(refusal.retry_after_s));
    }
    response
}
