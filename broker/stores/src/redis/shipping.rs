//! Sends this node's decisions to Redis, commit by commit, while its disk makes them
//! durable. A commit is known by the index of its first record, so that one which is
//! sent twice is taken once. What did not arrive is sent again from the disk.

use super::cluster::Cluster;
use super::link::{ANSWERED_WITHIN, Link, said};
use super::{keys, scripts};
use crate::ledger::{Reader, Ship};
use redis::aio::MultiplexedConnection;
use redis::cmd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// Longest wait of an append for Redis (contract §16: no request waits over 2 s).
const ARRIVED_WITHIN: Duration = Duration::from_millis(1_800);
/// How often it is looked whether everything arrived.
const QUIET: Duration = Duration::from_secs(5);
/// How often what did not arrive is sent again.
const AGAIN_EVERY: Duration = Duration::from_millis(250);
/// For how long commits stay in Redis: what a token descends from is asked for at most
/// so long after it, in milliseconds.
const KEPT_MS: u64 = 3_660_000;
/// Most bytes of commits that stay in Redis.
const KEPT_BYTES: u64 = 256 << 20;

/// A commit on its way.
struct Sent {
    first: u64,
    records: u64,
    frames: Vec<u8>,
    answer: SyncSender<Result<(), String>>,
}

/// The writer's end.
pub(super) struct Shipping {
    send: UnboundedSender<Sent>,
    sent: Option<Receiver<Result<(), String>>>,
    /// Whether the last commit did not arrive: nobody waits until one does again.
    down: Arc<AtomicBool>,
}

/// The other end, until it runs.
pub(super) struct ShippingEnd {
    sent: UnboundedReceiver<Sent>,
    down: Arc<AtomicBool>,
}

/// Both ends.
pub(super) fn shipping() -> (Shipping, ShippingEnd) {
    let (send, sent) = unbounded_channel();
    let down = Arc::new(AtomicBool::new(false));
    let end = ShippingEnd {
        sent,
        down: down.clone(),
    };
    let writer = Shipping {
        send,
        sent: None,
        down,
    };
    (writer, end)
}

impl Ship for Shipping {
    fn send(&mut self, first: u64, records: u64, frames: &[u8]) {
        if self.down.load(Ordering::Relaxed) {
            self.sent = None;
            return;
        }
        let (answer, sent) = sync_channel(1);
        let commit = Sent {
            first,
            records,
            frames: frames.to_vec(),
            answer,
        };
        self.sent = self.send.send(commit).is_ok().then_some(sent);
    }

    fn arrived(&mut self) -> Result<(), String> {
        let Some(sent) = self.sent.take() else {
            return Err("Redis does not take commits now".into());
        };
        match sent.recv_timeout(ARRIVED_WITHIN) {
            Ok(arrived) => arrived,
            Err(RecvTimeoutError::Timeout) => {
                self.down.store(true, Ordering::Relaxed);
                Err("Redis did not take the commit in time".into())
            }
            Err(RecvTimeoutError::Disconnected) => Err("the node ends".into()),
        }
    }
}

/// Sends what comes for as long as the node runs.
pub(super) async fn run(cluster: Arc<Cluster>, own: Reader, mut end: ShippingEnd) {
    let mut shipper = Shipper {
        link: cluster.link.clone(),
        cluster,
        own,
        connection: None,
        next: None,
    };
    loop {
        // While nothing arrives the writer sends nothing: this end tries by itself.
        let behind = end.down.load(Ordering::Relaxed)
            || shipper.next.is_none_or(|next| next < shipper.own.len());
        let within = if behind { AGAIN_EVERY } else { QUIET };
        let coming = tokio::select! {
            coming = timeout(within, end.sent.recv()) => coming,
            () = shipper.cluster.reship.notified() => {
                shipper.connection = None;
                shipper.next = None;
                continue;
            }
        };
        let arrived = match coming {
            Ok(None) => return,
            Ok(Some(commit)) => {
                let arrived = shipper.ship(&commit).await;
                // The writer may have given up.
                let _ = commit.answer.send(arrived.clone());
                arrived
            }
            Err(_) => shipper.look().await,
        };
        match arrived {
            Err(reason) => {
                shipper.connection = None;
                if !end.down.swap(true, Ordering::Relaxed) {
                    tracing::warn!(reason, "Redis does not take commits");
                }
                let text = format!("Redis does not take this node's decisions: {reason}");
                shipper.cluster.flaws().shipping = Some(text);
            }
            Ok(()) => {
                shipper.cluster.flaws().shipping = None;
                if end.down.swap(false, Ordering::Relaxed) {
                    tracing::info!("Redis takes commits again");
                }
            }
        }
    }
}

struct Shipper {
    cluster: Arc<Cluster>,
    link: Arc<Link>,
    own: Reader,
    connection: Option<MultiplexedConnection>,
    /// The index that Redis takes next, where that is known.
    next: Option<u64>,
}

