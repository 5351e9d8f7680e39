//! The demo listeners: issuers and targets under one address, each emulator under
//! its own, beside the broker and no part of it.

use super::emulators::{self, EmulatorAccounts, EmulatorFlaw, PerEmulator};
use super::keys::KeyFlaw;
use super::targets::{self, TargetFlaw};
use super::world::DemoWorld;
use super::{Addresses, Ambient, host, idp, workloads};
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use axum::{Json, Router};
use locum_web::tls::{self, Certificates};
use serde_json::{Value, json};
use std::future::IntoFuture;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_http::timeout::TimeoutLayer;

/// Longest a request to the demo listener may take: longer than the targets'
/// own calls together.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How long open requests may take to end when the listener is stopped.
const DRAIN: Duration = Duration::from_secs(3);
/// How long a connection over TLS is kept without a request.
const IDLE: Duration = Duration::from_secs(60);

/// Why the demo listener cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ServeFlaw {
    /// A demo key is no use.
    #[error(transparent)]
    Key(#[from] KeyFlaw),
    /// The targets cannot be set up.
    #[error(transparent)]
    Target(#[from] TargetFlaw),
    /// The emulators cannot be set up.
    #[error(transparent)]
    Emulator(#[from] EmulatorFlaw),
}

/// Sockets, bound to the addresses that the parties name.
pub struct Listeners {
    /// Of the issuers and the targets.
    pub demo: TcpListener,
    /// Of the emulators.
    pub emulators: PerEmulator<TcpListener>,
    /// The certificate of all of them, over https.
    pub certificates: Option<Arc<Certificates>>,
}

/// The demo listeners while they answer. Dropping it cuts them.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: JoinSet<io::Result<()>>,
}

impl Running {
    /// Stops: no new connection, open requests end, what still hangs is cut.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, all).await.is_err() {
            self.tasks.abort_all();
        }
    }

    fn answer(&mut self, router: Router, listener: TcpListener, tls: Option<Arc<Certificates>>) {
        let mut stopped = self.stop.subscribe();
        match tls {
            Some(certificates) => {
                let serving = tls::serve(router, listener, certificates, (stopped, IDLE));
                self.tasks.spawn(serving);
            }
            None => {
                let until = async move {
                    // A closed channel means the same.
                    let _ = stopped.wait_for(|stopped| *stopped).await;
                };
                let serving = axum::serve(listener, router).with_graceful_shutdown(until);
                self.tasks.spawn(serving.into_future());
            }
        }
    }
}

/// Answers on the listeners, which must be bound to the addresses of `at`.
///
/// # Errors
/// [`ServeFlaw`].
pub fn serve(
    (world, accounts): (&Arc<DemoWorld>, &Arc<EmulatorAccounts>),
    at: &Addresses,
    ambient: &Ambient,
    listeners: Listeners,
) -> Result<Running, ServeFlaw> {
    let demo = router(world, at, ambient)?;
    let emulated = emulators::routers(accounts, at, ambient)?.map(guarded);
    let mut running = Running {
        stop: watch::Sender::new(false),
        tasks: JoinSet::new(),
    };
    let (at, tls) = (listeners.emulators, listeners.certificates);
    running.answer(demo, listeners.demo, tls.clone());
    running.answer(emulated.sap_btp, at.sap_btp, tls.clone());
    running.answer(emulated.workday_hr, at.workday_hr, tls.clone());
    running.answer(emulated.panorama, at.panorama, tls);
    Ok(running)
}

/// Everything the first of the demo listeners answers.
///
/// # Errors
/// [`ServeFlaw`].
pub fn router(
    world: &Arc<DemoWorld>,
    at: &Addresses,
    ambient: &Ambient,
) -> Result<Router, ServeFlaw> {
    Ok(guarded(
        Router::new()
            .route("/", get(index))
            .nest("/idp", idp::router(world, at, ambient)?)
            .nest("/workloads", workloads::router(world, at, ambient)?)
            .merge(targets::router(world, at, ambient)?),
    ))
}

/// Within what every demo listener keeps to.
fn guarded(router: Router) -> Router {
    let timeout = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT);
    router
        .layer(middleware::from_fn(host::loopback_only))
        .layer(timeout)
}

async fn index() -> Json<Value> {
    Json(json!({
        "issuers": ["/idp", "/workloads"], "targets": ["/sap", "/workday", "/firewall"],
    }))
}

#[cfg(test)]
mod tests;
