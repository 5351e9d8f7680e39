//! The keys that verify tokens of format `jwt`.

use super::super::oauth::OAuthRefusal;
use super::uaa::{Uaa, ZONE};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use locum_core::token::Alg;
use locum_tokens::keys::{KeyFlaw, SigningKey};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Name of the one key.
const KID: &str = "default-jwt-key-1";

/// Of `/token_keys`.
#[derive(Deserialize)]
pub(super) struct Zone {
    zid: Option<String>,
}

/// `GET /token_keys`: 400 for another zone, which SAP's library takes for a token
/// that is meant for somebody else.
pub(super) async fn token_keys(State(uaa): State<Arc<Uaa>>, Query(zone): Query<Zone>) -> Response {
    if zone.zid.is_some_and(|zid| zid != ZONE) {
        let said = "Cannot find identity zone";
        return OAuthRefusal::bad("invalid_request", said).into_response();
    }
    match uaa.key().await {
        Ok(key) => Json(json!({"keys": [key.public_jwk()]})).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Uaa {
    /// The signing key. Making it takes a while, and few ask for it.
    pub(super) async fn key(&self) -> Result<&SigningKey, KeyFlaw> {
        let make = || SigningKey::generate(Alg::RS256, Some(KID));
        self.key
            .get_or_try_init(|| async {
                let made = tokio::task::spawn_blocking(make).await;
                made.unwrap_or(Err(KeyFlaw::Library))
            })
            .await
    }
}
