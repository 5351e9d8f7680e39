//! The command `locum dev`, and what it shares with the tour: settings written
//! out, the broker started as `serve` starts it, the demo parties beside it.

use super::{seed, settings, sockets};
use crate::app::App;
use crate::config;
use crate::flaw::Flaw;
use crate::mode::{self, Mode};
use crate::serve::serving::{Opening, Serving};
use crate::signals::StopSignals;
use locum_ambient::{Clock, Randomness};
use locum_demo::certificates::DevTls;
use locum_demo::emulators::EmulatorAccounts;
use locum_demo::started::{Promised, Started};
use locum_demo::world::DemoWorld;
use locum_demo::{Addresses, Ambient, banner, facts, pointer, ready, serve};
use locum_engine::open::Folder;
use locum_web::tls::Certificates;
use serde_json::Value;
use std::future::pending;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Seconds a demo certification lasts.
const CERTIFIED_S: i64 = 365 * 86_400;

/// A running dev world.
pub(super) struct RunningDev {
    serving: Serving,
    /// Where everything answers.
    at: Addresses,
    /// The ready file's content.
    ready: Value,
    demo: serve::Running,
}

/// Starts the dev world on a data folder.
///
/// # Errors
/// Whatever is in the way, in words.
async fn start(
    listen: SocketAddr,
    folder: Folder,
    ready_file: Option<&Path>,
    how: DevManner,
) -> Result<RunningDev, Flaw> {
    let data = &folder.data.clone();
    if !listen.ip().is_loopback() {
        return Err(format!("expected a loopback address to listen on, found `{listen}`").into());
    }
    mode::claim(data, Mode::Dev)?;
    let (sockets, mut listeners, bound) = sockets::open(listen, data, how.tls).await?;
    let folder_at = std::path::absolute(data)?;
    let (clock, random) = (Clock::default(), Randomness::new());
    let fill_bytes = |out: &mut [u8]| random.fill(out);
    let tls = if how.tls {
        let tls = DevTls::open(&folder_at, listen.ip(), clock.now_s())?;
        let opened = Certificates::open(&tls.cert_file, &tls.key_file)?;
        listeners.certificates = Some(Arc::new(opened));
        Some(tls)
    } else {
        None
    };
    let at = sockets::addresses(&bound, tls.as_ref());
    let world = Arc::new(DemoWorld::open(data, &fill_bytes)?);
    let accounts = EmulatorAccounts::open(data, &fill_bytes, clock.now_s())?;
    let master = world.master_key()?;
    let (file, text) = settings::write(&folder_at, (&at, &bound), how.rate)?;
    let config = config::of_text(&file, &text)?;
    let opening = Opening {
        config: &config,
        master: &master,
        certificates: listeners.certificates.clone(),
        tls_everywhere: true,
        plain_to_loopback: true,
        reload: None,
        folder,
        store: None,
    };
    let opened = Serving::open(opening, sockets, std::future::pending()).await?;
    let mut serving = opened.ok_or("the broker was stopped before it was open")?;
    let records = &serving.app.broker.records;
    let asked = ambient(&records.clock, &records.random);
    let facts = async |app: &App| fill(app, (&world, &accounts), &at).await;
    serving.answer(&config, facts).await?;
    let accounts = Arc::new(accounts);
    let parties = (&world, &accounts);
    let demo = serve::serve(parties, &at, &asked, listeners)?;
    let ready = ready::ready((&world, &accounts), &at, &folder_at, std::process::id())?;
    ready::announce(&ready, data, ready_file)?;
    Ok(RunningDev {
        serving,
        at,
        ready,
        demo,
    })
}

/// The demo world's objects, where they are not there yet.
async fn fill(
    app: &App,
    world: (&DemoWorld, &EmulatorAccounts),
    at: &Addresses,
) -> Result<(), Flaw> {
    let now_s = i64::try_from(app.broker.records.clock.now_s())?;
    let now = jiff::Timestamp::from_second(now_s)?;
    let until = now.checked_add(jiff::SignedDuration::from_secs(CERTIFIED_S))?;
    let facts = facts::facts(world, at, &until.to_string())?;
    Ok(seed::seed(&app.broker, world.0, &facts).await?)
}

fn ambient(clock: &Clock, random: &Randomness) -> Ambient {
    let (clock, random) = (clock.clone(), random.clone());
    Ambient {
        now: Arc::new(move || clock.now_s()),
        fill: Arc::new(move |out: &mut [u8]| random.fill(out)),
    }
}

impl RunningDev {
    async fn end(self, at_once: impl Future<Output = ()>) -> Result<(), Flaw> {
        self.demo.stop().await;
        self.serving.stop(at_once).await
    }
}

impl Started for RunningDev {
    fn at(&self) -> &Addresses {
        &self.at
    }

    fn ready(&self) -> &Value {
        &self.ready
    }

    fn records(&self) -> u64 {
        self.serving.app.broker.records.ledger.stats().records
    }

    fn now_s(&self) -> u64 {
        self.serving.app.broker.records.clock.now_s()
    }

    fn stop(self: Box<Self>) -> Promised<()> {
        Box::pin(self.end(pending()))
    }
}

/// The dev world on any free ports, as the tour starts it.
pub(crate) fn start_anywhere(data: PathBuf) -> Promised<Box<dyn Started>> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Box::pin(async move {
        let how = DevManner::default();
        let running = start(listen, Folder::new(&data), None, how).await?;
        Ok(Box::new(running) as Box<dyn Started>)
    })
}

/// How a dev world is served.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DevManner {
    /// Requests that a client may make in a second.
    pub(crate) rate: Option<u32>,
    /// Whether over https.
    pub(crate) tls: bool,
}

/// What `locum dev` was told.
pub(crate) struct DevOptions {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// The data folder; a temporary one where none is named.
    pub(crate) data: Option<PathBuf>,
    /// Another file to write once requests are answered.
    pub(crate) ready_file: Option<PathBuf>,
    /// How it is served.
    pub(crate) how: DevManner,
    /// Bytes of a segment of the ledger.
    pub(crate) segment_bytes: Option<u64>,
}

/// The command `locum dev`: runs until it is told to stop.
///
/// # Errors
/// Whatever is in the way, in words.
pub(crate) async fn command(wanted: DevOptions) -> Result<(), Flaw> {
    #[expect(
        clippy::disallowed_methods,
        reason = "measures the start, decides nothing"
    )]
    let begun = tokio::time::Instant::now();
    // Before anybody is told that it runs, and may want it to stop.
    let mut told = StopSignals::new()?;
    let temporary = if wanted.data.is_none() {
        Some(tempfile::tempdir()?)
    } else {
        None
    };
    let folder = wanted.data.clone();
    let folder = folder.or_else(|| temporary.as_ref().map(|t| t.path().to_owned()));
    let folder = folder.ok_or("no data folder")?;
    let mut opened = Folder::new(&folder);
    opened.segment_bytes = wanted.segment_bytes.unwrap_or(opened.segment_bytes);
    let ready_file = wanted.ready_file.as_deref();
    // A start may wait for the clock: it can be told to stop meanwhile.
    let running = tokio::select! {
        running = start(wanted.listen, opened, ready_file, wanted.how) => running?,
        () = told.end() => return Ok(()),
    };
    let version = env!("CARGO_PKG_VERSION");
    say(&banner::banner(
        version,
        wanted.data.as_deref(),
        &running.at,
    ));
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
    running.end(told.end()).await
}

/// Nobody may be listening: the broker runs on.
fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
