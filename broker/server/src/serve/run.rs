//! The wiring of `serve`, from its files to its end.

use super::Flaw;
use super::files;
use super::reload::{Reloader, first};
use super::rotate;
use crate::app::App;
use crate::config::secrets::{self, environment};
use crate::config::{self, Config};
use crate::mode::{self, Mode};
use crate::setup::Setup;
use crate::signals::StopSignals;
use crate::{router, start};
use axum::Router;
use locum_admin::Reload;
use locum_core::registry::Problem;
use locum_engine::open::{Folder, settle};
use locum_engine::references;
use locum_web::tls::{self, Certificates};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longest wait for what is under way when the broker stops: a little more
/// than a request may take.
const FINISH: Duration = Duration::from_secs(35);

/// Everything that tells the broker something from outside.
struct Signals {
    hangup: Signal,
    told: StopSignals,
}

/// The listener that answers the machine itself, without TLS.
const OPERATIONS: &str = "operations";

/// Sockets, bound before anything is opened.
struct Sockets {
    public: TcpListener,
    operations: TcpListener,
    admin: Option<TcpListener>,
}

/// The command `locum serve`: runs until it is told to stop.
///
/// # Errors
/// Whatever is in the way, in one sentence.
pub(crate) async fn command(file: &Path) -> Result<(), Flaw> {
    let signals = Signals {
        hangup: signal(SignalKind::hangup())?,
        told: StopSignals::new()?,
    };
    let config = config::load(file, &environment)?;
    let master = secrets::master(&config, &environment)?;
    let token = config.settings.admin.bootstrap_token_file.as_deref();
    let bootstrap = secrets::bootstrap(&config.file, token, &environment)?;
    let certificates = match config.settings.tls.files() {
        Some((cert, key)) => Some(Arc::new(Certificates::open(cert, key)?)),
        None => None,
    };
    mode::claim(&config.settings.data_dir, Mode::Serve)?;
    let sockets = bind(&config).await?;
    let (ask, asked) = mpsc::channel(1);
    let setup = setup(&config, certificates, ask);
    let folder = Folder::new(&config.settings.data_dir);
    let app = start::open(folder, &config.settings.issuer, &master, setup)?;
    let first = bootstrap.map(|token| first(&app.broker.records.vault, &token));
    app.api.bootstrap.put(first);
    let ended = serve(&app, &config, sockets, signals, asked).await;
    close(&app).await?;
    ended
}

/// What the files declare, in force.
async fn declared(app: &App, config: &Config) -> Result<(), Flaw> {
    let dir = config.settings.policy.dir.clone();
    let said = |flaws: Vec<Problem>| -> Flaw {
        let all: Vec<String> = flaws
            .iter()
            .map(|flaw| format!("{}: {}", flaw.pointer, flaw.detail))
            .collect();
        format!("{}: {}", config.file.display(), all.join("; ")).into()
    };
    files::objects(app, &config.declared, dir.is_some())
        .await
        .map_err(said)?;
    match dir {
        Some(dir) => files::policies(app, dir).await.map_err(said),
        None => Ok(()),
    }
}

/// Listeners that were started, and how to stop them.
struct Listening {
    certificates: Option<Arc<Certificates>>,
    stopped: watch::Receiver<bool>,
    tasks: JoinSet<std::io::Result<()>>,
    lines: Vec<String>,
}

impl Listening {
    fn start(&mut self, name: &str, socket: TcpListener, router: Router) -> Result<(), Flaw> {
        let at = socket.local_addr()?;
        let stopped = self.stopped.clone();
        // The operations listener is for the machine itself.
        match self.certificates.clone().filter(|_| name != OPERATIONS) {
            Some(certificates) => {
                let serving = tls::serve(router, socket, certificates, stopped);
                drop(self.tasks.spawn(serving));
            }
            None => drop(self.tasks.spawn(locum_web::serve(router, socket, stopped))),
        }
        self.lines.push(format!("  {name:<10} {at}"));
        Ok(())
    }
}

/// Serves until told to stop. The operations listener comes first: it says why
/// the broker is not ready while the clock is behind the record.
async fn serve(
    app: &Arc<App>,
    config: &Config,
    sockets: Sockets,
    mut signals: Signals,
    asked: mpsc::Receiver<Reload>,
) -> Result<(), Flaw> {
    let (stop, stopped) = watch::channel(false);
    let version = env!("CARGO_PKG_VERSION");
    let mut listening = Listening {
        certificates: app.setup.certificates.clone(),
        stopped: stopped.clone(),
        tasks: JoinSet::new(),
        lines: vec![format!("locum {version} serves {}", app.broker.issuer)],
    };
    listening.start(OPERATIONS, sockets.operations, router::operations(app))?;
    tokio::select! {
        settled = settle(&app.broker) => settled?,
        () = signals.told.end() => return Ok(()),
    }
    declared(app, config).await?;
    references::warn(&app.broker.records);
    listening.start("public", sockets.public, router::public(app))?;
    if let Some(socket) = sockets.admin {
        listening.start("admin", socket, router::admin(app))?;
    }
    let reloader = Reloader {
        app: app.clone(),
        config: config.file.clone(),
        bootstrap: config.settings.admin.bootstrap_token_file.clone(),
    };
    tokio::spawn(reloader.run(signals.hangup, asked, stopped.clone()));
    tokio::spawn(rotate::by_schedule(app.clone(), stopped));
    say(&listening.lines);
    signals.told.end().await;
    stop.send_replace(true);
    let tasks = &mut listening.tasks;
    let finished = tokio::select! {
        finished = timeout(FINISH, finish(tasks)) => finished.is_ok(),
        () = signals.told.end() => false,
    };
    if !finished {
        tracing::warn!("stopped with requests under way");
        tasks.shutdown().await;
    }
    Ok(())
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

async fn close(app: &Arc<App>) -> Result<(), Flaw> {
    app.broker.close().await;
    let app = app.clone();
    let end = move || {
        app.broker.records.ledger.close();
        app.front.traces.close();
    };
    Ok(tokio::task::spawn_blocking(end).await?)
}

fn setup(
    config: &Config,
    certificates: Option<Arc<Certificates>>,
    reload: mpsc::Sender<Reload>,
) -> Setup {
    let settings = &config.settings;
    Setup {
        bounds: settings.limits,
        trust: settings.trust.clone(),
        telemetry: settings.telemetry.clone(),
        rotate_days: Some(settings.keys.rotate_days),
        grants_by_administrator: settings.grants.allow_administrator,
        issuer_path: config.issuer_path.clone(),
        admin_apart: settings.listen.admin.is_some(),
        certificates,
        reload: Some(reload),
    }
}

async fn bind(config: &Config) -> Result<Sockets, Flaw> {
    let listen = &config.settings.listen;
    Ok(Sockets {
        public: socket("public", listen.public).await?,
        operations: socket("operations", listen.operations).await?,
        admin: match listen.admin {
            Some(at) => Some(socket("admin", at).await?),
            None => None,
        },
    })
}

async fn socket(name: &str, at: SocketAddr) -> Result<TcpListener, Flaw> {
    let bound = TcpListener::bind(at).await;
    bound.map_err(|flaw| format!("`listen.{name}`: cannot listen on `{at}`: {flaw}").into())
}

/// Nobody may be listening: the broker runs on.
fn say(lines: &[String]) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{}", lines.join("\n")).and_then(|()| out.flush());
}
