//! What the parts of a node share.

use super::files::Files;
use super::freshness::Freshness;
use super::lane::{KnownRun, Lane};
use super::link::Link;
use super::order::Ordering;
use super::rows::{LIVES, Row, Rows};
use super::settings::{RedisSettings, StoreSurroundings};
use crate::changes::{Follow, Ordered};
use crate::ledger::Ledger;
use crate::nodes::PROPAGATION_BOUNDS_S;
use crate::state::Shared;
use locum_core::jcs::hex;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering as Memory};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot, watch};

/// How far a node's clock may be off that of Redis, in milliseconds.
const CLOCK_OFF_MS: i64 = 1_000;

/// What becomes of a change that its author waits for.
pub(super) struct Folded {
    pub(super) ordered: Ordered,
    /// Whether its author's credential was revoked before its place.
    pub(super) void: bool,
}

/// What the parts of a node share.
pub(super) struct Cluster {
    pub(super) settings: RedisSettings,
    pub(super) world: StoreSurroundings,
    pub(super) link: Arc<Link>,
    /// For what is answered at once.
    pub(super) commands: Lane,
    /// For what waits for replicas.
    pub(super) acked: Lane,
    /// What files declare, here and elsewhere.
    pub(super) files: Files,
    /// For heartbeats, which wait for nobody else.
    pub(super) beats: Lane,
    run: Arc<KnownRun>,
    /// The tree of changes.
    pub(super) tree: String,
    /// The tree of this node's decisions.
    pub(super) own_tree: String,
    /// This process.
    pub(super) start: String,
    /// When it began, Unix milliseconds.
    pub(super) began_ms: u64,
    pub(super) journal: Ledger,
    pub(super) order: Ordering,
    pub(super) state: Shared,
    pub(super) followers: Mutex<Vec<Follow>>,
    pub(super) rows: Rows,
    pub(super) fresh: Freshness,
    /// Number of changes that are folded.
    pub(super) folded: watch::Sender<u64>,
    /// Number of changes that whatever follows them has caught up with.
    pub(super) followed: AtomicU64,
    /// Wakes the heartbeat: there is something to tell.
    pub(super) tell: Notify,
    /// Wakes who sends commits: Redis may have lost some.
    pub(super) reship: Notify,
    /// Wakes the feed: the log has to be looked at anew.
    pub(super) again: Notify,
    /// Whether the log is whole and every change of it was folded.
    pub(super) whole: AtomicBool,
    /// Whether another history or process stands against this one.
    pub(super) stopped: AtomicBool,
    /// Whether this node says that it is ready.
    pub(super) ready: AtomicBool,
    /// When the log lost something last, Unix milliseconds.
    pub(super) lost_ms: AtomicU64,
    /// How far our clock is ahead of that of Redis, in milliseconds.
    pub(super) clock_off_ms: AtomicI64,
    /// Number of changes in the log, as the newest heartbeat saw it.
    pub(super) head: AtomicU64,
    pub(super) acked_by: AtomicU64,
    /// Index after the newest commit of ours that Redis took.
    pub(super) shipped: AtomicU64,
    pub(super) republished: AtomicU64,
    flaws: Mutex<Flaws>,
    waiting: Mutex<HashMap<[u8; 16], oneshot::Sender<Folded>>>,
    propagation: Mutex<Propagation>,
}

/// Why this node answers nothing.
#[derive(Debug, Default, Clone)]
pub(super) struct Flaws {
    /// The connection.
    pub(super) link: Option<String>,
    /// An entry of the log that is not folded.
    pub(super) entry: Option<String>,
    /// Whether that entry is of a format that this node does not read.
    pub(super) too_new: bool,
    /// The log is another than the journal.
    pub(super) fork: Option<String>,
    /// A node that lives has folded other changes.
    pub(super) history: Option<String>,
    /// A wait for other nodes.
    pub(super) waiting: Option<String>,
    /// What is stored beside the log and does not open.
    pub(super) values: Vec<String>,
    /// Redis does not take this node's commits.
    pub(super) shipping: Option<String>,
    /// Commits that do not open, by tree.
    pub(super) commits: BTreeMap<String, String>,
}

