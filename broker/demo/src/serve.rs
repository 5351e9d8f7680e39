//! The demo listener: issuers and targets under one address, beside the broker
//! and no part of it.

use super::keys::KeyFlaw;
use super::targets::{self, TargetFlaw};
use super::world::DemoWorld;
use super::{Addresses, Ambient, host, idp, workloads};
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::future::IntoFuture;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_http::timeout::TimeoutLayer;

/// Longest a request to the demo listener may take: longer than the targets'
/// own calls together.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How long open requests may take to end when the listener is stopped.
const DRAIN: Duration = Duration::from_secs(3);

/// Why the demo listener cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ServeFlaw {
    /// A demo key is no use.
    #[error(transparent)]
    Key(#[from] KeyFlaw),
    /// The targets cannot be set up.
    #[error(transparent)]
    Target(#[from] TargetFlaw),
}

/// The demo listener while it answers. Dropping it stops it, in its own time.
pub struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Stops: no new connection, open requests end, what still hangs is cut.
    pub async fn stop(self) {
        // The listener may have ended by itself.
        let _ = self.stop.send(());
        let abort = self.task.abort_handle();
        if tokio::time::timeout(DRAIN, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// Answers on the listener, which must be bound to `at.demo`.
///
/// # Errors
/// [`ServeFlaw`].
pub fn serve(
    world: &Arc<DemoWorld>,
    at: &Addresses,
    ambient: &Ambient,
    listener: TcpListener,
) -> Result<Running, ServeFlaw> {
    let router = router(world, at, ambient)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async {
        // A sender that was dropped stops as well.
        let _ = stopped.await;
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(until);
    Ok(Running {
        stop,
        task: tokio::spawn(server.into_future()),
    })
}

/// Everything the demo listener answers.
///
/// # Errors
/// [`ServeFlaw`].
pub fn router(
    world: &Arc<DemoWorld>,
    at: &Addresses,
    ambient: &Ambient,
) -> Result<Router, ServeFlaw> {
    let timeout = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT);
    Ok(Router::new()
        .route("/", get(index))
        .nest("/idp", idp::router(world, at, ambient)?)
        .nest("/workloads", workloads::router(world, at, ambient)?)
        .merge(targets::router(world, at, ambient)?)
        .layer(middleware::from_fn(host::loopback_only))
        .layer(timeout))
}

async fn index() -> Json<Value> {
    Json(json!({
        "issuers": ["/idp", "/workloads"], "targets": ["/sap", "/workday", "/firewall"],
    }))
}

#[cfg(test)]
mod tests;
