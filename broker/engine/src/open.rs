//! Opening a data folder: the ledger is replayed, the state stands, the keys
//! open, the policies load. Only then is anything answered.

use crate::bounds::Bounds;
use crate::broker::Broker;
use crate::deciding::Deciding;
use crate::exchange::kept;
use crate::exchange::summary::Summaries;
use crate::in_force::PoliciesInForce;
use crate::issuer_keys::{IssuerKeys, TrustSettings};
use crate::keyring::{Keyring, KeyringFlaw};
use crate::oauth::client_keys::ClientKeys;
use crate::rate::Rate;
use crate::recall::Memory;
use crate::records::{Records, TICKETS, time_of, wall_of};
use crate::unavailable::Unavailable;
use crate::upstream_secrets::UpstreamSecrets;
use crate::vault::{StoreSeal, Vault};
use crate::vendors::{VendorSettings, Vendors, revoking};
use locum_ambient::metrics::Metrics;
use locum_ambient::{Clock, Randomness, Stopwatch};
use locum_outgoing::PeerClient;
use locum_policy::Bundle;
use locum_stores::ledger::{Ledger, LedgerOptions, SEGMENT_BYTES};
use locum_stores::redis::{self, AskPeer, CannotJoin, Joining, RedisSettings, StoreSurroundings};
use locum_stores::state::{Author, Change, Changed, NamedKey, Shared, State};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often a clock that is behind is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Keys of names in one record: far below what it holds.
const NAMES_OF_A_RECORD: usize = 200;

/// Why a broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFlaw {
    /// The ledger.
    #[error("the ledger does not open: {0}")]
    Ledger(#[from] locum_stores::ledger::OpenError),
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] KeyringFlaw),
    /// The master key.
    #[error("the master key is of no use: {0}")]
    Master(String),
    /// The other nodes.
    #[error("this node does not join: {0}")]
    Store(#[from] CannotJoin),
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
pub struct Folder {
    /// Where it is.
    pub data: PathBuf,
    /// Bytes of a segment of its ledger.
    pub segment_bytes: u64,
}

impl Folder {
    /// One with segments of the usual size.
    pub fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            segment_bytes: SEGMENT_BYTES,
        }
    }
}

/// What a broker is opened with beside its data.
pub struct BrokerSettings {
    /// Locum's issuer, byte for byte.
    pub issuer: String,
    /// Bounds on what comes from outside.
    pub bounds: Bounds,
    /// Keys of others, and what fetching them may reach.
    pub trust: TrustSettings,
    /// Which vendors may be reached.
    pub vendors: VendorSettings,
    /// This node's name.
    pub node: String,
    /// The version of Locum that it runs.
    pub version: String,
}

