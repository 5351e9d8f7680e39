//! The demo personnel system: workers that can be read and changed.

use super::body::{object, with_seen};
use super::denied::{Denied, not_stored};
use super::guard::TargetGuard;
use super::shelf::Shelf;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;

const READ: &str = "worker.read";
const WRITE: &str = "worker.write";

struct Workday {
    guard: TargetGuard,
    workers: Shelf,
}

/// The personnel system's resources.
pub(crate) fn router(guard: TargetGuard) -> Router {
    let workers = Shelf::new([json!({"id": "42", "name": "Dana Example", "team": "finance-it"})]);
    Router::new()
        .route("/workday/workers/{id}", get(worker).put(changed))
        .with_state(Arc::new(Workday { guard, workers }))
}

async fn worker(
    State(workday): State<Arc<Workday>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    workday
        .read(&headers, &id)
        .await
        .unwrap_or_else(|denied| workday.guard.deny(&denied))
}

async fn changed(
    State(workday): State<Arc<Workday>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    workday
        .write(&headers, &id, &body)
        .await
        .unwrap_or_else(|denied| workday.guard.deny(&denied))
}

impl Workday {
    async fn read(&self, headers: &HeaderMap, id: &str) -> Result<Response, Denied> {
        let seen = self.guard.admit(headers, READ).await?;
        let worker = self.workers.get(id).ok_or(Denied::NotFound)?;
        Ok(not_stored(StatusCode::OK, with_seen(worker, seen.shown())))
    }

    async fn write(&self, headers: &HeaderMap, id: &str, body: &[u8]) -> Result<Response, Denied> {
        let seen = self.guard.admit(headers, WRITE).await?;
        let changes = object(body)?;
        let mut worker = self.workers.get(id).ok_or(Denied::NotFound)?;
        if let Value::Object(members) = &mut worker {
            members.extend(changes);
            members.insert("id".to_owned(), json!(id));
        }
        self.workers.put(id, worker.clone());
        Ok(not_stored(StatusCode::OK, with_seen(worker, seen.shown())))
    }
}
