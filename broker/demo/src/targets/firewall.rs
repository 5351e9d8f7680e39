//! The demo firewall: rules that can be read and added.

use super::body::{object, with_seen};
use super::denied::{Denied, not_stored};
use super::guard::TargetGuard;
use super::shelf::Shelf;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;

const READ: &str = "rule.read";
const WRITE: &str = "rule.write";

struct Firewall {
    guard: TargetGuard,
    rules: Shelf,
}

/// The firewall's resources.
pub(crate) fn router(guard: TargetGuard) -> Router {
    let rules = Shelf::new([
        json!({"id": "1", "action": "allow", "from": "192.0.2.0/24", "port": 443}),
        json!({"id": "2", "action": "deny", "from": "0.0.0.0/0", "port": 22}),
    ]);
    Router::new()
        .route("/firewall/rules", get(listed).post(added))
        .with_state(Arc::new(Firewall { guard, rules }))
}

async fn listed(State(firewall): State<Arc<Firewall>>, headers: HeaderMap) -> Response {
    firewall
        .read(&headers)
        .await
        .unwrap_or_else(|denied| firewall.guard.deny(&denied))
}

async fn added(State(firewall): State<Arc<Firewall>>, headers: HeaderMap, body: Bytes) -> Response {
    firewall
        .add(&headers, &body)
        .await
        .unwrap_or_else(|denied| firewall.guard.deny(&denied))
}

impl Firewall {
    async fn read(&self, headers: &HeaderMap) -> Result<Response, Denied> {
        let seen = self.guard.admit(headers, READ).await?;
        let shown = json!({"rules": self.rules.all()});
        Ok(not_stored(StatusCode::OK, with_seen(shown, seen.shown())))
    }

    async fn add(&self, headers: &HeaderMap, body: &[u8]) -> Result<Response, Denied> {
        let seen = self.guard.admit(headers, WRITE).await?;
        let mut rule = object(body)?;
        let id = self.rules.next_id();
        rule.insert("id".to_owned(), json!(id));
        let rule = Value::Object(rule);
        self.rules.put(&id, rule.clone());
        Ok(not_stored(
            StatusCode::CREATED,
            with_seen(rule, seen.shown()),
        ))
    }
}