#[derive(Default)]
struct Propagation {
    counts: [u64; PROPAGATION_BOUNDS_S.len() + 1],
    sum: Duration,
}

/// What a cluster is made of.
pub(super) struct Parts {
    pub(super) settings: RedisSettings,
    pub(super) world: StoreSurroundings,
    pub(super) link: Arc<Link>,
    pub(super) tree: String,
    pub(super) own_tree: String,
    pub(super) journal: Ledger,
    pub(super) order: Ordering,
    pub(super) state: Shared,
}

impl Cluster {
    pub(super) fn new(parts: Parts) -> Self {
        let run = Arc::new(KnownRun::default());
        let lane = || Lane::new(parts.link.clone(), Some(run.clone()));
        let (commands, acked) = (lane(), lane());
        let beats = Lane::new(parts.link.clone(), None);
        let seq = parts.order.now().tip.seq;
        let fresh = Freshness::default();
        fresh.folded(seq);
        Self {
            commands,
            acked,
            beats,
            run,
            start: hex(&(parts.world.random)()),
            began_ms: (parts.world.clock)(),
            settings: parts.settings,
            world: parts.world,
            link: parts.link,
            tree: parts.tree,
            own_tree: parts.own_tree,
            journal: parts.journal,
            order: parts.order,
            state: parts.state,
            followers: Mutex::default(),
            rows: Rows::default(),
            fresh,
            folded: watch::Sender::new(seq),
            followed: AtomicU64::new(seq),
            tell: Notify::new(),
            reship: Notify::new(),
            again: Notify::new(),
            files: Files::default(),
            whole: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            ready: AtomicBool::new(false),
            lost_ms: AtomicU64::new(0),
            clock_off_ms: AtomicI64::new(0),
            head: AtomicU64::new(seq),
            acked_by: AtomicU64::new(0),
            shipped: AtomicU64::new(0),
            republished: AtomicU64::new(0),
            flaws: Mutex::default(),
            waiting: Mutex::default(),
            propagation: Mutex::default(),
        }
    }

    pub(super) fn now_ms(&self) -> u64 {
        (self.world.clock)()
    }

    pub(super) fn random(&self) -> [u8; 16] {
        (self.world.random)()
    }

    pub(super) fn flaws(&self) -> MutexGuard<'_, Flaws> {
        self.flaws.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether that run of Redis is the one whose log was found whole.
    pub(super) fn runs_as(&self, run: &str) -> bool {
        self.run.is(run)
    }

    /// The log of that run of Redis is whole: from now on this node serves by it.
    pub(super) fn serves(&self, run: &str) {
        if !self.run.is(run) {
            // They are of another run, and nobody has noticed that they ended.
            self.commands.drop_connection();
            self.acked.drop_connection();
        }
        self.run.put(run);
        self.stopped.store(false, Memory::Release);
        self.reship.notify_one();
        self.whole.store(true, Memory::Release);
        tracing::info!("the change log in Redis is whole");
    }

    /// The log is another than our journal: nothing is answered until an operator
    /// has decided.
    pub(super) fn forked(&self, flaw: String) {
        self.stopped.store(true, Memory::Release);
        let before = self.flaws().fork.replace(flaw.clone());
        if before.as_deref() != Some(&flaw) {
            tracing::error!(
                reason = flaw,
                "this node stands by another record than the log"
            );
        }
    }

    pub(super) fn min_replicas(&self) -> u32 {
        self.settings.min_replicas_acked
    }

    /// Whether the state may be taken for that of now.
    pub(super) fn is_fresh(&self) -> bool {
        let young = self
            .fresh
            .age()
            .is_some_and(|age| age < self.settings.stale);
        let whole = self.whole.load(Memory::Acquire) && !self.stopped.load(Memory::Acquire);
        young && whole && self.clock_flaw().is_none()
    }

    /// Why nobody can rely on the clock here: what the nodes tell of each other's times
    /// holds for clocks that are right.
    fn clock_flaw(&self) -> Option<String> {
        let off = self.clock_off_ms.load(Memory::Relaxed);
        (off.abs() > CLOCK_OFF_MS).then(|| {
            let direction = if off > 0 { "ahead of" } else { "behind" };
            let ms = off.abs();
            format!("the clock is {ms} ms {direction} that of Redis; set it right")
        })
    }

