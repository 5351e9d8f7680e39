//! What is handed out and must end is revoked at its vendor: when it was revoked
//! or locked here, and at the permit's end where it would live on. It is tried
//! until the vendor confirms it or the credential has expired (contract §15).

use super::ending::{Tried, end};
use super::handle;
use crate::broker::Broker;
use locum_core::decide::{VendorRevocation, never_known, vendor_revocation};
use locum_core::ids::{AgentId, Jti, TargetId, VersionId};
use locum_core::standing::{Standing, World};
use locum_stores::state::{HandedOutEntry, State};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How often what ends by time alone is looked for.
const EVERY: Duration = Duration::from_secs(1);
/// All that was handed out is looked at after a change, and once in so many
/// rounds: an agent's certification ends without one.
const ALL_EVERY: u32 = 10;
/// Most revocations under way at one time.
const AT_ONCE: usize = 64;
/// Longest pause between two tries, in seconds.
const PAUSE_MAX_S: u64 = 60;

/// A credential that has to be revoked.
struct Due {
    jti: Jti,
    target: TargetId,
    /// It has expired, and its vendor never confirmed that it is revoked.
    has_ended: bool,
}

/// What the worker wakes up for.
enum Woken {
    /// Something changed.
    Stirred,
    /// A try ended; `None`: it panicked, and is made anew.
    Ended(Option<(Jti, Option<VendorRevocation>)>),
}

/// Tries that brought nothing so far.
#[derive(Default)]
struct Tries {
    of: HashMap<Jti, (u32, u64)>,
}

impl Tries {
    fn may(&self, jti: Jti, now_s: u64) -> bool {
        self.of.get(&jti).is_none_or(|(_, next_s)| *next_s <= now_s)
    }

    fn failed(&mut self, jti: Jti, now_s: u64) {
        let (count, next_s) = self.of.entry(jti).or_insert((0, 0));
        let pause_s = 1_u64.checked_shl(*count).unwrap_or(PAUSE_MAX_S);
        *count = count.saturating_add(1);
        *next_s = now_s.saturating_add(pause_s.min(PAUSE_MAX_S));
    }
}

/// Closes permits of which an earlier process knew the outcome, or nobody.
///
/// # Errors
/// [`crate::unavailable::Unavailable`] when it cannot be recorded.
pub async fn settle(broker: &Broker) -> Result<usize, crate::unavailable::Unavailable> {
    let open: Vec<Jti> = {
        let state = broker.records.state.read();
        state.handed.open().map(|(jti, _)| jti).collect()
    };
    for jti in &open {
        let draft = never_known(*jti, broker.records.random.bytes());
        broker.records.append(draft).await?;
    }
    Ok(open.len())
}

/// Whether a credential has to be revoked at its vendor: it was handed out and is
/// not to be used any more, or nobody ever got it.
#[must_use]
pub fn is_due(world: &World<'_>, entry: &HandedOutEntry) -> bool {
    let over = world.now_ms / 1000 >= entry.of.permit_ends_s;
    let nobodys = entry.fingerprint.is_none();
    let due = nobodys || over || !stands(world, entry);
    entry.revocable && entry.revocation.is_none() && due
}

/// Whether what it descends from stands.
#[must_use]
pub fn stands(world: &World<'_>, entry: &HandedOutEntry) -> bool {
    let agents = entry.of.agents.iter();
    let agents: Vec<(AgentId, Option<VersionId>)> = agents.map(|id| (id.clone(), None)).collect();
    world.standing(&entry.of.lineage(), &agents) == Standing::Live
}

