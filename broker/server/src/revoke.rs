//! `POST /revoke` (RFC 7009, contract §9): the token's own client or presenter
//! kills it and everything that descends from it.

use crate::app::{App, Unavailable};
use crate::introspect::owns;
use crate::oauth::answer::{self, unavailable};
use crate::oauth::endpoint::{self, Caller as Asking};
use crate::recall::{Recalled, recall};
use crate::token::own;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};
use locum_core::ids::RevocationId;
use locum_core::lineage::{LineageKind, What};
use locum_core::own::OwnToken;
use locum_core::refusal::Code;
use locum_stores::state::{Author, Change, RevocationEntry};
use locum_web::Arrival;
use serde_json::json;
use std::sync::Arc;

enum Outcome {
    /// Dead, or unknown: one answer (RFC 7009 §2.2).
    Done,
    /// It belongs to another client.
    NotYours,
}

/// The handler of `POST /revoke`.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asking = match endpoint::enter(&app, &arrival, &headers, &body).await {
        Ok(asking) => asking,
        Err(response) => return *response,
    };
    let revoked = revoke(&app, &asking.token, &asking);
    match asking.waiter.patiently(revoked).await {
        Ok(Outcome::Done) => {
            let mut response = StatusCode::OK.into_response();
            response
                .headers_mut()
                .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Ok(Outcome::NotYours) => not_yours(&app, &asking),
        Err(error) => {
            tracing::error!(request_id = %asking.id, %error, "not revoked");
            answer::refusal(&app, &unavailable(), asking.id)
        }
    }
}

async fn revoke(app: &App, text: &str, asking: &Asking) -> Result<Outcome, Unavailable> {
    let Ok(verified) = own::verified(app, text) else {
        return Ok(Outcome::Done);
    };
    let Ok(token) = OwnToken::read(&verified, &app.issuer) else {
        return Ok(Outcome::Done);
    };
    let Some(recalled) = recall(app, &token)? else {
        return Ok(Outcome::Done);
    };
    if !owns(&token, &recalled, asking) {
        return Ok(Outcome::NotYours);
    }
    if is_dead(app, &recalled) {
        return Ok(Outcome::Done);
    }
    let by = asking.client.client.get().id().to_owned();
    let revocation = RevocationEntry {
        id: RevocationId(app.mint()),
        what: What {
            kind: LineageKind::Token,
            id: token.jti.to_string(),
        },
        before_ms: None,
        reason: "revoked by its client".into(),
        effective_ms: 0,
        by: by.clone(),
        key: None,
    };
    let author = Author {
        by,
        credential: None,
        reason: "RFC 7009".into(),
        request_id: Some(asking.id.to_string()),
    };
    app.record(&[Change::Revocation { revocation }], &author)
        .await?;
    Ok(Outcome::Done)
}

/// Whether it is dead for ever already: then there is nothing to add.
fn is_dead(app: &App, recalled: &Recalled) -> bool {
    let state = app.state.read();
    app.world(&state).is_dead(&recalled.recall.lineage)
}

/// Another client's token: 400 `invalid_grant`, also when it is dead already
/// (contract §9).
fn not_yours(app: &App, asking: &Asking) -> Response {
    let code = Code::ActorMismatch;
    let body = json!({
        "error": "invalid_grant",
        "code": code.text(),
        "request_id": asking.id,
        "retryable": false,
        "error_description": "expected a token of this client, found one of another; let its own client revoke it",
        "error_uri": format!("{}/errors/{}", app.issuer, code.text()),
    });
    answer::no_store(StatusCode::BAD_REQUEST, &body)
}
