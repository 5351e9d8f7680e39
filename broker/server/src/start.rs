//! Opening a data folder for the listeners.

use crate::app::App;
use crate::setup::Setup;
use locum_admin::{Api, Bootstrap, Managed};
use locum_ambient::metrics::Metrics;
use locum_ambient::telemetry::Traces;
use locum_ambient::{Clock, Randomness};
use locum_engine::open::{self, BrokerSettings, Folder, StartFlaw, Surroundings};
use locum_web::Front;
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
    let random = Randomness::new();
    let metrics = Arc::new(Metrics::default());
    let settings = BrokerSettings {
        issuer: issuer.to_owned(),
        bounds: setup.bounds,
        trust: setup.trust,
        vendors: setup.vendors,
    };
    let surroundings = Surroundings {
        clock: clock.clone(),
        random: random.clone(),
        metrics: metrics.clone(),
    };
    let broker = open::open(&folder, master, settings, surroundings)?;
    let traces = Traces::open(&setup.telemetry, &random).map_err(StartFlaw::Traces)?;
    let front = Arc::new(Front {
        issuer: issuer.into(),
        metrics,
        traces,
        clock,
        random,
        body_bytes: setup.bounds.body_bytes,
    });
    let api = Arc::new(Api {
        broker: broker.clone(),
        front: front.clone(),
        data: folder.data,
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