/// Revokes what has to be, for as long as the broker lives.
pub async fn run(broker: Arc<Broker>) {
    let mut tries = Tries::default();
    let mut under_way: HashSet<Jti> = HashSet::new();
    let mut tasks: JoinSet<(Jti, Option<VendorRevocation>)> = JoinSet::new();
    let mut round: u32 = 0;
    loop {
        let stirred = {
            let woken = async {
                tokio::select! {
                    () = broker.vendors.stirred.notified() => Woken::Stirred,
                    Some(ended) = tasks.join_next() => Woken::Ended(ended.ok()),
                }
            };
            timeout(EVERY, woken).await
        };
        let stirred = match stirred {
            Ok(Woken::Stirred) => true,
            Ok(Woken::Ended(ended)) => {
                if let Some((jti, ended)) = ended {
                    after(&broker, &mut tries, jti, ended).await;
                    under_way.remove(&jti);
                }
                continue;
            }
            Err(_) => false,
        };
        round = round.wrapping_add(1);
        let all = stirred || round.is_multiple_of(ALL_EVERY);
        let due = {
            let state = broker.records.state.read();
            due(&broker, &state, (all, &tries))
        };
        let now_s = broker.records.clock.now_s();
        for Due {
            jti,
            target,
            has_ended,
        } in due
        {
            if !tries.may(jti, now_s) || under_way.contains(&jti) {
                continue;
            }
            if has_ended {
                after(&broker, &mut tries, jti, Some(VendorRevocation::Failed)).await;
            } else if tasks.len() < AT_ONCE {
                under_way.insert(jti);
                let broker = broker.clone();
                tasks.spawn(async move { (jti, tried(&broker, jti, &target).await) });
            }
        }
        expired(&broker, &mut tries).await;
    }
}

/// What has to be revoked: of everything, or else of what ends by time alone and
/// of what was tried before.
fn due(broker: &Broker, state: &State, (all, tries): (bool, &Tries)) -> Vec<Due> {
    let world = broker.records.world(state);
    let now_s = world.now_ms / 1000;
    let as_due = |(jti, entry): (Jti, &Arc<HandedOutEntry>)| {
        is_due(&world, entry).then(|| Due {
            jti,
            target: entry.of.target.clone(),
            has_ended: entry.expires_s.is_some_and(|end_s| end_s <= now_s),
        })
    };
    if all {
        return state.handed.live().filter_map(as_due).collect();
    }
    let over = state.handed.permit_over(now_s);
    let over = over.filter(|(jti, _)| !tries.of.contains_key(jti));
    let tried = tries.of.keys();
    let tried = tried.filter_map(|jti| state.handed.get(*jti).map(|entry| (*jti, entry)));
    over.chain(tried).filter_map(as_due).collect()
}

/// One try; `None`: it has to be tried again.
async fn tried(broker: &Broker, jti: Jti, target: &TargetId) -> Option<VendorRevocation> {
    let known = {
        let state = broker.records.state.read();
        state.registry.target(target.as_str()).cloned()
    };
    let Some(known) = known else {
        tracing::error!(%target, %jti, "a credential is not revoked: its target is gone");
        return Some(VendorRevocation::Failed);
    };
    let handle = match handle::of(broker, jti).await {
        Ok(Some(handle)) => handle,
        Ok(None) => {
            tracing::error!(%target, %jti, "a credential is not revoked: what that needs was erased");
            return Some(VendorRevocation::Failed);
        }
        Err(flaw) => {
            tracing::warn!(%target, %jti, %flaw, "a credential is not revoked yet");
            return None;
        }
    };
    match end(broker, &known, handle).await {
        Tried::Over => Some(VendorRevocation::Done),
        Tried::Again(detail) => {
            tracing::warn!(%target, %jti, detail, "a credential is not revoked yet");
            None
        }
        Tried::Never(detail) => {
            tracing::error!(%target, %jti, detail, "a credential is not revoked");
            Some(VendorRevocation::Failed)
        }
    }
}

async fn after(broker: &Broker, tries: &mut Tries, jti: Jti, ended: Option<VendorRevocation>) {
    let Some(ended) = ended else {
        tries.failed(jti, broker.records.clock.now_s());
        return;
    };
    let draft = vendor_revocation(jti, ended, broker.records.random.bytes());
    match broker.records.append(draft).await {
        Ok(_) => {
            tries.of.remove(&jti);
        }
        Err(flaw) => {
            tracing::warn!(%jti, %flaw, "that a credential is revoked is not on record yet");
            tries.failed(jti, broker.records.clock.now_s());
        }
    }
}

/// What expired while it was tried was never confirmed.
async fn expired(broker: &Broker, tries: &mut Tries) {
    let gone: Vec<Jti> = {
        let state = broker.records.state.read();
        let gone = tries
            .of
            .keys()
            .filter(|jti| state.handed.get(**jti).is_none());
        gone.copied().collect()
    };
    for jti in gone {
        after(broker, tries, jti, Some(VendorRevocation::Failed)).await;
    }
}
