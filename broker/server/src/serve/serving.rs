//! A broker that serves, as its configuration says: one start for `serve` and
//! `dev`.

use super::waiting::Waiting;
use super::{files, rotate};
use crate::app::App;
use crate::config::Config;
use crate::flaw::Flaw;
use crate::setup::Setup;
use crate::{router, start};
use axum::Router;
use locum_admin::Reload;
use locum_core::registry::FieldProblem;
use locum_engine::open::{Folder, settle};
use locum_engine::references;
use locum_engine::vendors::revoking;
use locum_stores::redis::RedisSettings;
use locum_web::tls::{self, Certificates};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longest wait for what is under way when the broker stops: a little more
/// than a request may take.
const FINISH: Duration = Duration::from_secs(35);

/// The listener that answers the machine itself, without TLS but in `dev`.
const OPERATIONS: &str = "operations";

/// Sockets, bound before anything is opened.
pub(crate) struct Sockets {
    pub(crate) public: TcpListener,
    pub(crate) operations: TcpListener,
    pub(crate) admin: Option<TcpListener>,
}

/// What a broker is opened with.
pub(crate) struct Opening<'a> {
    /// Its settings.
    pub(crate) config: &'a Config,
    /// The master key.
    pub(crate) master: &'a [u8; 32],
    /// Our certificate, if TLS is on.
    pub(crate) certificates: Option<Arc<Certificates>>,
    /// Whether the operations listener speaks TLS too, where it is on.
    pub(crate) tls_everywhere: bool,
    /// Whether this machine may be a downstream system without TLS: in `dev`.
    pub(crate) plain_to_loopback: bool,
    /// Where to ask for the files to be read again; `None`: nobody reads them.
    pub(crate) reload: Option<mpsc::Sender<Reload>>,
    /// The data folder.
    pub(crate) folder: Folder,
    /// The Redis of all nodes, where there are others.
    pub(crate) store: Option<RedisSettings>,
}

/// A broker that serves.
pub(crate) struct Serving {
    /// What the listeners share.
    pub(crate) app: Arc<App>,
    listening: Listening,
    /// The public and the admin listener's, until they answer.
    rest: Option<(TcpListener, Option<TcpListener>)>,
    stop: watch::Sender<bool>,
}

/// Listeners that were started, and how to stop them.
struct Listening {
    stopped: watch::Receiver<bool>,
    /// How long a connection without a request is kept.
    idle: Duration,
    tasks: JoinSet<std::io::Result<()>>,
    lines: Vec<String>,
}

impl Listening {
    fn start(
        &mut self,
        name: &str,
        socket: TcpListener,
        (router, certificates): (Router, Option<&Arc<Certificates>>),
    ) -> Result<(), Flaw> {
        let at = socket.local_addr()?;
        let stopped = self.stopped.clone();
        match certificates.cloned() {
            Some(certificates) => {
                let until = (stopped, self.idle);
                let serving = tls::serve(router, socket, certificates, until);
                drop(self.tasks.spawn(serving));
            }
            None => {
                let serving = locum_web::serve(router, socket, stopped, self.idle);
                drop(self.tasks.spawn(serving));
            }
        }
        self.lines.push(format!("  {name:<10} {at}"));
        Ok(())
    }
}

impl Serving {
    /// Opens the data folder and answers on the operations listener, which says
    /// why the broker is not ready yet. `None`: its end came first.
    ///
    /// # Errors
    /// Whatever is in the way, in one sentence.
    pub(crate) async fn open(
        opening: Opening<'_>,
        sockets: Sockets,
        end: impl Future<Output = ()>,
    ) -> Result<Option<Self>, Flaw> {
        let config = opening.config;
        let operations = opening.certificates.clone();
        let operations = operations.filter(|_| opening.tls_everywhere);
        let mut setup = Setup::of(config, opening.certificates, opening.reload);
        setup.vendors.plain_to_loopback = opening.plain_to_loopback;
        let issuer = &config.settings.issuer;
        let app = match opening.store {
            None => start::open(opening.folder, issuer, opening.master, setup)?,
            Some(store) => {
                let waiting = Waiting::start(&sockets.operations)?;
                let told = |reason| waiting.told(reason);
                let joined = start::join(store, issuer, opening.master, setup, told);
                let joined = tokio::select! {
                    joined = joined => Some(joined),
                    () = end => None,
                };
                waiting.stop().await;
                match joined {
                    Some(joined) => joined?,
                    None => return Ok(None),
                }
            }
        };
        let (stop, stopped) = watch::channel(false);
        let version = env!("CARGO_PKG_VERSION");
        let mut listening = Listening {
            stopped,
            idle: Duration::from_secs(config.settings.limits.idle_s),
            tasks: JoinSet::new(),
            lines: vec![format!("locum {version} serves {issuer}")],
        };
        let router = router::operations(&app);
        let told = (router, operations.as_ref());
        listening.start(OPERATIONS, sockets.operations, told)?;
        Ok(Some(Self {
            app,
            listening,
            rest: Some((sockets.public, sockets.admin)),
            stop,
        }))
    }

