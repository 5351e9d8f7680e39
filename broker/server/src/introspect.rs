//! `POST /introspect` (RFC 7662, contract §9): active only to those the token
//! concerns, only while everything it descends from stands.

use crate::app::{App, Unavailable};
use crate::oauth::answer::{self, no_store, unavailable};
use crate::oauth::client_auth::rejected;
use crate::oauth::endpoint::{self, Caller as Asking};
use crate::recall::{Recalled, recall};
use crate::token::own;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use locum_core::lineage::{Keyed, LineageKind};
use locum_core::own::OwnToken;
use locum_core::standing::{FOR_EVER, Standing, actors};
use locum_web::Arrival;
use serde_json::{Value, json};
use std::sync::Arc;

/// The handler of `POST /introspect`.
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
    // Contract §9: a client that is locked does not introspect.
    if endpoint::is_locked(&app, &asking) {
        return answer::rejection(&app, &rejected(), asking.id);
    }
    match look(&app, &asking.token, &asking) {
        Ok(Some(claims)) => no_store(StatusCode::OK, &claims),
        // RFC 7662 §2.2: inactive, unknown and not for the caller are one answer.
        Ok(None) => no_store(StatusCode::OK, &json!({ "active": false })),
        Err(error) => {
            tracing::error!(request_id = %asking.id, %error, "not introspected");
            answer::refusal(&app, &unavailable(), asking.id)
        }
    }
}

fn look(app: &App, text: &str, asking: &Asking) -> Result<Option<Value>, Unavailable> {
    let Ok(verified) = own::verified(app, text) else {
        return Ok(None);
    };
    let Ok(token) = OwnToken::read(&verified, &app.issuer) else {
        return Ok(None);
    };
    let Some(recalled) = recall(app, &token)? else {
        return Ok(None);
    };
    let kid = verified.kid().as_str();
    if !concerns(app, &token, &recalled, asking) || !stands(app, &token, &recalled, kid) {
        return Ok(None);
    }
    Ok(Some(active(&verified)))
}

/// The resource server of the token's audience, the agent it is passed on to,
/// its own client and its presenter.
pub(crate) fn concerns(app: &App, token: &OwnToken, recalled: &Recalled, asking: &Asking) -> bool {
    let caller = asking.client.client.get().id();
    let state = app.state.read();
    let target = state.registry.target_of_server(caller);
    // The target that is on record: a resource that moves takes no token along.
    let serves = target.is_some_and(|target| recalled.target.as_ref() == Some(&target.id))
        && token.meant_for().is_none();
    serves || token.meant_for() == Some(caller) || owns(token, recalled, asking)
}

/// Its own client, or the client that presented for it.
pub(crate) fn owns(token: &OwnToken, recalled: &Recalled, asking: &Asking) -> bool {
    let caller = asking.client.client.get().id();
    let presenter = recalled
        .recall
        .presenter
        .as_ref()
        .map(locum_core::ids::ClientId::as_str);
    token.client_id == caller || presenter == Some(caller)
}

/// Whether everything it descends from stands, the key that signed it included.
pub(crate) fn stands(app: &App, token: &OwnToken, recalled: &Recalled, kid: &str) -> bool {
    let state = app.state.read();
    let key = app.names.key(LineageKind::Key, &format!("locum:{kid}"));
    let actors = actors(&token.links, &recalled.recall.subject, None);
    let standing = app
        .world(&state)
        .standing(&recalled.recall.lineage, &actors);
    standing == Standing::Live && !state.view.is_revoked(&key, FOR_EVER)
}

fn active(verified: &locum_core::token::Verified<locum_core::token::Claims>) -> Value {
    const MEMBERS: [&str; 16] = [
        "iss",
        "sub",
        "aud",
        "client_id",
        "exp",
        "iat",
        "jti",
        "scope",
        "authorization_details",
        "act",
        "may_act",
        "del",
        "auth_time",
        "acr",
        "amr",
        "nbf",
    ];
    let mut out = serde_json::Map::new();
    out.insert("active".into(), json!(true));
    out.insert("token_type".into(), json!("Bearer"));
    for name in MEMBERS {
        if let Some(value) = verified.get().get(name) {
            out.insert(name.into(), value.clone());
        }
    }
    Value::Object(out)
}
