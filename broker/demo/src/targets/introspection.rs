//! Asking Locum whether a token is still alive (RFC 7662).

use super::outgoing::{LocumUnreachable, body_of};
use locum_core::json::{JsonLimits, parse};
use locum_core::secret::Secret;
use reqwest::Client;
use serde_json::Value;

/// A resource server's way to the introspection endpoint.
pub(crate) struct Introspection {
    http: Client,
    url: String,
    client_id: String,
    client_secret: Secret<String>,
}

impl Introspection {
    /// Asks `<issuer>/introspect` with the resource server's own credentials.
    pub(crate) fn new(http: Client, issuer: &str, client_id: String, secret: String) -> Self {
        let url = format!("{issuer}/introspect");
        Self {
            http,
            url,
            client_id,
            client_secret: Secret::new(secret),
        }
    }

    /// Whether the token is active.
    ///
    /// # Errors
    /// [`Unreachable`] when there is no answer to go by: that is never "active"
    /// (architecture, "Five promises").
    pub(crate) async fn is_active(&self, token: &str) -> Result<bool, LocumUnreachable> {
        // Ids and generated secrets need no percent-encoding (contract §11).
        let request = self
            .http
            .post(&self.url)
            .basic_auth(&self.client_id, Some(self.client_secret.expose()))
            .form(&[("token", token), ("token_type_hint", "access_token")]);
        let answer = request.send().await.map_err(|_| LocumUnreachable)?;
        let body =
            parse(&body_of(answer).await?, JsonLimits::BODY).map_err(|_| LocumUnreachable)?;
        body.get("active")
            .and_then(Value::as_bool)
            .ok_or(LocumUnreachable)
    }
}
