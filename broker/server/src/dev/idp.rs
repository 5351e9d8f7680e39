//! The demo identity provider (contract §3): discovery, keys, and a token
//! endpoint that stands in for a person's browser.

use super::cast::{APP, IDP, PEOPLE, Person, provider_scope};
use super::form::{BODY_MAX, Form, OAuthFlaw, fault, not_stored};
use super::keys::{Issuer, KeyFlaw};
use super::world::World;
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
    issuer: Issuer,
    locum: String,
    world: Arc<World>,
    ambient: Ambient,
}

/// The provider's routes, relative to its issuer.
///
/// # Errors
/// When its key cannot be used.
pub(crate) fn router(
    world: &Arc<World>,
    at: &Addresses,
    ambient: &Ambient,
) -> Result<Router, KeyFlaw> {
    let provider = Provider {
        issuer: Issuer::new(at.idp(), &world.idp)?,
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
    let form = Form::parse(&headers, &body)?;
    let person = provider.signed_in(&form)?;
    let audience = form.get("audience").unwrap_or(APP);
    Ok(provider
        .tokens(person, audience)
        .map_or_else(|_| fault(), not_stored))
}

impl Provider {
    fn signed_in(&self, form: &Form) -> Result<&'static Person, OAuthFlaw> {
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
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::bench::{self, Bench};
    use super::*;

    async fn sign_in(bench: &Bench, name: &str, password: &str, more: &str) -> (u16, Value) {
        bench
            .form(
                "/idp/token",
                &format!("username={name}&password={password}{more}"),
            )
            .await
    }

    #[tokio::test]
    async fn a_person_signs_in_and_gets_both_tokens() {
        let bench = Bench::new();
        let password = bench.world.password("ada").unwrap().expose();
        let (status, answer) = sign_in(&bench, "ada", password, "").await;
        assert_eq!((status, &answer["expires_in"]), (200, &json!(3600)));
        let (header, id) = bench::decode(answer["id_token"].as_str().unwrap());
        assert_eq!(header["typ"], "JWT");
        assert_eq!(
            (&id["sub"], &id["aud"]),
            (&json!("ada"), &json!("demo-app"))
        );
        assert_eq!(id["iss"], "http://127.0.0.1:8421/idp");
        assert_eq!(
            (&id["acr"], &id["amr"], &id["groups"]),
            (&json!("pwd"), &json!(["pwd"]), &json!(["staff"]))
        );
        assert_eq!(
            id["exp"].as_u64().unwrap(),
            id["iat"].as_u64().unwrap() + 3600
        );
        assert!(id.get("scope").is_none() && id.get("client_id").is_none());
        let (header, access) = bench::decode(answer["access_token"].as_str().unwrap());
        assert_eq!(header["typ"], "at+jwt");
        assert_eq!(
            (&access["aud"], &access["client_id"]),
            (&json!("http://127.0.0.1:8420"), &json!("demo-app"))
        );
        assert_eq!(
            access["scope"],
            "erp.read erp.write hr.read hr.write net.read net.write"
        );
        assert!(access["jti"].is_string());
        assert_eq!(access["sid"], id["sid"], "one sign-in, one session");
    }

    #[tokio::test]
    async fn the_id_tokens_audience_may_be_asked_for_and_eve_is_in_no_group() {
        let bench = Bench::new();
        let password = bench.world.password("eve").unwrap().expose();
        let (_, answer) = sign_in(&bench, "eve", password, "&audience=other-app").await;
        let (_, id) = bench::decode(answer["id_token"].as_str().unwrap());
        assert_eq!(
            (&id["aud"], &id["groups"]),
            (&json!("other-app"), &json!([]))
        );
        let (_, access) = bench::decode(answer["access_token"].as_str().unwrap());
        assert_eq!(access["aud"], "http://127.0.0.1:8420");
    }

    #[tokio::test]
    async fn a_wrong_password_an_unknown_person_and_anothers_password_are_one_refusal() {
        let bench = Bench::new();
        let bobs = bench.world.password("bob").unwrap().expose();
        let mut answers = Vec::new();
        for (name, password) in [("ada", "guess"), ("mallory", "guess"), ("ada", bobs)] {
            let (status, answer) = sign_in(&bench, name, password, "").await;
            assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
            answers.push(answer);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1);
        let (status, answer) = bench.form("/idp/token", "username=ada").await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
    }

    #[tokio::test]
    async fn discovery_leads_to_the_public_keys_only() {
        let bench = Bench::new();
        let (_, found) = bench.get("/idp/.well-known/openid-configuration").await;
        assert_eq!(found["issuer"], "http://127.0.0.1:8421/idp");
        assert_eq!(found["jwks_uri"], "http://127.0.0.1:8421/idp/jwks");
        let (_, keys) = bench.get("/idp/jwks").await;
        assert!(keys["keys"][0]["x"].is_string() && keys["keys"][0].get("d").is_none());
    }
}
