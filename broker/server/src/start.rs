//! Opening a data folder for the listeners.

use crate::app::App;
use crate::setup::Setup;
use locum_admin::{Api, Bootstrap, Managed};
use locum_ambient::metrics::Metrics;
use locum_ambient::telemetry::Traces;
use locum_ambient::{Clock, Randomness};
use locum_engine::broker::Broker;
use locum_engine::open::{self, BrokerSettings, Folder, StartFlaw, Surroundings};
use locum_stores::redis::RedisSettings;
use locum_web::Front;
use std::path::PathBuf;
use std::sync::Arc;

/// Opens the broker's data folder. Before anything is answered,
/// [`settle`](locum_engine::open::settle).
///
/// # Errors
/// [`StartFlaw`]: nothing is answered then.
pub(crate) fn open(
    folder: Folder,
    issuer: &str,
    master: &[u8; 32],
    setup: Setup,
) -> Result<Arc<App>, StartFlaw> {
    open_at(folder, issuer, master, setup, Clock::default())
}

/// [`open`], with that clock.
///
/// # Errors
/// [`StartFlaw`]: nothing is answered then.
pub(crate) fn open_at(
    folder: Folder,
    issuer: &str,
    master: &[u8; 32],
    setup: Setup,
    clock: Clock,
) -> Result<Arc<App>, StartFlaw> {
    let surroundings = Surroundings {
        clock,
        random: Randomness::new(),
        metrics: Arc::new(Metrics::default()),
    };
    let settings = settings(issuer, &setup);
    let broker = open::open(&folder, master, settings, surroundings.clone())?;
    app(broker, folder.data, setup, surroundings)
}

/// Joins the other nodes, however long that takes: `told` hears why it waits. Before
/// anything is answered, [`settle`](locum_engine::open::settle).
///
/// # Errors
/// [`StartFlaw`]: nothing is answered then.
pub(crate) async fn join(
    store: RedisSettings,
    issuer: &str,
    master: &[u8; 32],
    setup: Setup,
    told: impl Fn(String),
) -> Result<Arc<App>, StartFlaw> {
    let surroundings = Surroundings {
        clock: Clock::default(),
        random: Randomness::new(),
        metrics: Arc::new(Metrics::default()),
    };
    let settings = settings(issuer, &setup);
    let data = store.data.clone();
    let joined = open::join(store, master, settings, surroundings.clone(), told);
    app(joined.await?, data, setup, surroundings)
}

fn settings(issuer: &str, setup: &Setup) -> BrokerSettings {
    BrokerSettings {
        issuer: issuer.to_owned(),
        bounds: setup.bounds,
        trust: setup.trust.clone(),
        vendors: setup.vendors.clone(),
        node: setup.node.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn app(
    broker: Arc<Broker>,
    data: PathBuf,
    setup: Setup,
    surroundings: Surroundings,
) -> Result<Arc<App>, StartFlaw> {
    let Surroundings {
        clock,
        random,
        metrics,
    } = surroundings;
    let traces = Traces::open(&setup.telemetry, &random).map_err(StartFlaw::Traces)?;
    let front = Arc::new(Front {
        issuer: broker.issuer.clone(),
        metrics,
        traces,
        clock,
        random,
        body_bytes: setup.bounds.body_bytes,
    });
    let api = Arc::new(Api {
        broker: broker.clone(),
        front: front.clone(),
        data,
        bootstrap: Bootstrap::default(),
        grants_by_administrator: setup.grants_by_administrator,
        reload: setup.reload,
        managed: Managed::default(),
    });
    Ok(Arc::new(App {
        broker,
        front,
        api,
        issuer_path: setup.issuer_path,
        admin_apart: setup.admin_apart,
        rotate_days: setup.rotate_days,
        certificates: setup.certificates,
    }))
}
