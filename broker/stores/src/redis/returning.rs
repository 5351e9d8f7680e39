//! Comes to the log, at a start and whenever Redis was away: what it lost is put back
//! from the journals of the nodes before any of them serves, and a log that is
//! another than the journal stops the node.

use super::change_entry::LoggedChange;
use super::cluster::Cluster;
use super::link::ANSWERED_WITHIN;
use super::reading::{bytes, pause};
use super::shipping::another_process;
use super::{founding, keys, scripts};
use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use redis::{FromRedisValue, cmd};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// How long the nodes wait for one that lived when the log was seen last, in
/// milliseconds: a node serves within 5 s of Redis' return.
const BACK_WITHIN_MS: i64 = 3_500;
/// Changes that are put back at once.
const BATCH: u64 = 64;

type Arrived = (i64, u64, u64, String, i64, String);

/// A connection on which the log is looked at.
struct Look<'a> {
    cluster: &'a Cluster,
    connection: MultiplexedConnection,
    run: String,
}

/// Comes to the log: when this returns it is whole and this node's own. `expected`:
/// the other nodes that lived when the log was seen last; `None` at a start.
///
/// # Errors
/// Why it is not, for now.
pub(super) async fn arrive(
    cluster: &Cluster,
    expected: Option<&BTreeSet<String>>,
) -> Result<(), String> {
    let connected = cluster.link.connect(ANSWERED_WITHIN).await;
    let (connection, info) = connected.map_err(|flaw| flaw.to_string())?;
    let mut look = Look {
        cluster,
        connection,
        run: info.run,
    };
    // Nothing is answered until it is known that nothing is missing.
    if !cluster.runs_as(&look.run) {
        cluster.whole.store(false, Ordering::Release);
    }
    loop {
        let (found, seq, _, whole, since_ms, lost) = look.arrived().await?;
        if found == 0 {
            cluster.whole.store(false, Ordering::Release);
            tracing::error!("the change log is gone from Redis: it is put back from the journal");
            look.found_again().await?;
            continue;
        }
        cluster
            .lost_ms
            .fetch_max(lost.parse().unwrap_or(0), Ordering::Relaxed);
        look.is_ours().await?;
        let mine = cluster.order.now().tip.seq;
        look.is_no_fork(seq.min(mine)).await?;
        if seq < mine {
            cluster.whole.store(false, Ordering::Release);
            look.put_back((seq, mine), whole == "2").await?;
            continue;
        }
        if whole == "1" {
            break;
        }
        cluster.whole.store(false, Ordering::Release);
        look.become_whole((whole == "2", since_ms), expected)
            .await?;
    }
    cluster.flaws().waiting = None;
    cluster.flaws().fork = None;
    look.owns_its_tree(expected.is_none()).await?;
    look.tell_of_our_tree().await?;
    if cluster.flaws().history.is_none() {
        cluster.serves(&look.run);
    }
    Ok(())
}

