//! Reading the files again, on SIGHUP or by `POST /admin/v1/reload`: policies,
//! objects, certificates, authorities. What is broken leaves the old in force.

use super::files::{self, one};
use crate::app::App;
use crate::config::{self, secrets::environment};
use crate::references;
use crate::setup::Reload;
use locum_core::registry::Problem;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::signal::unix::Signal;
use tokio::sync::{mpsc, watch};

/// What is read again.
pub(super) struct Reloader {
    /// The broker.
    pub(super) app: Arc<App>,
    /// The main file.
    pub(super) config: PathBuf,
}

impl Reloader {
    /// Reads again whenever it is asked to, until the broker stops.
    pub(super) async fn run(
        self,
        mut signal: Signal,
        mut asked: mpsc::Receiver<Reload>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            let who = tokio::select! {
                _ = stop.wait_for(|stopped| *stopped) => return,
                _ = signal.recv() => None,
                who = asked.recv() => who,
            };
            let flaws = self.reload().await;
            for flaw in &flaws {
                let (place, detail) = (&flaw.pointer, &flaw.detail);
                tracing::error!(%place, %detail, "not reloaded: what was in force stays");
            }
            if flaws.is_empty() {
                references::warn(&self.app);
                tracing::info!("reloaded");
            }
            // Who asked may have gone.
            let _ = who.map(|who| who.send(flaws));
        }
    }

    async fn reload(&self) -> Vec<Problem> {
        let file = self.config.clone();
        let read = tokio::task::spawn_blocking(move || config::load(&file, &environment)).await;
        let config = match read {
            Ok(Ok(config)) => config,
            Ok(Err(flaw)) => return one("/config", flaw.to_string()),
            Err(flaw) => return one("/config", flaw.to_string()),
        };
        let mut flaws = Vec::new();
        let dir = config.settings.policy.dir;
        let objects = files::objects(&self.app, &config.declared, dir.is_some()).await;
        flaws.extend(objects.err().into_iter().flatten());
        if let Some(dir) = dir {
            let policies = files::policies(&self.app, dir).await;
            flaws.extend(policies.err().into_iter().flatten());
        }
        if let Some(certificates) = &self.app.setup.certificates {
            let read = certificates.reload();
            flaws.extend(read.err().into_iter().flat_map(|flaw| one("/tls", flaw)));
        }
        let authorities = self.app.trust.reload();
        flaws.extend(
            authorities
                .err()
                .into_iter()
                .flat_map(|flaw| one("/trust", flaw)),
        );
        flaws
    }
}