    /// Waits for the clock, brings into force what files declare and what `more`
    /// records, and answers on every listener.
    ///
    /// # Errors
    /// Whatever is in the way, in one sentence.
    pub(crate) async fn answer(
        &mut self,
        config: &Config,
        more: impl AsyncFnOnce(&App) -> Result<(), Flaw>,
    ) -> Result<(), Flaw> {
        let app = self.app.clone();
        settle(&app.broker).await?;
        declared(&app, config).await?;
        more(&app).await?;
        references::warn(&app.broker.records);
        let certificates = app.certificates.as_ref();
        if let Some((public, admin)) = self.rest.take() {
            let router = router::public(&app);
            self.listening
                .start("public", public, (router, certificates))?;
            if let Some(admin) = admin {
                let router = router::admin(&app);
                self.listening
                    .start("admin", admin, (router, certificates))?;
            }
        }
        app.broker.records.nodes.ready(true);
        tokio::spawn(revoking::run(app.broker.clone()));
        tokio::spawn(rotate::by_schedule(app.clone(), self.stopped()));
        Ok(())
    }

    /// Turns true when the broker stops.
    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.listening.stopped.clone()
    }

    /// What is served where, in lines for people.
    pub(crate) fn lines(&self) -> &[String] {
        &self.listening.lines
    }

    /// Stops: no new connection, what is under way ends unless `at_once` comes
    /// first, the record is closed.
    ///
    /// # Errors
    /// When a part did not end well.
    pub(crate) async fn stop(mut self, at_once: impl Future<Output = ()>) -> Result<(), Flaw> {
        self.app.broker.records.nodes.ready(false);
        self.stop.send_replace(true);
        let tasks = &mut self.listening.tasks;
        if self.rest.take().is_some() {
            // Nobody was answered but whoever asked whether it is ready.
            tasks.shutdown().await;
        } else {
            let finished = tokio::select! {
                finished = timeout(FINISH, finish(tasks)) => finished.is_ok(),
                () = at_once => false,
            };
            if !finished {
                tracing::warn!("stopped with requests under way");
                tasks.shutdown().await;
            }
        }
        self.app.broker.close().await;
        let app = self.app;
        let end = move || {
            app.broker.records.ledger.close();
            if let Some(journal) = &app.broker.records.journal {
                journal.close();
            }
            app.front.traces.close();
        };
        Ok(tokio::task::spawn_blocking(end).await?)
    }
}

/// What the files declare, in force.
async fn declared(app: &App, config: &Config) -> Result<(), Flaw> {
    let dir = config.settings.policy.dir.clone();
    let said = |flaws: Vec<FieldProblem>| -> Flaw {
        let all: Vec<String> = flaws
            .iter()
            .map(|flaw| format!("{}: {}", flaw.pointer, flaw.detail))
            .collect();
        format!("{}: {}", config.file.display(), all.join("; ")).into()
    };
    // Targets name them.
    let secrets = config.settings.downstream.secrets_dir.clone();
    files::secrets(app, secrets).await.map_err(said)?;
    files::objects(app, &config.declared, dir.is_some())
        .await
        .map_err(said)?;
    match dir {
        Some(dir) => files::policies(app, dir).await.map_err(said),
        None => Ok(()),
    }
}

/// Waits for every listener's end.
async fn finish(tasks: &mut JoinSet<std::io::Result<()>>) {
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(flaw)) => tracing::error!(%flaw, "a listener ended"),
            Err(flaw) => tracing::error!(%flaw, "a listener ended"),
        }
    }
}
