//! Changes of many nodes: a script gives each its place.

use super::change_entry::LoggedChange;
use super::cluster::{Cluster, Folded};
use super::lane::NoAnswer;
use super::rows::instant;
use super::{keys, scripts};
use crate::Coming;
use crate::changes::{Changes, Confirmed, Expect, Follow, NotOrdered, Ordered, Turn};
use crate::ledger::{AppendError, Reader};
use locum_core::jcs::hex;
use locum_core::record::Draft;
use redis::cmd;
use std::future::ready;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long the turn of a node that died lasts, in milliseconds. A node that lives
/// keeps it for as long as it plans.
const TURN_MS: u64 = 1_500;
/// How often a node that plans says so.
const TURN_KEPT_EVERY: Duration = Duration::from_millis(500);
/// How often the turn is asked for again where Redis does not answer.
const TURN_TRIES: usize = 3;
/// Longest wait for the turn.
const TURN_WITHIN: Duration = Duration::from_millis(4_500);
/// How often the turn is asked for.
const TURN_EVERY: Duration = Duration::from_millis(4);
/// Longest wait for a change to be folded here once it has its place (contract §16:
/// no request waits over 2 s for Redis).
const FOLDED_WITHIN: Duration = Duration::from_millis(1_900);

/// Changes over a Redis.
pub(super) struct RedisChanges(pub(super) Arc<Cluster>);

type Placed = (i64, u64, u64);

fn refused(text: impl Into<String>) -> NotOrdered {
    NotOrdered::Refused(AppendError::Unavailable(text.into()))
}

impl Changes for RedisChanges {
    fn head(&self) -> Coming<'_, u64> {
        Box::pin(ready(self.0.order.now().tip.planned))
    }

    fn turn(&self) -> Coming<'_, Result<Turn, NotOrdered>> {
        let cluster = self.0.clone();
        Box::pin(async move {
            let late = |_| refused("expected the turn to change, found that another node has it");
            let turn = timeout(TURN_WITHIN, take_turn(&cluster, keys::turn()));
            let turn = turn.await.map_err(late)??;
            catch_up(&cluster).await?;
            Ok(turn)
        })
    }

    fn append(
        &self,
        expect: Expect,
        draft: Arc<Draft>,
    ) -> Coming<'static, Result<Ordered, NotOrdered>> {
        let cluster = self.0.clone();
        Box::pin(async move { append(&cluster, expect, &draft).await })
    }

    fn follow(&self, follow: Follow) {
        let followers = self.0.followers.lock();
        followers
            .unwrap_or_else(PoisonError::into_inner)
            .push(follow);
    }

    fn fresh(&self) -> bool {
        self.0.is_fresh()
    }

    fn confirm(&self, index: u64, within: Duration) -> Coming<'_, Confirmed> {
        Box::pin(async move {
            let (replicas, of) = self.0.confirm((index + 1, false), within).await;
            Confirmed { replicas, of }
        })
    }

    fn reader(&self) -> Reader {
        self.0.journal.reader()
    }

    fn in_force(&self, index: u64) -> bool {
        !self.0.order.now().is_void(index)
    }
}

/// Takes a lease, and keeps it until the answer is dropped.
pub(super) async fn take_turn(cluster: &Arc<Cluster>, key: String) -> Result<Turn, NotOrdered> {
    let mine = hex(&cluster.random());
    let mut tries = 0;
    loop {
        let mut command = cmd("SET");
        command.arg(&key).arg(&mine);
        command.arg("NX").arg("PX").arg(TURN_MS);
        let taken: Result<Option<String>, _> = cluster.commands.run(command).await;
        match taken {
            Ok(Some(_)) => break,
            Ok(None) => {}
            // A connection shows that it has ended when it is used: what is ours may be
            // asked for again.
            Err(flaw) => {
                tries += 1;
                if tries == TURN_TRIES {
                    return Err(refused(flaw.to_string()));
                }
            }
        }
        wait().await;
    }
    let (ends, ended) = oneshot::channel::<()>();
    tokio::spawn(keep_turn(cluster.clone(), (key, mine), ended));
    Ok(Turn::given_back_by(move || drop(ends)))
}

/// Keeps the turn until it is given back.
async fn keep_turn(
    cluster: Arc<Cluster>,
    (key, mine): (String, String),
    mut ended: oneshot::Receiver<()>,
) {
    while timeout(TURN_KEPT_EVERY, &mut ended).await.is_err() {
        let mut command = scripts::eval(scripts::KEEP, std::slice::from_ref(&key));
        command.arg(&mine).arg(TURN_MS);
        // Where that fails the turn ends, and a change of it finds that another came first.
        let _: Result<i64, _> = cluster.commands.run(command).await;
    }
    let mut command = scripts::eval(scripts::GIVE_BACK, &[key]);
    command.arg(&mine);
    let _: Result<i64, _> = cluster.commands.run(command).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "a lease tells nobody that it has ended"
)]
async fn wait() {
    tokio::time::sleep(TURN_EVERY).await;
}

