//! What is handed out and must end is revoked at its vendor: when it was revoked
//! or locked here, and at the permit's end where it would live on. It is tried
//! until the vendor confirms it or the credential has expired (contract §15).

use super::ending::{Tried, end};
use super::handle;
use super::queue::{Due, Queue, Tries};
use super::refreshing;
use crate::broker::Broker;
use locum_core::decide::{Leftover, VendorRevocation, never_known, vendor_revocation};
use locum_core::ids::{AgentId, Jti, TargetId, VersionId};
use locum_core::standing::{Standing, World};
use locum_stores::state::{Awaiting, HandedOutEntry, State};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::timeout;

/// How often what ends by time alone is looked for.
const EVERY: Duration = Duration::from_secs(1);
/// All that was handed out is looked at after a change, and once in so many
/// rounds: an agent's certification ends without one.
const ALL_EVERY: u32 = 10;

/// Closes permits of which an earlier process knew the outcome, or nobody.
///
/// # Errors
/// [`crate::unavailable::Unavailable`] when it cannot be recorded.
pub async fn settle(broker: &Broker) -> Result<usize, crate::unavailable::Unavailable> {
    let open: Vec<(Jti, Leftover)> = {
        let state = broker.records.state.read();
        let open = state.handed.open();
        open.map(|(jti, of)| (jti, lost(broker, &state, jti, of)))
            .collect()
    };
    for (jti, leftover) in &open {
        let draft = never_known(*jti, leftover, broker.records.random.bytes());
        broker.records.append(draft).await?;
    }
    Ok(open.len())
}

/// Closes permits of nodes that are gone, to which this one sees.
async fn settle_orphaned(broker: &Broker) -> Result<(), crate::unavailable::Unavailable> {
    let open: Vec<(Jti, Leftover)> = {
        let state = broker.records.state.read();
        let open = state.orphaned();
        open.map(|(jti, of)| (jti, lost(broker, &state, jti, of)))
            .collect()
    };
    for (jti, leftover) in &open {
        let draft = never_known(*jti, leftover, broker.records.random.bytes());
        broker.records.append(draft).await?;
    }
    Ok(())
}

/// What there may be under a permit of an earlier process.
fn lost(broker: &Broker, state: &State, jti: Jti, of: &Awaiting) -> Leftover {
    let target = state.registry.target(of.parties.target.as_str());
    let permit_s = of.permit_ends_s.saturating_sub(jti.ms() / 1_000);
    let permit_s = u32::try_from(permit_s).unwrap_or(u32::MAX);
    let now_s = broker.records.clock.now_s();
    Leftover {
        expires_s: target.and_then(|target| broker.vendors.ends_s(&target.spec, permit_s, now_s)),
        handle: None,
    }
}

/// Puts on record what could not be recorded before. What is on record after all is
/// nobody's: its request was not answered.
async fn write_on(broker: &Broker, tries: &Tries, queue: &mut Queue) {
    refreshing::settle_all(broker).await;
    let now_s = broker.records.clock.now_s();
    for (jti, leftover) in broker.vendors.unwritten() {
        let (open, live) = {
            let state = broker.records.state.read();
            let live = state.handed_under(jti).cloned();
            (state.handed.is_open(jti), live)
        };
        if open {
            let draft = never_known(jti, &leftover, broker.records.random.bytes());
            if broker.records.append(draft).await.is_err() {
                // The ledger takes none, or is slow: the others can wait as well.
                return;
            }
            broker.vendors.stirred.notify_one();
            continue;
        }
        match live {
            Some(entry) if entry.revocable && entry.revocation.is_none() => {
                let target = entry.of.parties.target.clone();
                if tries.may(jti, now_s) && !queue.has(jti) {
                    queue.put(Due {
                        jti,
                        target,
                        has_ended: false,
                    });
                }
            }
            _ => broker.vendors.written(jti),
        }
    }
}

/// Whether a credential has to be revoked at its vendor: it was handed out and is
/// not to be used any more, or nobody ever got it.
#[must_use]
pub fn is_due(world: &World<'_>, entry: &HandedOutEntry) -> bool {
    let over = world.now_ms / 1000 >= entry.of.permit_ends_s && entry.lives_on();
    let nobodys = entry.fingerprint.is_none();
    let due = nobodys || over || !stands(world, entry);
    entry.revocable && entry.revocation.is_none() && due
}

