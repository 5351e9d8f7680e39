//! The device's rules, which can be read and added, by a key.

use super::super::super::targets::body::{object, with_seen};
use super::super::super::targets::denied::{Denied, not_stored};
use super::super::super::targets::shelf::Shelf;
use super::device::{Device, KeyOwner, key_in_header};
use super::xml::forbidden;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

const READ: &str = "rule.read";
const WRITE: &str = "rule.write";

struct Rules {
    device: Arc<Device>,
    shelf: Shelf,
}

/// The resources.
pub(super) fn router(device: Arc<Device>) -> Router {
    let shelf = Shelf::new([
        json!({"id": "1", "action": "allow", "from": "192.0.2.0/24", "port": 443}),
        json!({"id": "2", "action": "deny", "from": "0.0.0.0/0", "port": 22}),
    ]);
    Router::new()
        .route("/panorama", get(about))
        .route("/panorama/rules", get(listed).post(added))
        .with_state(Arc::new(Rules { device, shelf }))
}

async fn about() -> Json<Value> {
    Json(json!({"target": "panorama", "resources": [
        {"method": "GET", "path": "/panorama/rules", "scope": READ},
        {"method": "POST", "path": "/panorama/rules", "scope": WRITE},
    ]}))
}

async fn listed(State(rules): State<Arc<Rules>>, headers: HeaderMap) -> Response {
    match rules.admit(&headers, READ) {
        Ok(owner) => {
            let shown = json!({"rules": rules.shelf.all()});
            not_stored(StatusCode::OK, with_seen(shown, seen(&owner)))
        }
        Err(why) => why.response(),
    }
}

async fn added(State(rules): State<Arc<Rules>>, headers: HeaderMap, body: Bytes) -> Response {
    let owner = match rules.admit(&headers, WRITE) {
        Ok(owner) => owner,
        Err(why) => return why.response(),
    };
    let mut rule = match object(&body) {
        Ok(rule) => rule,
        Err(denied) => return denied.response("panorama"),
    };
    let id = rules.shelf.next_id();
    rule.insert("id".to_owned(), json!(id));
    let rule = Value::Object(rule);
    rules.shelf.put(&id, rule.clone());
    not_stored(StatusCode::CREATED, with_seen(rule, seen(&owner)))
}

/// Why a request is not let in.
enum NotAdmitted {
    /// No live key.
    Key,
    /// The administrator's role does not allow that.
    Role(&'static str),
}

impl NotAdmitted {
    fn response(&self) -> Response {
        match self {
            Self::Key => forbidden(),
            Self::Role(scope) => Denied::Scope(scope).response("panorama"),
        }
    }
}

impl Rules {
    /// Lets in a live key of an administrator whose role allows that.
    fn admit(&self, headers: &HeaderMap, scope: &'static str) -> Result<KeyOwner, NotAdmitted> {
        let key = key_in_header(headers);
        let owner = key
            .and_then(|key| self.device.owner(key))
            .ok_or(NotAdmitted::Key)?;
        if owner.scopes.iter().any(|own| own == scope) {
            Ok(owner)
        } else {
            Err(NotAdmitted::Role(scope))
        }
    }
}

/// Whom and what the key stands for.
fn seen(owner: &KeyOwner) -> Value {
    json!({"sub": owner.user, "scope": owner.scopes.join(" ")})
}