/// What is asked of the world.
#[derive(Clone)]
pub struct Surroundings {
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub random: Randomness,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// Opens a data folder under its master key. Before anything is answered,
/// [`settle`].
///
/// # Errors
/// [`StartFlaw`]: nothing is answered then.
pub fn open(
    folder: &Folder,
    master: &[u8; 32],
    settings: BrokerSettings,
    surroundings: Surroundings,
) -> Result<Arc<Broker>, StartFlaw> {
    let Surroundings {
        clock,
        random,
        metrics,
    } = surroundings;
    redis::is_alone(&folder.data)?;
    let vault = Vault::open(master).map_err(|e| StartFlaw::Master(e.to_string()))?;
    let names = vault.names();
    let state = Shared::new(State::new(Arc::new(names.clone())));
    let mut options = LedgerOptions::new(folder.data.join("ledger"), random.bytes());
    options.segment_bytes = folder.segment_bytes;
    let (ledger, tree) = open_ledger(options, &clock, &state)?;
    let node = (&*settings.node, &*settings.version, &*tree);
    let records = Records::alone((ledger, state), node, (vault, names), (clock, random));
    broker(records, settings, metrics)
}

/// Joins the other nodes of the issuer, however long that takes: `told` hears why it
/// waits. Before anything is answered, [`settle`].
///
/// # Errors
/// [`StartFlaw`]: nothing is answered then.
pub async fn join(
    mut store: RedisSettings,
    master: &[u8; 32],
    settings: BrokerSettings,
    surroundings: Surroundings,
    told: impl Fn(String),
) -> Result<Arc<Broker>, StartFlaw> {
    let Surroundings {
        clock,
        random,
        metrics,
    } = surroundings;
    let vault = Vault::open(master).map_err(|e| StartFlaw::Master(e.to_string()))?;
    let names = vault.names();
    store.issuer.clone_from(&settings.issuer);
    let salts = random.clone();
    let joining = Joining {
        settings: store,
        world: StoreSurroundings {
            clock: time_of(&clock),
            wall: wall_of(&clock),
            random: Arc::new(move || salts.bytes()),
            sealing: Arc::new(StoreSeal::new(master, random.clone())),
            ask: asks_peers()?,
        },
        state: Shared::new(State::new(Arc::new(names.clone()))),
        tickets: TICKETS,
        seeds: [random.bytes(), random.bytes()],
    };
    let joined = redis::join(joining, told).await?;
    clock.at_least(joined.state.read().last_time_ms);
    let records = Records::shared(joined, (vault, names), (clock, random));
    broker(records, settings, metrics)
}

/// Asks other nodes over HTTP.
fn asks_peers() -> Result<AskPeer, StartFlaw> {
    let client = PeerClient::new(redis::ANSWER_MAX);
    let client = client.map_err(|flaw| Unavailable(flaw.to_string()))?;
    Ok(Arc::new(move |url: String, asked: Vec<u8>| {
        let client = client.clone();
        Box::pin(async move {
            let answered = client.ask(&url, asked).await;
            answered.map_err(|flaw| format!("`{url}`: {flaw}"))
        })
    }))
}

fn broker(
    records: Records,
    settings: BrokerSettings,
    metrics: Arc<Metrics>,
) -> Result<Arc<Broker>, StartFlaw> {
    let clock = records.clock.clone();
    let (keyring, bundle) = {
        let known = records.state.read();
        let bundle = policies(&known)?;
        let keyring = Keyring::open(&known.signing_keys, &records.vault, clock.now_ms())?;
        (Arc::new(keyring), bundle)
    };
    let issuer_keys = IssuerKeys::new(clock, settings.trust, metrics.clone())?;
    let policies = Arc::new(PoliciesInForce::new(bundle));
    let client_keys = Arc::new(ClientKeys::default());
    let upstream = UpstreamSecrets::new(records.state.clone(), records.vault.clone());
    let upstream = Arc::new(upstream);
    let vendors = Arc::new(Vendors::new(records.clock.clone(), settings.vendors)?);
    let stirring = vendors.clone();
    let stir = move |_: &Changed| stirring.stirred.notify_one();
    records.changes.follow(Box::new(stir));
    follow(&records, &policies, &keyring, &client_keys);
    let follows = upstream.clone();
    let letting_go = move |changed: &Changed| follows.follow(changed);
    records.changes.follow(Box::new(letting_go));
    if records.journal.is_some() {
        // Others may have made a change since the state was read above.
        let everything = Changed::everything();
        policies.follow(&everything, &records.state);
        let now = (&*records.vault, records.clock.now_ms());
        keyring.follow(&everything, &records.state, now);
        upstream.follow(&everything);
    }
    Ok(Arc::new(Broker {
        issuer: settings.issuer.into(),
        bounds: settings.bounds,
        policies,
        keyring,
        issuer_keys,
        upstream,
        vendors,
        metrics,
        waiting: Arc::default(),
        client_keys,
        verified: kept::none(),
        own: kept::none(),
        recalled: Memory::new(),
        deciding: Deciding::default(),
        rate: Rate::new(settings.bounds.requests_per_client_per_s),
        summaries: Arc::new(Summaries::new(records.clone())),
        records,
    }))
}

fn open_ledger(
    options: LedgerOptions,
    clock: &Clock,
    state: &Shared,
) -> Result<(Ledger, String), StartFlaw> {
    let taken = Stopwatch::start();
    let (ledger, opened) = Ledger::open(options, time_of(clock), Box::new(state.clone()))?;
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
    Ok((ledger, opened.tree))
}

/// Waits until the clock has reached the newest record, then sees to the signing
/// keys, and that whatever holds is on record by its key. While it waits the
/// broker is not ready: time would stand still, and what should expire would
/// live on.
///
/// # Errors
/// [`StartFlaw`] when the keys cannot be recorded.
pub async fn settle(broker: &Broker) -> Result<(), StartFlaw> {
    let mut said = false;
    loop {
        let behind_ms = broker.records.clock.behind_ms();
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
    let records = &broker.records;
    token_age(records, broker.bounds.max_token_age_s).await?;
    broker.keyring.settle(records).await?;
    broker.ensure_declared_keys().await?;
    let unknown = revoking::settle(broker).await?;
    if unknown > 0 {
        tracing::warn!(
            unknown,
            "vendors were asked for credentials when the broker ended: whether there are any is not known"
        );
    }
    let (client_keys, state) = (broker.client_keys.clone(), records.state.clone());
    tokio::task::spawn_blocking(move || client_keys.prepare_all(&state));
    Ok(named(records).await?)
}

/// What is kept ready beside the state follows each change, whoever makes it.
fn follow(
    records: &Records,
    policies: &Arc<PoliciesInForce>,
    keyring: &Arc<Keyring>,
    client_keys: &Arc<ClientKeys>,
) {
    let changes = &records.changes;
    let (follows, state) = (policies.clone(), records.state.clone());
    changes.follow(Box::new(move |changed| follows.follow(changed, &state)));
    let (follows, state) = (client_keys.clone(), records.state.clone());
    changes.follow(Box::new(move |changed| follows.follow(changed, &state)));
    let (follows, state) = (keyring.clone(), records.state.clone());
    let (vault, clock) = (records.vault.clone(), records.clock.clone());
    changes.follow(Box::new(move |changed| {
        follows.follow(changed, &state, (&vault, clock.now_ms()));
    }));
}

/// Puts `limits.max_token_age_s` on record where it is another than before: one
/// that is raised counts for tokens issued since (contract §12).
async fn token_age(records: &Records, max_s: u64) -> Result<(), Unavailable> {
    let changing = records.changing().await?;
    let (known_s, always) = {
        let state = records.state.read();
        // Without a key nothing was ever issued.
        (state.token_ages.max_s(), state.signing_keys.is_empty())
    };
    if known_s == max_s {
        return Ok(());
    }
    let reason = format!("limits.max_token_age_s is {max_s}, and was {known_s}");
    let author = Author::itself(reason);
    let draft = records.draft(&[Change::TokenAge { max_s, always }], &author)?;
    records.change(&changing, draft).await?;
    Ok(())
}

/// Puts the keys of what live locks and revocations name on record, where their
/// own records (of a time before) hold the names alone.
async fn named(records: &Records) -> Result<(), Unavailable> {
    let now_ms = records.clock.now_ms();
    let missing: Vec<NamedKey> = {
        let state = records.state.read();
        let unnamed = state.unnamed.iter().filter(|named| named.counts(now_ms));
        unnamed.cloned().collect()
    };
    for names in missing.chunks(NAMES_OF_A_RECORD) {
        let changing = records.changing().await?;
        let names = names.to_vec();
        let author = Author::itself("an erasure of names undoes no lock and no revocation");
        let draft = records.draft(&[Change::Names { names }], &author)?;
        records.change(&changing, draft).await?;
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
