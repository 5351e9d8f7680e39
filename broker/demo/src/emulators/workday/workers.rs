//! The tenant's workers, which can be read and changed.

use super::super::super::targets::body::{object, with_seen};
use super::super::super::targets::denied::{Denied, not_stored};
use super::super::super::targets::shelf::Shelf;
use super::super::oauth::bearer;
use super::server::{Workday, WorkdayToken};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

const READ: &str = "worker.read";
const WRITE: &str = "worker.write";

struct Workers {
    workday: Arc<Workday>,
    shelf: Shelf,
}

/// The resources.
pub(super) fn router(workday: Arc<Workday>) -> Router {
    let shelf = Shelf::new([json!({"id": "42", "name": "Dana Example", "team": "finance-it"})]);
    Router::new()
        .route("/workday-hr", get(about))
        .route("/workday-hr/workers/{id}", get(worker).put(changed))
        .with_state(Arc::new(Workers { workday, shelf }))
}

async fn about() -> Json<Value> {
    Json(json!({"target": "workday-hr", "resources": [
        {"method": "GET", "path": "/workday-hr/workers/42", "scope": READ},
        {"method": "PUT", "path": "/workday-hr/workers/42", "scope": WRITE},
    ]}))
}

async fn worker(
    State(workers): State<Arc<Workers>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let read = || {
        let token = workers.admit(&headers, READ)?;
        let worker = workers.shelf.get(&id).ok_or(Denied::NotFound)?;
        Ok(not_stored(StatusCode::OK, with_seen(worker, seen(&token))))
    };
    read().unwrap_or_else(|denied: Denied| denied.response("workday-hr"))
}

async fn changed(
    State(workers): State<Arc<Workers>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let change = || {
        let token = workers.admit(&headers, WRITE)?;
        let changes = object(&body)?;
        let mut worker = workers.shelf.get(&id).ok_or(Denied::NotFound)?;
        if let Value::Object(members) = &mut worker {
            members.extend(changes);
            members.insert("id".to_owned(), json!(id));
        }
        workers.shelf.put(&id, worker.clone());
        Ok(not_stored(StatusCode::OK, with_seen(worker, seen(&token))))
    };
    change().unwrap_or_else(|denied: Denied| denied.response("workday-hr"))
}

impl Workers {
    /// Lets in a live token whose API client was registered for that.
    fn admit(&self, headers: &HeaderMap, scope: &'static str) -> Result<Arc<WorkdayToken>, Denied> {
        let token = bearer(headers).ok_or(Denied::NoToken)?;
        let dead = || Denied::Token("expected a live token of the tenant, found none".to_owned());
        let now_s = self.workday.now_s();
        let token = self.workday.tokens.get(token, now_s).ok_or_else(dead)?;
        if token.client.scopes.iter().any(|own| own == scope) {
            Ok(token)
        } else {
            Err(Denied::Scope(scope))
        }
    }
}

/// Whom and what the token stands for.
fn seen(token: &WorkdayToken) -> Value {
    let client = &token.client;
    json!({
        "sub": token.user.as_ref().unwrap_or(&client.id),
        "client_id": client.id, "scope": client.scopes.join(" "),
    })
}
