//! Demo targets (contract §3): three downstream systems that check Locum's
//! tokens as any resource server should, and show what they saw.

use super::cast::{DemoTarget, TARGETS};
use super::form::BODY_MAX;
use super::world::{DemoWorld, WorldFlaw};
use super::{Addresses, Ambient};
use axum::extract::DefaultBodyLimit;
use axum::{Json, Router, routing};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) mod body;
mod decimal;
pub(crate) mod denied;
mod firewall;
mod guard;
mod introspection;
pub(crate) mod locum_keys;
pub(crate) mod outgoing;
mod sap;
mod seen;
pub(crate) mod shelf;
mod workday;

use guard::TargetGuard;
use introspection::Introspection;
use locum_keys::LocumKeys;

/// Why the targets cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TargetFlaw {
    /// A target's secret is missing.
    #[error(transparent)]
    World(#[from] WorldFlaw),
    /// No HTTP client.
    #[error("cannot set up an HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

/// The routes of all targets, relative to the demo listener.
///
/// # Errors
/// [`TargetFlaw`].
pub(crate) fn router(
    world: &DemoWorld,
    at: &Addresses,
    ambient: &Ambient,
) -> Result<Router, TargetFlaw> {
    let http = outgoing::client(at)?;
    let keys = Arc::new(LocumKeys::new(http.clone(), &at.issuer, ambient.clone()));
    let mut all = Router::new();
    for target in &TARGETS {
        let secret = world.server_secret(target.id)?.expose().to_owned();
        let guard = TargetGuard {
            audiences: vec![target.audience(), at.target(target.id)],
            target: target.id,
            issuer: at.issuer.clone(),
            keys: Arc::clone(&keys),
            introspection: Introspection::new(http.clone(), &at.issuer, target.client_id(), secret),
            ambient: ambient.clone(),
        };
        let resources = match target.id {
            "sap" => sap::router(guard),
            "workday" => workday::router(guard),
            _ => firewall::router(guard),
        };
        all = all.merge(resources).merge(front_door(target));
    }
    Ok(all.layer(DefaultBodyLimit::max(BODY_MAX)))
}

/// `GET /sap`, with and without a slash: what the target is. No token needed.
fn front_door(target: &DemoTarget) -> Router {
    let about = about(target);
    let with_slash = about.clone();
    let path = format!("/{}", target.id);
    Router::new()
        .route(
            &format!("{path}/"),
            routing::get(move || answer(with_slash)),
        )
        .route(&path, routing::get(move || answer(about)))
}

async fn answer(about: Value) -> Json<Value> {
    Json(about)
}

fn about(target: &DemoTarget) -> Value {
    let of = |method: &str, path: &str, scope: &str| json!({"method": method, "path": format!("/{}{path}", target.id), "scope": scope});
    let (read, write) = (target.read, target.write);
    let resources = match target.id {
        "sap" => json!([
            of("GET", "/invoices/4711", read),
            of("POST", "/invoices", write)
        ]),
        "workday" => json!([
            of("GET", "/workers/42", read),
            of("PUT", "/workers/42", write)
        ]),
        _ => json!([of("GET", "/rules", read), of("POST", "/rules", write)]),
    };
    json!({"target": target.id, "audience": target.audience(), "resources": resources})
}

#[cfg(test)]
mod tests;
