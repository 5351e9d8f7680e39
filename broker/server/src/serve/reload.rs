//! Reading the files again, on SIGHUP or by `POST /admin/v1/reload`: policies,
//! objects,
//! upstream secrets, certificates, authorities, and the bootstrap token. What is broken
//! leaves the old in force; but a bootstrap token that is not in its file any
//! more counts no more, whatever else is.

use super::files;
use crate::app::App;
use crate::config::policy_files::one;
use crate::config::secrets::{self, environment};
use crate::config::{self, Config};
use locum_admin::Reload;
use locum_core::ids::{CredentialId, Uuid7};
use locum_core::registry::FieldProblem;
use locum_core::secret::Secret;
use locum_engine::references;
use locum_engine::vault::Vault;
use locum_stores::state::{AdminCredential, Role};
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
    /// Where the bootstrap token is, as the main file said last.
    pub(super) bootstrap: Option<PathBuf>,
}

impl Reloader {
    /// Reads again whenever it is asked to, until the broker stops.
    pub(super) async fn run(
        mut self,
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
            if who.as_ref().is_some_and(|who| !(who.may)()) {
                continue;
            }
            let flaws = self.reload().await;
            for flaw in &flaws {
                let (place, detail) = (&flaw.pointer, &flaw.detail);
                tracing::error!(%place, %detail, "not reloaded: what was in force stays");
            }
            if flaws.is_empty() {
                references::warn(&self.app.broker.records);
                tracing::info!("reloaded");
            }
            // Who asked may have gone.
            let _ = who.map(|who| who.flaws.send(flaws));
        }
    }

    async fn reload(&mut self) -> Vec<FieldProblem> {
        let file = self.config.clone();
        let read = tokio::task::spawn_blocking(move || config::load(&file, &environment)).await;
        let read = match read {
            Ok(read) => read.map_err(|flaw| flaw.to_string()),
            Err(flaw) => Err(flaw.to_string()),
        };
        if let Ok(config) = &read {
            let file = &config.settings.admin.bootstrap_token_file;
            self.bootstrap.clone_from(file);
        }
        let mut flaws = self.first();
        let config = match read {
            Ok(config) => config,
            Err(flaw) => {
                flaws.extend(one("/config", flaw));
                return flaws;
            }
        };
        flaws.extend(master(&config));
        let secrets = config.settings.downstream.secrets_dir.clone();
        let secrets = files::secrets(&self.app, secrets).await;
        flaws.extend(secrets.err().into_iter().flatten());
        let dir = config.settings.policy.dir;
        let objects = files::objects(&self.app, &config.declared, dir.is_some()).await;
        flaws.extend(objects.err().into_iter().flatten());
        if let Some(dir) = dir {
            let policies = files::policies(&self.app, dir).await;
            flaws.extend(policies.err().into_iter().flatten());
        }
        if let Some(certificates) = &self.app.certificates {
            let read = certificates.reload();
            flaws.extend(read.err().into_iter().flat_map(|flaw| one("/tls", flaw)));
        }
        let authorities = self.app.broker.issuer_keys.reload();
        flaws.extend(
            authorities
                .err()
                .into_iter()
                .flat_map(|flaw| one("/trust", flaw)),
        );
        let authorities = self.app.broker.vendors.reload().err();
        flaws.extend(
            authorities
                .into_iter()
                .flat_map(|flaw| one("/downstream", flaw)),
        );
        flaws
    }

    /// Takes over the bootstrap token as its file holds it now. Where it cannot
    /// be read there is none: what it may hold is not known.
    fn first(&self) -> Vec<FieldProblem> {
        let file = self.bootstrap.as_deref();
        let (token, flaws) = match secrets::bootstrap(&self.config, file, &environment) {
            Ok(token) => (token, Vec::new()),
            Err(flaw) => (None, one("/admin/bootstrap_token_file", flaw.to_string())),
        };
        let bootstrap = &self.app.api.bootstrap;
        let before = bootstrap.get().map(|credential| credential.id);
        let next = token.map(|token| first(&self.app.broker.records.vault, &token));
        match (before, next.as_ref().map(|credential| credential.id)) {
            (Some(_), None) => tracing::warn!("the bootstrap token counts no more"),
            (before, next) if before != next => tracing::warn!("another bootstrap token counts"),
            (_, _) => {}
        }
        bootstrap.put(next);
        flaws
    }
}

/// What is wrong with the master key's file, if it is still there: it is read at
/// the start alone, but who may read it meanwhile is worth a word.
fn master(config: &Config) -> Vec<FieldProblem> {
    let file = config.settings.keys.master_key_file.as_deref();
    let flaw = file
        .filter(|file| file.exists())
        .and_then(|_| secrets::master(config, &environment).err());
    let said = flaw.map(|flaw| one("/keys/master_key_file", flaw.to_string()));
    said.unwrap_or_default()
}

/// The credential of the bootstrap token. It is on no record and lives as long
/// as it is configured; the same token has the same id.
pub(super) fn first(vault: &Vault, token: &Secret<String>) -> AdminCredential {
    let mark = vault.mark("bootstrap", token.expose());
    let mut random = [0; 10];
    random
        .iter_mut()
        .zip(mark)
        .for_each(|(to, from)| *to = from);
    AdminCredential {
        id: CredentialId(Uuid7::new(0, random)),
        name: "bootstrap".into(),
        role: Role::Admin,
        expires_s: None,
        created_at_ms: 0,
        revoked: false,
        hash: vault.hash(token.expose(), None).hash,
    }
}
