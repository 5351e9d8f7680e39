//! `locum dev`: the whole world on loopback, in one process.

use super::places::{self, Places};
use super::world::World;
use super::{Addresses, Ambient, banner, facts, pointer, ready, seed, serve};
use crate::app::App;
use crate::mode::{self, Mode};
use crate::setup::Setup;
use crate::signals::StopSignals;
use crate::{router, start};
use locum_ambient::{Clock, Randomness};
use locum_engine::bounds::Bounds;
use locum_engine::open::{Folder, settle};
use locum_engine::references;
use serde_json::Value;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Seconds a demo certification lasts.
const CERTIFIED_S: i64 = 365 * 86_400;

/// Why the dev world does not start.
pub(crate) type Flaw = Box<dyn std::error::Error + Send + Sync>;

/// A running dev world.
pub(crate) struct Running {
    /// The broker.
    pub(crate) app: Arc<App>,
    /// Where everything answers.
    pub(crate) at: Addresses,
    /// The ready file's content.
    pub(crate) ready: Value,
    demo: serve::Running,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<std::io::Result<()>>>,
}

/// Starts the dev world on a data folder.
///
/// # Errors
/// Whatever is in the way, in words.
pub(crate) async fn start(
    listen: SocketAddr,
    folder: Folder,
    ready_file: Option<&Path>,
    bounds: Bounds,
) -> Result<Running, Flaw> {
    let data = &folder.data.clone();
    if !listen.ip().is_loopback() {
        return Err(format!("expected a loopback address to listen on, found `{listen}`").into());
    }
    mode::claim(data, Mode::Dev)?;
    let wanted = places::wanted(listen, data)?;
    let public = bind(wanted.public).await?;
    let demo = bind(wanted.demo).await?;
    let ops = bind(wanted.operations).await?;
    let bound = Places {
        public: public.local_addr()?,
        demo: demo.local_addr()?,
        operations: ops.local_addr()?,
    };
    places::remember(&bound, data)?;
    let url = |at: SocketAddr| format!("http://{at}");
    let at = Addresses {
        issuer: url(bound.public),
        demo: url(bound.demo),
        operations: url(bound.operations),
    };

    let random = Randomness::new();
    let world = Arc::new(World::open(data, &|out: &mut [u8]| random.fill(out))?);
    let master = world.master_key()?;
    let setup = Setup {
        bounds,
        ..Setup::default()
    };
    let app = start::open(folder, &at.issuer, &master, setup)?;
    let (stop, stopped) = watch::channel(false);
    let operations = locum_web::serve(router::operations(&app), ops, stopped.clone());
    let operations = tokio::spawn(operations);
    settle(&app.broker).await?;
    fill(&app, &world, &at).await?;
    let records = &app.broker.records;
    references::warn(records);
    let asked = ambient(&records.clock, &records.random);
    let demo = serve::serve(&world, &at, &asked, demo)?;
    let public = locum_web::serve(router::public(&app), public, stopped);
    let tasks = vec![tokio::spawn(public), operations];
    let ready = ready::ready(&world, &at, &std::path::absolute(data)?, std::process::id())?;
    ready::announce(&ready, data, ready_file)?;
    Ok(Running {
        app,
        at,
        ready,
        demo,
        stop,
        tasks,
    })
}

/// The demo world's objects, where they are not there yet.
async fn fill(app: &Arc<App>, world: &World, at: &Addresses) -> Result<(), Flaw> {
    let now = jiff::Timestamp::from_second(i64::try_from(app.broker.records.clock.now_s())?)?;
    let until = now.checked_add(jiff::SignedDuration::from_secs(CERTIFIED_S))?;
    let facts = facts::facts(world, at, &until.to_string())?;
    Ok(seed::seed(app, world, &facts).await?)
}

async fn bind(at: SocketAddr) -> Result<TcpListener, Flaw> {
    TcpListener::bind(at).await.map_err(|e| {
        format!("cannot listen on `{at}`: {e}; name another with --listen, or 127.0.0.1:0 for any")
            .into()
    })
}

fn ambient(clock: &Clock, random: &Randomness) -> Ambient {
    let (clock, random) = (clock.clone(), random.clone());
    Ambient {
        now: Arc::new(move || clock.now_s()),
        fill: Arc::new(move |out: &mut [u8]| random.fill(out)),
    }
}

impl Running {
    /// Stops: no new connection, what is under way ends, the ledger is closed.
    ///
    /// # Errors
    /// When a part did not end well.
    pub(crate) async fn stop(self) -> Result<(), Flaw> {
        self.stop.send_replace(true);
        self.demo.stop().await;
        for task in self.tasks {
            task.await??;
        }
        let app = self.app;
        app.broker.close().await;
        tokio::task::spawn_blocking(move || app.broker.records.ledger.close()).await?;
        Ok(())
    }
}

/// The command `locum dev`: runs until it is told to stop.
///
/// # Errors
/// Whatever is in the way, in words.
pub(crate) async fn command(
    listen: SocketAddr,
    data: Option<PathBuf>,
    ready_file: Option<PathBuf>,
    bounds: Bounds,
    segment_bytes: Option<u64>,
) -> Result<(), Flaw> {
    #[expect(
        clippy::disallowed_methods,
        reason = "measures the start, decides nothing"
    )]
    let begun = tokio::time::Instant::now();
    // Before anybody is told that it runs, and may want it to stop.
    let mut told = StopSignals::new()?;
    let temporary = if data.is_none() {
        Some(tempfile::tempdir()?)
    } else {
        None
    };
    let folder = data
        .clone()
        .or_else(|| temporary.as_ref().map(|t| t.path().to_owned()))
        .ok_or("no data folder")?;
    let mut opened = Folder::new(&folder);
    opened.segment_bytes = segment_bytes.unwrap_or(opened.segment_bytes);
    // A start may wait for the clock: it can be told to stop meanwhile.
    let running = tokio::select! {
        running = start(listen, opened, ready_file.as_deref(), bounds) => running?,
        () = told.end() => return Ok(()),
    };
    let version = env!("CARGO_PKG_VERSION");
    say(&banner::banner(version, data.as_deref(), &running.at));
    say(&banner::ready_line(begun.elapsed()));
    let place = pointer::place();
    if let Err(flaw) = place
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|p| pointer::write(p, &folder).map_err(|e| e.to_string()))
    {
        tracing::warn!(%flaw, "other shells will have to name the data folder");
    }
    told.end().await;
    if let Ok(place) = &place {
        pointer::forget(place, &folder);
    }
    running.stop().await
}

/// Nobody may be listening: the broker runs on.
fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
