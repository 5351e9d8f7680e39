//! The demo identity provider (contract §3): discovery, keys, and a token
//! endpoint that stands in for a person's browser.

use super::cast::{APP, IDP, PEOPLE, Person, provider_scope};
use super::form::{BODY_MAX, DemoForm, OAuthFlaw, fault, not_stored};
use super::keys::{DemoIssuer, KeyFlaw};
use super::world::DemoWorld;
use super::{Addresses, Ambient};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use locum_core::jcs::hex;
use serde_json::{Value, json};
use std::sync::Arc;

/// Life of both tokens, in seconds.
const LIFETIME: u64 = 3600;
/// One text for an unknown person and a wrong password.
const WRONG: OAuthFlaw =
    OAuthFlaw::grant("expected the name and password of a demo person; see: locum dev env");

struct Provider {
    issuer: DemoIssuer,
    locum: String,
    world: Arc<DemoWorld>,
    ambient: Ambient,
}

/// The provider's routes, relative to its issuer.
///
/// # Errors
/// When its key cannot be used.
pub(crate) fn router(
    world: &Arc<DemoWorld>,
    at: &Addresses,
    ambient: &Ambient,
) -> Result<Router, KeyFlaw> {
    let provider = Provider {
        issuer: DemoIssuer::new(at.idp(), &world.idp)?,
        locum: at.issuer.clone(),
        world: Arc::clone(world),
        ambient: ambient.clone(),
    };
    Ok(Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/token", post(token))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Arc::new(provider)))
}

async fn discovery(State(provider): State<Arc<Provider>>) -> Response {
    // No authorization endpoint yet: only what works is advertised.
    provider.issuer.discovery(json!({
        "response_types_supported": [],
        "grant_types_supported": ["password"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": provider_scope().split(' ').collect::<Vec<_>>(),
        "acr_values_supported": ["pwd"],
    }))
}

async fn jwks(State(provider): State<Arc<Provider>>) -> Response {
    provider.issuer.jwks()
}

async fn token(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OAuthFlaw> {
    let form = DemoForm::parse(&headers, &body)?;
    let person = provider.signed_in(&form)?;
    let audience = form.get("audience").unwrap_or(APP);
    Ok(provider
        .tokens(person, audience)
        .map_or_else(|_| fault(), not_stored))
}

impl Provider {
    fn signed_in(&self, form: &DemoForm) -> Result<&'static Person, OAuthFlaw> {
        let Some((name, password)) = form.get("username").zip(form.get("password")) else {
            return Err(OAuthFlaw::request(
                "expected `username` and `password`, found less",
            ));
        };
        // Everybody's password is compared, so that time does not tell who exists.
        let mut found = None;
        for person in &PEOPLE {
            let fits = self
                .world
                .password(person.name)
                .is_ok_and(|p| p.is(password));
            if fits && person.name == name {
                found = Some(person);
            }
        }
        found.ok_or(WRONG)
    }

    fn tokens(&self, person: &Person, audience: &str) -> Result<Value, KeyFlaw> {
        let now = (self.ambient.now)();
        let shared = json!({
            "iss": self.issuer.name, "sub": person.name, "iat": now, "exp": now + LIFETIME,
            "auth_time": now, "acr": "pwd", "amr": ["pwd"], "sid": self.random(),
            "groups": person.groups,
        });
        let id_token = with(&shared, json!({"aud": audience}));
        let access_token = with(
            &shared,
            json!({
                "aud": self.locum, "client_id": APP, "scope": provider_scope(), "jti": self.random(),
            }),
        );
        Ok(json!({
            "id_token": self.issuer.sign("JWT", &id_token)?,
            "access_token": self.issuer.sign("at+jwt", &access_token)?,
            "token_type": "Bearer",
            "expires_in": LIFETIME,
        }))
    }

    fn random(&self) -> String {
        let mut noise = [0; 16];
        (self.ambient.fill)(&mut noise);
        format!("{IDP}-{}", hex(&noise))
    }
}

fn with(shared: &Value, own: Value) -> Value {
    let mut claims = shared.clone();
    if let (Value::Object(claims), Value::Object(own)) = (&mut claims, own) {
        claims.extend(own);
    }
    claims
}

#[cfg(test)]
mod tests;