impl Look<'_> {
    async fn ask<T: FromRedisValue>(&mut self, command: redis::Cmd) -> Result<T, String> {
        let answer = command.query_async(&mut self.connection).await;
        answer.map_err(|flaw| super::link::said(&flaw))
    }

    async fn arrived(&mut self) -> Result<Arrived, String> {
        let misses = self.misses_commits().await?;
        let mine = self.cluster.order.now().tip.seq;
        let mut command = scripts::eval(scripts::ARRIVE, &[keys::head()]);
        command.arg(&self.run).arg(mine).arg(u8::from(misses));
        self.ask(command).await
    }

    /// Whether Redis has fewer of this node's commits than it once had.
    async fn misses_commits(&mut self) -> Result<bool, String> {
        let mut command = cmd("HGET");
        command
            .arg(keys::tree_head(&self.cluster.own_tree))
            .arg("next");
        let next: Option<u64> = self.ask(command).await?;
        let shipped = self.cluster.shipped.load(Ordering::Relaxed);
        let misses = next.unwrap_or(0) < shipped;
        if misses {
            // Told once: they are sent again.
            self.cluster
                .shipped
                .store(next.unwrap_or(0), Ordering::Relaxed);
        }
        Ok(misses)
    }

    async fn found_again(&mut self) -> Result<(), String> {
        let found = founding::Founding {
            tree: &self.cluster.tree,
            own_tree: &self.cluster.own_tree,
            issuer: &self.cluster.settings.issuer,
            sealing: &*self.cluster.world.sealing,
        };
        let command = found.command(&self.run, true)?;
        let _: i64 = self.ask(command).await?;
        Ok(())
    }

    /// The log is of our tree, issuer and master key.
    async fn is_ours(&mut self) -> Result<(), String> {
        let mut command = cmd("HMGET");
        command.arg(keys::head()).arg("tree").arg("of");
        let (tree, of): (Option<String>, Option<Vec<u8>>) = self.ask(command).await?;
        let ours = &self.cluster.tree;
        let found = founding::LogOf::open(&of.unwrap_or_default(), &*self.cluster.world.sealing);
        let flaw = match (&tree, found) {
            (Some(tree), Some(of)) if tree == ours && of.tree == *ours => return Ok(()),
            (Some(tree), _) => format!(
                "expected the change log `{ours}` in Redis, found `{tree}`: the nodes of one issuer share one; put the Redis back that they shared, or give this node an empty folder"
            ),
            (None, _) => return Err("the change log is gone from Redis".into()),
        };
        self.cluster.forked(flaw.clone());
        Err(flaw)
    }

    /// What the log has at that place, the newest that both have, is what our journal has.
    async fn is_no_fork(&mut self, mine: u64) -> Result<(), String> {
        let Some(index) = mine.checked_sub(1) else {
            return Ok(());
        };
        let mut command = cmd("XRANGE");
        let id = format!("{mine}-0");
        command.arg(keys::log()).arg(&id).arg(&id);
        let reply: StreamRangeReply = self.ask(command).await?;
        let entry = reply.ids.first();
        let sealed = entry.and_then(|entry| bytes(entry, "d"));
        let found = sealed.map(|sealed| {
            LoggedChange::open(
                sealed,
                &*self.cluster.world.sealing,
                self.cluster.settings.formats,
            )
        });
        let known = self.cluster.journal.reader().get(index);
        let known = known.map_err(|e| format!("the journal of changes: {e}"))?;
        let same = match (&found, &known) {
            (Some(Ok(found)), Some(known)) => {
                found.id() == known.salt && *found.draft.value() == known.body
            }
            (None, _) => return Err("the log in Redis has a hole at our newest change".into()),
            (Some(_), _) => false,
        };
        if same {
            return Ok(());
        }
        let flaw = format!(
            "change {mine} of the log in Redis is another than in this node's journal: two histories were made, and no node may guess; decide for one, see docs/how-to/many-nodes.md, \"Two histories\""
        );
        self.cluster.forked(flaw.clone());
        Err(flaw)
    }

    /// Puts into the log what it lost, or, of one that is founded, what there is.
    async fn put_back(&mut self, (seq, mine): (u64, u64), founding: bool) -> Result<(), String> {
        let (from, to) = (seq + 1, mine);
        if founding {
            tracing::info!(from, to, "the change log is filled from the journal");
        } else {
            tracing::warn!(
                from,
                to,
                "changes that Redis lost are put back from the journal"
            );
        }
        let mut at = seq;
        while at < mine {
            let until = mine.min(at + BATCH);
            let mut command = scripts::eval(scripts::REPUBLISH, &[keys::head(), keys::log()]);
            command.arg(&self.cluster.tree).arg(at + 1);
            for index in at..until {
                let entry = self.cluster.journal.reader().get(index);
                let entry = entry.map_err(|e| format!("the journal of changes: {e}"))?;
                let entry = entry.ok_or("the journal of changes ends early")?;
                let change = LoggedChange::of(entry);
                let sealed =
                    change.seal(&*self.cluster.world.sealing, self.cluster.settings.formats)?;
                command.arg(u8::from(change.after().is_some())).arg(sealed);
            }
            let now: i64 = self.ask(command).await?;
            let now = u64::try_from(now).map_err(|_| "another log took the place of ours")?;
            if now < until {
                // Others put something there meanwhile: it is looked at first.
                return Ok(());
            }
            if !founding {
                let added = until - at;
                self.cluster.republished.fetch_add(added, Ordering::Relaxed);
            }
            at = until;
        }
        Ok(())
    }

    /// Uses of grants that are on record here count again, those of nodes that are gone
    /// among them.
    async fn put_uses_back(&mut self) -> Result<(), String> {
        let now_ms = self.cluster.now_ms();
        let uses = self.cluster.state.counted_uses(now_ms / 1_000);
        for chunk in uses.chunks(256) {
            let mut all = redis::pipe();
            for (grant, tree, count, until_s) in chunk {
                let left_ms = (until_s * 1_000).saturating_sub(now_ms).max(1);
                let mut command = scripts::eval(scripts::USED, &[keys::uses(&grant.to_string())]);
                let tree = tree.as_ref().unwrap_or(&self.cluster.own_tree);
                command.arg(tree).arg(count).arg(left_ms);
                all.add_command(command).ignore();
            }
            let done: Result<(), _> = all.query_async(&mut self.connection).await;
            done.map_err(|flaw| super::link::said(&flaw))?;
        }
        Ok(())
    }

    /// One step to a whole log: its founder has filled it, or all that lived are back.
    async fn become_whole(
        &mut self,
        (founding, since_ms): (bool, i64),
        expected: Option<&BTreeSet<String>>,
    ) -> Result<(), String> {
        let waits = if founding {
            if self.is_founder().await? {
                return self.is_whole().await;
            }
            "another node fills the Redis with its record"
        } else {
            self.put_uses_back().await?;
            self.is_back().await?;
            if since_ms >= BACK_WITHIN_MS || self.all_are_back(expected).await? {
                return self.is_whole().await;
            }
            "the nodes put back what Redis may have lost"
        };
        self.cluster.flaws().waiting = Some(waits.into());
        pause().await;
        Ok(())
    }

    async fn is_founder(&mut self) -> Result<bool, String> {
        let mut command = cmd("HGET");
        command.arg(keys::head()).arg("by");
        let by: Option<String> = self.ask(command).await?;
        Ok(by.as_deref() == Some(&self.cluster.own_tree))
    }

    async fn is_back(&mut self) -> Result<(), String> {
        let mut command = cmd("HSET");
        command
            .arg(keys::back())
            .arg(&self.cluster.settings.node)
            .arg(&self.run);
        let _: i64 = self.ask(command).await?;
        Ok(())
    }

    async fn all_are_back(&mut self, expected: Option<&BTreeSet<String>>) -> Result<bool, String> {
        let Some(expected) = expected else {
            // Who has just started knows nobody: it waits for all that may be there.
            return Ok(false);
        };
        let mut command = cmd("HGETALL");
        command.arg(keys::back());
        let back: BTreeMap<String, String> = self.ask(command).await?;
        let is = |node: &String| back.get(node) == Some(&self.run);
        Ok(expected.iter().all(is))
    }

    /// The tree of this node's decisions is written by this process: by the one that
    /// started last, where two have a copy of the folder.
    async fn owns_its_tree(&mut self, starts: bool) -> Result<(), String> {
        let tree = self.cluster.own_tree.clone();
        let mut command = scripts::eval(scripts::OWN, &[keys::tree_head(&tree)]);
        command.arg(&self.cluster.start).arg(u8::from(starts));
        let owns: i64 = self.ask(command).await?;
        if owns == 1 {
            return Ok(());
        }
        let flaw = another_process(&tree);
        self.cluster.forked(flaw.clone());
        Err(flaw)
    }

    /// Whoever joins learns of the decisions of this node.
    async fn tell_of_our_tree(&mut self) -> Result<(), String> {
        let cluster = self.cluster;
        let place = keys::tree_place(&cluster.own_tree);
        let name = cluster.settings.node.as_bytes();
        let sealed = cluster.world.sealing.seal(name, &place)?;
        let mut command = cmd("HSET");
        command
            .arg(keys::trees())
            .arg(&cluster.own_tree)
            .arg(sealed);
        let _: i64 = self.ask(command).await?;
        Ok(())
    }

    async fn is_whole(&mut self) -> Result<(), String> {
        let mut command = scripts::eval(scripts::WHOLE, &[keys::head()]);
        command.arg(&self.cluster.tree).arg(&self.run);
        let _: i64 = self.ask(command).await?;
        Ok(())
    }
}
