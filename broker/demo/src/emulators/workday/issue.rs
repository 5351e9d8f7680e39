//! The token endpoint.

use super::super::super::form::DemoForm;
use super::super::oauth::{OAuthRefusal, issued, pair, random};
use super::super::vendor::TENANT;
use super::server::{Workday, WorkdayToken};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// `POST /ccx/oauth2/{tenant}/token`.
pub(super) async fn token(
    State(workday): State<Arc<Workday>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(busy) = workday.busy.answer() {
        return busy;
    }
    if tenant != TENANT {
        let said = "the tenant is not known";
        return OAuthRefusal::new(StatusCode::NOT_FOUND, "invalid_request", said).into_response();
    }
    let form = match DemoForm::parse(&headers, &body) {
        Ok(form) => form,
        Err(flaw) => return flaw.into_response(),
    };
    match workday.granted(&headers, &form) {
        Ok(granted) => workday.issue(granted),
        Err(refusal) => refusal.into_response(),
    }
}

impl Workday {
    fn granted(&self, headers: &HeaderMap, form: &DemoForm) -> Result<WorkdayToken, OAuthRefusal> {
        // Credentials of a client in a form are none here.
        if form.get("client_secret").is_some() || form.get("client_id").is_some() {
            let said = "client credentials are taken from the Authorization header";
            return Err(OAuthRefusal::unauthorized("invalid_client", said));
        }
        match form.get("grant_type") {
            Some(JWT_BEARER) => {
                let missing = || OAuthRefusal::bad("invalid_request", "`assertion` is missing");
                self.asserted(form.get("assertion").ok_or_else(missing)?)
            }
            Some("client_credentials") => self.integration(headers, form),
            Some(_) | None => {
                let said = "the grant type is not supported";
                Err(OAuthRefusal::bad("unsupported_grant_type", said))
            }
        }
    }

    /// The integration user of a client that proves itself by the scheme `ID`.
    fn integration(
        &self,
        headers: &HeaderMap,
        form: &DemoForm,
    ) -> Result<WorkdayToken, OAuthRefusal> {
        let refused = || OAuthRefusal::unauthorized("invalid_client", "invalid client credentials");
        let (id, secret) = pair(headers, "ID").ok_or_else(refused)?;
        let client = self.client(&id).ok_or_else(refused)?;
        if !client.has_secret(secret.expose()) {
            return Err(refused());
        }
        if form.get("tenant_alias") != Some(TENANT) {
            let said = "`tenant_alias` is not the tenant's";
            return Err(OAuthRefusal::bad("invalid_request", said));
        }
        Ok(WorkdayToken {
            user: None,
            client: Arc::clone(client),
        })
    }

    /// How long it lives is not said.
    fn issue(&self, granted: WorkdayToken) -> Response {
        let token = random(&self.ambient);
        self.tokens.add(&token, Arc::new(granted), self.now_s());
        let body = json!({"access_token": token, "token_type": "Bearer"});
        let request_id = random(&self.ambient);
        issued(body, ("x-request-id", &request_id))
    }
}