impl Shipper {
    /// Sends a commit, and what is missing before it.
    async fn ship(&mut self, commit: &Sent) -> Result<(), String> {
        let next = self.next().await?;
        if next < commit.first {
            self.ship_from_disk(commit.first).await?;
        }
        self.commit(commit.first, commit.records, &commit.frames)
            .await
    }

    /// Sends what the disk has, and looks whether the tree is still this process's.
    async fn look(&mut self) -> Result<(), String> {
        self.ship_from_disk(self.own.len()).await?;
        self.next().await?;
        let tree = &self.cluster.own_tree;
        let connection = self.connection.as_mut().ok_or("no connection")?;
        let mut command = scripts::eval(scripts::OWN, &[keys::tree_head(tree)]);
        command.arg(&self.cluster.start).arg(0);
        let owns: Result<i64, _> = command.query_async(connection).await;
        if owns.map_err(|flaw| said(&flaw))? == 0 {
            let flaw = another_process(tree);
            self.cluster.forked(flaw.clone());
            return Err(flaw);
        }
        Ok(())
    }

    /// Sends what the disk has, up to an index.
    async fn ship_from_disk(&mut self, end: u64) -> Result<(), String> {
        loop {
            let next = self.next().await?;
            if next >= end {
                return Ok(());
            }
            let reader = self.own.clone();
            let read = tokio::task::spawn_blocking(move || reader.frames(next));
            let read = read.await.map_err(|e| e.to_string())?;
            let read = read.map_err(|e| format!("the ledger cannot be read: {e}"))?;
            let Some((records, frames)) = read else {
                return Ok(());
            };
            self.commit(next, records, &frames).await?;
        }
    }

    /// The index that Redis takes next.
    async fn next(&mut self) -> Result<u64, String> {
        if let (Some(next), Some(_)) = (self.next, &self.connection) {
            return Ok(next);
        }
        self.next = None;
        let (mut connection, info) = self
            .link
            .connect(ANSWERED_WITHIN)
            .await
            .map_err(|flaw| flaw.to_string())?;
        if !self.cluster.runs_as(&info.run) {
            return Err("Redis was started anew: what it may have lost is looked at first".into());
        }
        let mut command = cmd("HGET");
        command
            .arg(keys::tree_head(&self.cluster.own_tree))
            .arg("next");
        let known: Option<u64> = command
            .query_async(&mut connection)
            .await
            .map_err(|flaw| said(&flaw))?;
        let next = match known {
            Some(next) => next,
            None => self
                .begins()
                .map_err(|e| format!("the ledger cannot be read: {e}"))?,
        };
        self.connection = Some(connection);
        self.next = Some(next);
        Ok(next)
    }

    /// Where a tree begins that Redis does not have: what is older is asked of nobody.
    fn begins(&self) -> std::io::Result<u64> {
        let from_ms = self.cluster.now_ms().saturating_sub(KEPT_MS);
        self.own.find_time(from_ms)
    }

    async fn commit(&mut self, first: u64, records: u64, frames: &[u8]) -> Result<(), String> {
        let cluster = &self.cluster;
        let tree = &cluster.own_tree;
        let now_ms = cluster.now_ms();
        let place = keys::commit_place(tree, first);
        let sealed = cluster.world.sealing.seal(frames, &place)?;
        let begins = self.next.unwrap_or(first);
        let keys = [keys::tree_head(tree), keys::tree_log(tree)];
        let mut command = scripts::eval(scripts::COMMIT, &keys);
        command.arg(first).arg(records).arg(sealed).arg(now_ms);
        command
            .arg(KEPT_BYTES)
            .arg(now_ms.saturating_sub(KEPT_MS))
            .arg(begins)
            .arg(&cluster.start);
        let connection = self.connection.as_mut().ok_or("no connection")?;
        let answer: Result<(i64, u64), _> = command.query_async(connection).await;
        let (taken, next) = answer.map_err(|flaw| said(&flaw))?;
        if taken < 0 {
            let flaw = another_process(tree);
            cluster.forked(flaw.clone());
            return Err(flaw);
        }
        self.next = Some(next);
        if taken == 1 {
            cluster.shipped.fetch_max(next, Ordering::Relaxed);
            return Ok(());
        }
        if next < first {
            // What is missing is sent from the disk.
            return Err(format!(
                "expected Redis to take record {first}, found it at {next}"
            ));
        }
        // Some of it is there: the rest is read from the disk in its own time.
        Err(format!(
            "expected Redis at record {first}, found it at {next}"
        ))
    }
}

/// Two processes have copies of one folder: the one that started last has its tree.
pub(super) fn another_process(tree: &str) -> String {
    format!(
        "another process has started on a copy of this node's folder (tree `{tree}`): two would write over each other, so this one answers nothing; give one of them an empty folder and a name of its own"
    )
}
