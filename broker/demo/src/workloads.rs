//! The demo workload issuer (contract §3): stands in for what a platform gives
//! a workload it started (Kubernetes, SPIFFE, CI).

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
use locum_core::ids::AgentId;
use serde_json::{Value, json};
use std::sync::Arc;

/// Life of a workload's token, in seconds: platforms give short ones.
const LIFETIME: u64 = 600;

struct Platform {
    issuer: DemoIssuer,
    locum: String,
    ambient: Ambient,
}

/// The issuer's routes, relative to its issuer.
///
/// # Errors
/// When its key cannot be used.
pub(crate) fn router(
    world: &DemoWorld,
    at: &Addresses,
    ambient: &Ambient,
) -> Result<Router, KeyFlaw> {
    let platform = Platform {
        issuer: DemoIssuer::new(at.workloads(), &world.workloads)?,
        locum: at.issuer.clone(),
        ambient: ambient.clone(),
    };
    Ok(Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/token", post(token))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Arc::new(platform)))
}

async fn discovery(State(platform): State<Arc<Platform>>) -> Response {
    platform
        .issuer
        .discovery(json!({"response_types_supported": []}))
}

async fn jwks(State(platform): State<Arc<Platform>>) -> Response {
    platform.issuer.jwks()
}

async fn token(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OAuthFlaw> {
    let form = DemoForm::parse(&headers, &body)?;
    // Any agent's id, registered or not: a platform does not know our registry.
    let agent = form.get("agent").and_then(|id| AgentId::parse(id).ok());
    let agent = agent.ok_or(OAuthFlaw::request(
        "expected `agent` to be the id of an agent",
    ))?;
    let audience = form.get("audience").unwrap_or(&platform.locum);
    Ok(platform
        .token(&agent, audience)
        .map_or_else(|_| fault(), not_stored))
}

impl Platform {
    fn token(&self, agent: &AgentId, audience: &str) -> Result<Value, KeyFlaw> {
        let now = (self.ambient.now)();
        // No `jti`: such tokens are cached and presented again (contract §5).
        let claims = json!({
            "iss": self.issuer.name, "sub": format!("wl/{agent}"), "aud": audience,
            "iat": now, "exp": now + LIFETIME,
        });
        Ok(json!({"token": self.issuer.sign("JWT", &claims)?, "expires_in": LIFETIME}))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::test_world::{self, TestWorld};
    use super::*;

    #[tokio::test]
    async fn a_workload_gets_a_token_for_locum_or_for_whom_it_asks() {
        let test_world = TestWorld::new();
        for (more, aud) in [
            ("", "http://127.0.0.1:8420"),
            ("&audience=elsewhere", "elsewhere"),
        ] {
            let (status, answer) = test_world
                .form("/workloads/token", &format!("agent=invoice-agent{more}"))
                .await;
            assert_eq!((status, &answer["expires_in"]), (200, &json!(600)));
            let (header, claims) = test_world::decode(answer["token"].as_str().unwrap());
            assert_eq!(header["typ"], "JWT");
            assert_eq!(
                (&claims["sub"], &claims["aud"]),
                (&json!("wl/invoice-agent"), &json!(aud))
            );
            assert_eq!(claims["iss"], "http://127.0.0.1:8421/workloads");
        }
    }

    #[tokio::test]
    async fn what_is_no_agents_id_is_refused() {
        let test_world = TestWorld::new();
        for body in ["", "agent=", "agent=../x", "agent=a&agent=b"] {
            let (status, answer) = test_world.form("/workloads/token", body).await;
            assert_eq!(
                (status, &answer["error"]),
                (400, &json!("invalid_request")),
                "{body}"
            );
        }
    }
}
