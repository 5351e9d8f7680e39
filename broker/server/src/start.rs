//! Opening a data folder: the ledger is replayed, the state stands, the keys
//! open, the policies load. Only then is anything answered.

use crate::ambient::{Clock, Randomness};
use crate::app::{App, Unavailable};
use crate::keyring::{self, Keyring};
use crate::metrics::Metrics;
use crate::oauth::client_keys::ClientKeys;
use crate::rate::Rate;
use crate::recall;
use crate::setup::Setup;
use crate::token::{foreign, own};
use crate::trust::Trust;
use crate::vault::Vault;
use locum_core::token::Alg;
use locum_policy::Bundle;
use locum_stores::ledger::{Ledger, Options};
use locum_stores::state::{Shared, State};
use std::path::Path;
use std::sync::{Arc, RwLock};

/// Why a broker does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartFlaw {
    /// The ledger.
    #[error("the ledger does not open: {0}")]
    Ledger(#[from] locum_stores::ledger::OpenError),
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] keyring::KeyringFlaw),
    /// The master key.
    #[error("the master key is of no use: {0}")]
    Master(String),
    /// The recorded policies do not load any more.
    #[error("the recorded policies do not load: {0}")]
    Policies(String),
    /// Something else.
    #[error(transparent)]
    Other(#[from] Unavailable),
}

/// Opens the broker's data folder; keys of others are fetched as `trust` says.
///
/// # Errors
/// [`StartFlaw`]: nothing is answered then.
pub(crate) async fn open(
    data: &Path,
    issuer: &str,
    master: &[u8; 32],
    setup: Setup,
) -> Result<Arc<App>, StartFlaw> {
    let clock = Clock::default();
    let random = Randomness::new();
    let vault = Vault::open(master).map_err(|e| StartFlaw::Master(e.to_string()))?;
    let names = vault.names();
    let state = Shared::new(State::new(Arc::new(names.clone())));
    let time = clock.clone();
    let options = Options::new(data.join("ledger"), random.bytes());
    let (ledger, opened) = Ledger::open(
        options,
        Arc::new(move || time.now_ms()),
        Box::new(state.clone()),
    )?;
    clock.at_least(opened.last_time_ms);
    let behind_s = clock.behind_ms() / 1_000;
    if behind_s > 0 {
        tracing::warn!(behind_s, "the clock is behind the newest record");
    }
    if opened.repaired_bytes > 0 {
        tracing::warn!(
            bytes = opened.repaired_bytes,
            "a torn last write was cut off the ledger"
        );
    }
    tracing::info!(records = opened.records, tree = opened.tree, "ledger open");
    let (keyring, bundle) = {
        let known = state.read();
        let bundle = policies(&known)?;
        (Keyring::open(&known.signing_keys, &vault)?, bundle)
    };
    let app = Arc::new(App {
        issuer: issuer.into(),
        bounds: setup.bounds,
        ledger,
        state,
        vault,
        names,
        keyring,
        trust: Trust::new(clock.clone(), setup.trust.clone())?,
        client_keys: ClientKeys::default(),
        verified: foreign::none_kept(),
        own: own::none_kept(),
        recalled: recall::nothing(),
        policy: RwLock::new(Arc::new(bundle)),
        rate: Rate::new(setup.bounds.requests_per_client_per_s),
        metrics: Metrics::default(),
        clock,
        random,
        changing: tokio::sync::Mutex::default(),
        setup,
        managed: RwLock::default(),
    });
    keyring::ensure(&app, Alg::default()).await?;
    Ok(app)
}

/// The policies in force, as they are recorded.
fn policies(known: &State) -> Result<Bundle, StartFlaw> {
    Bundle::load(&known.policies.files).map_err(|flaws| {
        let flaws = flaws.iter().map(|flaw| format!("{}: {flaw}", flaw.file));
        StartFlaw::Policies(flaws.collect::<Vec<_>>().join("; "))
    })
}