    /// Why the state is not that of now; `None` while it is.
    pub(super) fn stale(&self) -> Option<String> {
        if self.is_fresh() {
            return None;
        }
        let flaws = self.flaws().clone();
        let known = flaws.fork.or(flaws.history).or(flaws.entry);
        let known = known.or(flaws.waiting);
        known.or_else(|| self.clock_flaw()).or_else(|| {
            let age = self.fresh.age();
            let age = age.map_or("of unknown age".into(), |age| {
                format!("{:.1} s old", age.as_secs_f64())
            });
            let why = flaws
                .link
                .unwrap_or_else(|| "no heartbeat was acknowledged lately".into());
            Some(format!("the state is {age}: {why}"))
        })
    }

    /// Why the node is not ready; `None` while it is.
    pub(super) fn flaw(&self) -> Option<String> {
        let flaws = self.flaws().clone();
        let mut values = flaws.values;
        values.extend(flaws.commits.into_values());
        values.extend(flaws.shipping);
        let values = (!values.is_empty()).then(|| values.join("; "));
        self.stale().or(values)
    }

    /// Whoever made the change of that id hears of it once it is folded.
    pub(super) fn expect(&self, id: [u8; 16]) -> oneshot::Receiver<Folded> {
        let (tell, told) = oneshot::channel();
        self.waiting().insert(id, tell);
        told
    }

    /// Nobody waits for that change any more.
    pub(super) fn expect_no_more(&self, id: &[u8; 16]) {
        self.waiting().remove(id);
    }

    pub(super) fn waiting(&self) -> MutexGuard<'_, HashMap<[u8; 16], oneshot::Sender<Folded>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this node tells now.
    pub(super) fn row(&self) -> Row {
        let ready = self.ready.load(Memory::Relaxed) && self.flaw().is_none();
        let order = self.order.now();
        Row {
            node: self.settings.node.clone(),
            tree: self.own_tree.clone(),
            version: self.settings.version.clone(),
            format: self.settings.formats.reads,
            folded: order.tip.seq,
            followed: self.followed.load(Memory::Acquire),
            chain: hex(&order.chain),
            at_ms: self.now_ms(),
            ready,
            peer: self.settings.peer.clone(),
            start: self.start.clone(),
            files: self.files.own_hash(),
        }
    }

    /// Waits until all live nodes have folded that many changes, or, of a `planned` one,
    /// until whatever follows it has caught up there; how many have, and how many there
    /// are.
    pub(super) async fn confirm(
        &self,
        (seq, planned): (u64, bool),
        within: Duration,
    ) -> (u32, u32) {
        let counted = || {
            let others = self.rows.others(&self.settings.node, LIVES);
            let up_to = |row: &&Row| if planned { row.followed } else { row.folded } >= seq;
            let have = others.iter().filter(up_to).count();
            let own = usize::from(*self.folded.borrow() >= seq);
            (have + own, others.len() + 1)
        };
        let all = async {
            loop {
                let moved = self.rows.moved.notified();
                let (have, of) = counted();
                if have >= of {
                    return;
                }
                moved.await;
            }
        };
        // Who is late is counted below.
        let _ = tokio::time::timeout(within, all).await;
        let (have, of) = counted();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (number(have), number(of))
    }

    /// A change took that long until every live node had it.
    pub(super) fn propagated(&self, took: Duration) {
        let mut known = self
            .propagation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let seconds = took.as_secs_f64();
        let place = PROPAGATION_BOUNDS_S.partition_point(|bound| *bound < seconds);
        if let Some(count) = known.counts.get_mut(place) {
            *count += 1;
        }
        known.sum += took;
    }

    /// How long changes took: counts by bound, and seconds in all.
    pub(super) fn propagation(&self) -> (Vec<u64>, f64) {
        let known = self
            .propagation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        (known.counts.to_vec(), known.sum.as_secs_f64())
    }
}
