//! Opening a data folder: the ledger is replayed, the state stands, the keys
//! open, the policies load. Only then is anything answered.

use crate::app::{App, Unavailable};
use crate::deciding::Deciding;
use crate::issuer_keys::IssuerKeys;
use crate::keyring::{self, Keyring};
use crate::oauth::client_keys::ClientKeys;
use crate::rate::Rate;
use crate::recall;
use crate::setup::Setup;
use crate::token::summary::Summaries;
use crate::token::{foreign, own};
use crate::vault::Vault;
use locum_ambient::metrics::Metrics;
use locum_ambient::telemetry::Traces;
use locum_ambient::{Clock, Randomness, Stopwatch};
use locum_policy::Bundle;
use locum_stores::ledger::{Ledger, Options, SEGMENT_BYTES};
use locum_stores::state::{Author, Change, NamedKey, Shared, State};
use locum_web::Front;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// How often a clock that is behind is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Keys of names in one record: far below what it holds.
const NAMES_OF_A_RECORD: usize = 200;

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
    /// No policies can be loaded at all.
    #[error("policies cannot be loaded: {0}")]
    Policies(String),
    /// Where traces go.
    #[error("{0}")]
    Traces(String),
    /// Something else.
    #[error(transparent)]
    Other(#[from] Unavailable),
}

/// A data folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    /// Where it is.
    pub(crate) data: PathBuf,
    /// Bytes of a segment of its ledger.
    pub(crate) segment_bytes: u64,
}

impl Folder {
    /// One with segments of the usual size.
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            segment_bytes: SEGMENT_BYTES,
        }
    }
}

/// Opens the broker's data folder; keys of others are fetched as `trust` says.
/// Before anything is answered, [`settle`].
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
    let vault = Vault::open(master).map_err(|e| StartFlaw::Master(e.to_string()))?;
    let names = vault.names();
    let state = Shared::new(State::new(Arc::new(names.clone())));
    let mut options = Options::new(folder.data.join("ledger"), random.bytes());
    options.segment_bytes = folder.segment_bytes;
    let ledger = open_ledger(options, &clock, &state)?;
    let (keyring, bundle) = {
        let known = state.read();
        let bundle = policies(&known)?;
        let now_ms = clock.now_ms();
        let keyring = Keyring::open(&known.signing_keys, &vault, now_ms)?;
        (keyring, bundle)
    };
    let issuer_keys = IssuerKeys::new(clock.clone(), setup.trust.clone())?;
    let traces = Traces::open(&setup.telemetry, &random).map_err(StartFlaw::Traces)?;
    let front = Arc::new(Front {
        metrics: Metrics::default(),
        traces,
        clock: clock.clone(),
        random: random.clone(),
        body_bytes: setup.bounds.body_bytes,
    });
    Ok(Arc::new_cyclic(|me| App {
        me: me.clone(),
        data: folder.data,
        issuer: issuer.into(),
        bounds: setup.bounds,
        ledger,
        state,
        vault,
        names,
        keyring,
        issuer_keys,
        client_keys: ClientKeys::default(),
        verified: foreign::none_kept(),
        own: own::none_kept(),
        recalled: recall::nothing(),
        policy: RwLock::new(Arc::new(bundle)),
        deciding: Deciding::default(),
        rate: Rate::new(setup.bounds.requests_per_client_per_s),
        waiting: Arc::default(),
        summaries: Summaries::default(),
        front,
        clock,
        random,
        changes: Arc::default(),
        setup,
        managed: RwLock::default(),
    }))
}

fn open_ledger(options: Options, clock: &Clock, state: &Shared) -> Result<Ledger, StartFlaw> {
    let taken = Stopwatch::start();
    let time = clock.clone();
    let (ledger, opened) = Ledger::open(
        options,
        Arc::new(move || time.now_ms()),
        Box::new(state.clone()),
    )?;
    clock.at_least(opened.last_time_ms);
    if opened.repaired_bytes > 0 {
        tracing::warn!(
            bytes = opened.repaired_bytes,
            "a torn last write was cut off the ledger"
        );
    }
    tracing::info!(
        records = opened.records,
        from_snapshot = opened.from_snapshot,
        tree = opened.tree,
        ms = taken.elapsed().as_millis(),
        "ledger open"
    );
    Ok(ledger)
}

/// Waits until the clock has reached the newest record, then sees to the signing
/// keys, and that whatever holds is on record by its key. While it waits the
/// broker is not ready: time would stand still, and what should expire would
/// live on.
///
/// # Errors
/// [`StartFlaw`] when the keys cannot be recorded.
pub(crate) async fn settle(app: &App) -> Result<(), StartFlaw> {
    let mut said = false;
    loop {
        let behind_ms = app.clock.behind_ms();
        if behind_ms == 0 {
            break;
        }
        if !std::mem::replace(&mut said, true) {
            tracing::warn!(
                behind_ms,
                "the clock is behind the newest record: not ready until it has caught up"
            );
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the wall clock moves or is set: there is nothing else to wait for"
        )]
        tokio::time::sleep(Duration::from_millis(behind_ms).min(LOOK_EVERY)).await;
    }
    token_age(app).await?;
    keyring::settle(app).await?;
    if let Some(app) = app.me.upgrade() {
        tokio::task::spawn_blocking(move || app.client_keys.prepare_all(&app.state));
    }
    Ok(named(app).await?)
}

/// Puts `limits.max_token_age_s` on record where it is another than before: one
/// that is raised counts for tokens issued since (contract §12).
async fn token_age(app: &App) -> Result<(), Unavailable> {
    let max_s = app.bounds.max_token_age_s;
    let changing = app.changing().await?;
    let (known_s, always) = {
        let state = app.state.read();
        // Without a key nothing was ever issued.
        (state.token_ages.max_s(), state.signing_keys.is_empty())
    };
    if known_s == max_s {
        return Ok(());
    }
    let reason = format!("limits.max_token_age_s is {max_s}, and was {known_s}");
    let author = Author::itself(reason);
    let draft = app.draft(&[Change::TokenAge { max_s, always }], &author)?;
    app.change(&changing, draft, Box::new(|_| ())).await?;
    Ok(())
}

/// Puts the keys of what live locks and revocations name on record, where their
/// own records (of a time before) hold the names alone.
async fn named(app: &App) -> Result<(), Unavailable> {
    let now_ms = app.clock.now_ms();
    let missing: Vec<NamedKey> = {
        let state = app.state.read();
        let unnamed = state.unnamed.iter().filter(|named| named.counts(now_ms));
        unnamed.cloned().collect()
    };
    for names in missing.chunks(NAMES_OF_A_RECORD) {
        let changing = app.changing().await?;
        let names = names.to_vec();
        let author = Author::itself("an erasure of names undoes no lock and no revocation");
        let draft = app.draft(&[Change::Names { names }], &author)?;
        app.change(&changing, draft, Box::new(|_| ())).await?;
    }
    Ok(())
}

/// The policies in force, as they are recorded. Where they do not load under this
/// version the broker starts all the same, and refuses what they are asked.
fn policies(known: &State) -> Result<Bundle, StartFlaw> {
    let bundle = Bundle::accepted(&known.policies.files).map_err(StartFlaw::Policies)?;
    if let Some(flaw) = bundle.flaw() {
        tracing::error!(%flaw, "the recorded policies do not load: every exchange is refused");
    }
    Ok(bundle)
}
