//! The command `locum serve`, from its files to its end.

use super::reload::{Reloader, first};
use super::serving::{Opening, Serving, Sockets};
use crate::config::secrets::{self, environment};
use crate::config::{self, Config};
use crate::flaw::Flaw;
use crate::mode::{self, Mode};
use crate::signals::StopSignals;
use locum_engine::open::Folder;
use locum_web::tls::Certificates;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// The command `locum serve`: runs until it is told to stop.
///
/// # Errors
/// Whatever is in the way, in one sentence.
pub(crate) async fn command(file: &Path) -> Result<(), Flaw> {
    let hangup = signal(SignalKind::hangup())?;
    let mut told = StopSignals::new()?;
    let config = config::load(file, &environment)?;
    let master = secrets::master(&config, &environment)?;
    let token = config.settings.admin.bootstrap_token_file.as_deref();
    let bootstrap = secrets::bootstrap(&config.file, token, &environment)?;
    let store = config::store::read(&config, &environment)?;
    let certificates = match config.settings.tls.files() {
        Some((cert, key)) => Some(Arc::new(Certificates::open(cert, key)?)),
        None => None,
    };
    mode::claim(&config.settings.data_dir, Mode::Serve)?;
    let sockets = bind(&config).await?;
    let (ask, asked) = mpsc::channel(1);
    let opening = Opening {
        config: &config,
        master: &master,
        certificates,
        tls_everywhere: false,
        plain_to_loopback: false,
        reload: Some(ask),
        folder: Folder::new(&config.settings.data_dir),
        store,
    };
    let opened = Serving::open(opening, sockets, told.end()).await?;
    let Some(mut serving) = opened else {
        return Ok(());
    };
    let app = serving.app.clone();
    let first = bootstrap.map(|token| first(&app.broker.records.vault, &token));
    app.api.bootstrap.put(first);
    let answers = tokio::select! {
        answers = serving.answer(&config, async |_| Ok(())) => answers.map(|()| true),
        () = told.end() => Ok(false),
    };
    if let Ok(true) = answers {
        let reloader = Reloader {
            app,
            config: config.file.clone(),
            bootstrap: config.settings.admin.bootstrap_token_file.clone(),
        };
        tokio::spawn(reloader.run(hangup, asked, serving.stopped()));
        say(serving.lines());
        told.end().await;
    }
    serving.stop(told.end()).await?;
    answers.map(|_| ())
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
