//! The heartbeat: what this node tells, what the others told, and the proof that the
//! state is of now.

use super::cluster::Cluster;
use super::lane::NoAnswer;
use super::rows::{GONE, LIVES, Row, instant};
use super::{keys, scripts};
use redis::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How often a node tells of itself at least.
const EVERY: Duration = Duration::from_millis(500);
/// How long after its start a node may find what the process before it told, in
/// milliseconds.
const SETTLED_MS: u64 = 1_000;
/// For how long nodes are listed that do not live.
const LISTED: Duration = Duration::from_secs(3_600);

type Beaten = (
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    Vec<Value>,
    Option<Vec<u8>>,
);

/// Tells of this node for as long as it runs.
pub(super) async fn run(cluster: Arc<Cluster>) {
    loop {
        let sent = instant();
        match beat(&cluster, sent).await {
            Ok(()) => cluster.flaws().link = None,
            Err(flaw) => {
                let text = flaw.to_string();
                let before = cluster.flaws().link.replace(text.clone());
                if before.as_deref() != Some(&text) {
                    tracing::warn!(reason = text, "no heartbeat was acknowledged");
                }
            }
        }
        cluster.rows.sweep(LISTED);
        // Told sooner where there is something to tell.
        let _ = timeout(
            EVERY.saturating_sub(sent.elapsed()),
            cluster.tell.notified(),
        )
        .await;
    }
}

async fn beat(cluster: &Cluster, sent: Instant) -> Result<(), NoAnswer> {
    let row = cluster.row();
    let began_ms = (cluster.world.wall)();
    let sealed = row
        .seal(&*cluster.world.sealing)
        .map_err(NoAnswer::NotDone)?;
    let mut command = scripts::eval(scripts::BEAT, &[keys::head(), keys::nodes(), keys::rows()]);
    command.arg(&row.node).arg(sealed);
    let beaten = cluster
        .beats
        .run_acked::<Beaten>(command, cluster.min_replicas());
    let (beaten, acked) = match beaten.await {
        Ok(both) => both,
        Err((flaw, seen)) => {
            if let Some(seen) = seen {
                take_over(cluster, &seen, (&row, began_ms));
            }
            return Err(flaw);
        }
    };
    cluster.acked_by.store(u64::from(acked), Ordering::Relaxed);
    let seen = take_over(cluster, &beaten, (&row, began_ms));
    has_its_name(cluster, beaten.8.as_deref(), &row);
    same_history(cluster, &row);
    cluster.rows.came(row, (sent, cluster.now_ms()));
    if let Some(seq) = seen {
        cluster.fresh.beaten(sent, seq);
    }
    Ok(())
}

/// Takes over what a heartbeat saw; the number of changes in our log, where it is
/// whole.
fn take_over(cluster: &Cluster, beaten: &Beaten, (row, began_ms): (&Row, u64)) -> Option<u64> {
    let (seconds, micros, tree, seq, _, whole, lost, rows, _) = beaten;
    let number = |text: &String| text.parse::<u64>().unwrap_or(0);
    let redis_ms = number(seconds) * 1_000 + number(micros) / 1_000;
    // Redis looked at its clock between our two looks at ours.
    let ended_ms = (cluster.world.wall)();
    let middle_ms = began_ms + ended_ms.saturating_sub(began_ms) / 2;
    let off = i64::try_from(middle_ms).unwrap_or(i64::MAX) - i64::try_from(redis_ms).unwrap_or(0);
    cluster.clock_off_ms.store(off, Ordering::Relaxed);
    cluster.lost_ms.fetch_max(number(lost), Ordering::Relaxed);
    known_rows(cluster, rows);
    let seq = number(seq);
    cluster.head.store(seq, Ordering::Relaxed);
    let ours = *tree == cluster.tree && seq >= row.folded;
    if !ours || whole != "1" {
        cluster.again.notify_one();
        return None;
    }
    Some(seq)
}

/// Whoever told of itself last under our name was this process, or is gone. Where two
/// live, one of them stops.
fn has_its_name(cluster: &Cluster, before: Option<&[u8]>, own: &Row) {
    let sealing = &*cluster.world.sealing;
    let before = before.and_then(|sealed| Row::open(&own.node, sealed, sealing));
    let Some(before) = before.filter(|row| row.start < own.start) else {
        return;
    };
    // What was there when this process began says nothing.
    if before.at_ms > cluster.began_ms.saturating_add(SETTLED_MS) {
        cluster.forked(format!(
            "another live node has the name `{}` too; set another `store.node` for one of them",
            own.node
        ));
    }
}

/// A node that folded as many changes folded the same.
fn same_history(cluster: &Cluster, own: &Row) {
    let others = cluster.rows.others(&own.node, LIVES);
    let mut others = others.iter();
    let other = others.find(|row| row.folded == own.folded && row.chain != own.chain);
    let flaw = other.map(|other| {
        format!(
            "node `{}` has {} other changes than this node: two histories were made, and no node may guess; decide for one, see docs/how-to/many-nodes.md, \"Two histories\"",
            other.node, other.folded
        )
    });
    let before = std::mem::replace(&mut cluster.flaws().history, flaw.clone());
    match (before, flaw) {
        (None, Some(reason)) => {
            cluster.stopped.store(true, Ordering::Release);
            tracing::error!(reason, "this node stands by another record than others");
        }
        // The other is gone.
        (Some(_), None) => cluster.again.notify_one(),
        (None, None) | (Some(_), Some(_)) => {}
    }
}

fn known_rows(cluster: &Cluster, rows: &[Value]) {
    let came = instant();
    let (pairs, _) = rows.as_chunks::<2>();
    let mut unopened = Vec::new();
    for [node, sealed] in pairs {
        let (Value::BulkString(node), Value::BulkString(sealed)) = (node, sealed) else {
            continue;
        };
        let node = String::from_utf8_lossy(node).into_owned();
        match Row::open(&node, sealed, &*cluster.world.sealing) {
            Some(row) => {
                // One that was not heard of for long says nothing by still being there.
                let old_ms = cluster.now_ms().saturating_sub(row.at_ms);
                let silent = Duration::from_millis(old_ms);
                let came = if silent > GONE {
                    came.checked_sub(silent).unwrap_or(came)
                } else {
                    came
                };
                cluster.rows.came(row, (came, cluster.now_ms()));
            }
            None => unopened.push(format!(
                "the row of node `{}` does not open under this master key; take it out with `locum store repair`",
                node.escape_debug()
            )),
        }
    }
    let mut flaws = cluster.flaws();
    if flaws.values != unopened {
        flaws.values = unopened;
    }
}