/// Waits until everything that is in the log now is folded here.
pub(super) async fn catch_up(cluster: &Cluster) -> Result<(), NotOrdered> {
    let mut command = cmd("HMGET");
    command.arg(keys::head()).arg("seq").arg("planned");
    let head: Result<(Option<u64>, Option<u64>), _> = cluster.commands.run(command).await;
    let (seq, planned) = head.map_err(|flaw| refused(flaw.to_string()))?;
    let seq = seq.ok_or_else(|| refused("the change log is gone from Redis"))?;
    let mut folded = cluster.folded.subscribe();
    let all = folded.wait_for(|now| *now >= seq);
    let late = |_| refused("expected the changes of now to be folded, found some that wait");
    let all = timeout(FOLDED_WITHIN, all).await.map_err(late)?;
    all.map(|_| ()).map_err(|_| refused("the node ends"))?;
    let ours = {
        let order = cluster.order.now();
        (order.tip.seq == seq).then_some(order.tip.planned)
    };
    if let Some(ours) = ours.filter(|ours| planned != Some(*ours)) {
        // Whoever wrote into Redis by hand changed the number that a change is planned on.
        let mut command = scripts::eval(scripts::PLANNED, &[keys::head()]);
        command.arg(seq).arg(ours);
        let set: Result<i64, _> = cluster.commands.run(command).await;
        set.map_err(|flaw| refused(flaw.to_string()))?;
    }
    Ok(())
}

async fn append(cluster: &Cluster, expect: Expect, draft: &Draft) -> Result<Ordered, NotOrdered> {
    if let Some(stale) = cluster.stale() {
        return Err(refused(stale));
    }
    let began = instant();
    let (change, expected) = drafted(cluster, expect, draft)?;
    cluster.journal.fits(&change.draft)?;
    let formats = cluster.settings.formats;
    let needed = formats.needed(&change.draft);
    if let Some((node, reads)) = cluster.rows.older_than(needed, &cluster.settings.node) {
        return Err(NotOrdered::TooNew {
            needed,
            node,
            reads,
        });
    }
    let sealed = change
        .seal(&*cluster.world.sealing, formats)
        .map_err(refused)?;
    let id = change.id();
    let told = cluster.expect(id);
    let placed = place(cluster, (&change, expected), sealed).await;
    let unsure = match placed {
        Ok(unsure) => unsure,
        Err(flaw) => {
            cluster.expect_no_more(&id);
            return Err(flaw);
        }
    };
    let folded = wait_for(told, FOLDED_WITHIN.saturating_sub(began.elapsed())).await;
    cluster.expect_no_more(&id);
    match (folded, unsure) {
        (Some(Folded { void: true, .. }), _) => Err(NotOrdered::NotInForce),
        (Some(Folded { mut ordered, .. }), None) => {
            // Whoever planned it saw no other that was planned meanwhile.
            if let Some(expected) = expected {
                ordered.head = expected + 1;
            }
            let seq = ordered.appended.place.index + 1;
            let planned = expected.is_some();
            let within = cluster.settings.confirm;
            let (have, of) = cluster.confirm((seq, planned), within).await;
            if have == of {
                cluster.propagated(began.elapsed());
            }
            Ok(ordered)
        }
        (_, Some(unsure)) => Err(NotOrdered::Unknown(unsure)),
        (None, None) => {
            let text = "it has its place, and is not folded here in time";
            Err(NotOrdered::Unknown(text.into()))
        }
    }
}

/// The change as it will lie in the log, and how many planned ones it rests on.
fn drafted(
    cluster: &Cluster,
    expect: Expect,
    draft: &Draft,
) -> Result<(LoggedChange, Option<u64>), NotOrdered> {
    // Never behind the one before, whose author's clock may have been ahead.
    let at_ms = cluster.now_ms().max(cluster.order.now().tip.time_ms);
    match expect {
        Expect::Any => Ok((LoggedChange::new(draft, None, at_ms), None)),
        Expect::At(expected) => {
            let order = cluster.order.now();
            let found = order.tip.planned;
            if found != expected {
                return Err(NotOrdered::Moved { expected, found });
            }
            let change = LoggedChange::new(draft, Some(&order.tip.last), at_ms);
            Ok((change, Some(expected)))
        }
    }
}

/// Gives a change its place. Why it is not sure that it has one, or that replicas
/// have it: `None` where it is.
async fn place(
    cluster: &Cluster,
    (change, expected): (&LoggedChange, Option<u64>),
    sealed: Vec<u8>,
) -> Result<Option<String>, NotOrdered> {
    let mut command = scripts::eval(scripts::CHANGE, &[keys::head(), keys::log()]);
    command.arg(&cluster.tree);
    command.arg(expected.map_or(String::new(), |planned| planned.to_string()));
    command.arg(u8::from(change.after().is_some())).arg(sealed);
    let placed = cluster
        .acked
        .run_acked::<Placed>(command, cluster.min_replicas());
    let (placed, unsure) = match placed.await {
        Ok((placed, _)) => (placed, None),
        Err((NoAnswer::NotDone(text), _)) => return Err(refused(text)),
        Err((flaw, Some(placed))) => (placed, Some(flaw.to_string())),
        Err((flaw, None)) => return Ok(Some(flaw.to_string())),
    };
    match placed {
        (1, ..) => Ok(unsure),
        (0, _, found) => Err(NotOrdered::Moved {
            expected: expected.unwrap_or_default(),
            found,
        }),
        _ => {
            cluster.again.notify_one();
            Err(refused("the change log in Redis is being put back"))
        }
    }
}

async fn wait_for(told: oneshot::Receiver<Folded>, within: Duration) -> Option<Folded> {
    timeout(within, told).await.ok()?.ok()
}