/// Whether what it descends from stands.
#[must_use]
pub fn stands(world: &World<'_>, entry: &HandedOutEntry) -> bool {
    let agents = entry.of.parties.agents.iter();
    let agents: Vec<(AgentId, Option<VersionId>)> = agents.map(|id| (id.clone(), None)).collect();
    world.standing(&entry.of.lineage(), &agents) == Standing::Live
}

/// What the worker wakes up for.
enum Woken {
    /// Something changed.
    Stirred,
    /// A try ended.
    Ended(Result<(Id, Option<VendorRevocation>), JoinError>),
}

/// Revokes what has to be, for as long as the broker lives.
pub async fn run(broker: Arc<Broker>) {
    let mut tries = Tries::default();
    let mut queue = Queue::default();
    let mut tasks: JoinSet<Option<VendorRevocation>> = JoinSet::new();
    let mut tried_by: HashMap<Id, (Jti, TargetId)> = HashMap::new();
    let mut round: u32 = 0;
    loop {
        let woken = async {
            tokio::select! {
                () = broker.vendors.stirred.notified() => Woken::Stirred,
                Some(ended) = tasks.join_next_with_id() => Woken::Ended(ended),
            }
        };
        match timeout(EVERY, woken).await {
            Ok(Woken::Ended(ended)) => {
                // One that panicked is tried again.
                let (id, ended) = ended.unwrap_or_else(|flaw| (flaw.id(), None));
                if let Some((jti, target)) = tried_by.remove(&id) {
                    after(&broker, &mut tries, jti, ended).await;
                    queue.ended(jti, &target);
                }
            }
            woken => {
                round = round.wrapping_add(1);
                let all = woken.is_ok() || round.is_multiple_of(ALL_EVERY);
                write_on(&broker, &tries, &mut queue).await;
                if let Err(flaw) = settle_orphaned(&broker).await {
                    tracing::warn!(%flaw, "what a node left open that is gone is not on record yet");
                }
                look(&broker, all, &mut tries, &mut queue).await;
            }
        }
        while let Some(Due { jti, target, .. }) = queue.next() {
            let (with, at) = (broker.clone(), target.clone());
            let task = tasks.spawn(async move { tried(&with, jti, &at).await });
            tried_by.insert(task.id(), (jti, target));
        }
    }
}

/// Puts what has to be revoked now into the queue, and on record of what expired
/// that nobody confirmed it.
async fn look(broker: &Broker, all: bool, tries: &mut Tries, queue: &mut Queue) {
    let due = {
        let state = broker.records.state.read();
        due(broker, &state, (all, tries))
    };
    let now_s = broker.records.clock.now_s();
    for one in due {
        if !tries.may(one.jti, now_s) || queue.has(one.jti) {
            continue;
        }
        if one.has_ended {
            after(broker, tries, one.jti, Some(VendorRevocation::Failed)).await;
        } else {
            queue.put(one);
        }
    }
    expired(broker, tries).await;
}

/// What has to be revoked: of everything, or else of what ends by time alone and
/// of what was tried before.
fn due(broker: &Broker, state: &State, (all, tries): (bool, &Tries)) -> Vec<Due> {
    let world = broker.records.world(state);
    let now_s = world.now_ms / 1000;
    let as_due = |(jti, entry): (Jti, &Arc<HandedOutEntry>)| {
        is_due(&world, entry).then(|| Due {
            jti,
            target: entry.of.parties.target.clone(),
            has_ended: entry.expires_s.is_some_and(|end_s| end_s <= now_s),
        })
    };
    if all {
        return state.handed_to_see_to().filter_map(as_due).collect();
    }
    let over = state.permit_over(now_s);
    let over = over.filter(|(jti, _)| !tries.has(*jti));
    let tried = tries.all();
    let tried = tried.filter_map(|jti| state.handed_under(jti).map(|entry| (jti, entry)));
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
            tries.over(jti);
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
        let gone = tries.all().filter(|jti| state.handed_under(*jti).is_none());
        gone.collect()
    };
    for jti in gone {
        after(broker, tries, jti, Some(VendorRevocation::Failed)).await;
    }
}
