//! The operations listener while the node waits for the others: it lives, and says
//! why it is not ready.

use crate::flaw::Flaw;
use axum::Router;
use axum::routing::get;
use http::StatusCode;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a connection without a request is kept.
const IDLE: Duration = Duration::from_secs(5);

/// A node that waits.
pub(super) struct Waiting {
    reason: Arc<Mutex<String>>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Waiting {
    /// Answers on that socket.
    ///
    /// # Errors
    /// When the socket cannot be shared.
    pub(super) fn start(socket: &TcpListener) -> Result<Self, Flaw> {
        let shared = socket.as_fd().try_clone_to_owned()?;
        let socket = TcpListener::from_std(shared.into())?;
        let reason = Arc::new(Mutex::new("the node joins the others".to_owned()));
        let said = reason.clone();
        let ready = move || {
            let reason = said.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let text = format!("[-]store {reason}\nnot ready\n");
            std::future::ready((StatusCode::SERVICE_UNAVAILABLE, text))
        };
        let live = || std::future::ready("ok\n");
        let router = Router::new()
            .route("/livez", get(live))
            .route("/live", get(live))
            .route("/readyz", get(ready.clone()))
            .route("/ready", get(ready));
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(locum_web::serve(router, socket, stopped, IDLE));
        Ok(Self {
            reason,
            stop,
            serving,
        })
    }

    /// Why it waits.
    pub(super) fn told(&self, reason: String) {
        let mut known = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != reason {
            tracing::warn!(reason, "not ready: the node waits");
            *known = reason;
        }
    }

    /// Answers no more.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        // What is under way ends within its bound.
        let _ = self.serving.await;
    }
}
