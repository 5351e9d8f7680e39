//! What Redis no longer holds is had from the nodes: each answers on its operations
//! listener with whatever it has of any tree. Both sides prove the master key: what is
//! asked and what is answered is sealed.

use super::cluster::Cluster;
use super::copies::{CopiedTree, Hole};
use super::keys;
use super::link::{ANSWERED_WITHIN, said};
use super::mirrors::Mirrors;
use super::reading::pause;
use super::rows::{GONE, LIVES, Row};
use crate::ledger::Reader;
use locum_core::jcs::hex;
use redis::cmd;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Below which path of a node's operations listener it answers.
pub const PEER_PATH: &str = "/nodes/records";
/// Most bytes of what is asked.
pub const ASKED_MAX: usize = 4_096;
/// Bytes of frames after which an answer ends.
const ANSWER_BYTES: usize = 1 << 20;
/// Most bytes of an answer: its end may hold one block of the largest records more.
pub const ANSWER_MAX: usize = ANSWER_BYTES + 64 * (5 << 20);
/// How old a question may be, in milliseconds.
const ASKED_WITHIN_MS: u64 = 60_000;
/// How often it is looked for what is missing.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// What a node asks another.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// What is answered is sealed for this alone.
    nonce: String,
    tree: String,
    /// The index of the first record that is missing.
    from: u64,
    /// The index after the last.
    until: u64,
    /// What is older is not wanted, Unix milliseconds.
    since_ms: u64,
    at_ms: u64,
}

const ASK_PLACE: &str = "locum peer asks";

fn answer_place(asked: &Asked) -> String {
    format!(
        "locum peer answers {} {} {}",
        asked.nonce, asked.tree, asked.from
    )
}

/// Asks for what is missing of a copy, for as long as the node runs.
pub(super) async fn fill(cluster: Arc<Cluster>, copy: Arc<CopiedTree>) {
    loop {
        let _ = timeout(LOOK_EVERY, cluster.rows.moved.notified()).await;
        for hole in copy.holes() {
            if let Err(reason) = fill_one(&cluster, &copy, hole).await {
                tracing::debug!(node = copy.node(), reason, "decisions are still missing");
            }
        }
        pause().await;
    }
}

async fn fill_one(cluster: &Cluster, copy: &Arc<CopiedTree>, mut hole: Hole) -> Result<(), String> {
    let others = cluster.rows.others(&cluster.settings.node, LIVES);
    // Its own node has all of it.
    let (own, rest): (Vec<Row>, Vec<Row>) = others
        .into_iter()
        .filter(|row| row.peer.is_some())
        .partition(|row| row.tree == copy.place.tree);
    for row in own.iter().chain(&rest) {
        let owner = row.tree == copy.place.tree;
        while hole.from < hole.until {
            let asked = ask(cluster, row, &copy.place.tree, hole).await;
            let found = match asked {
                Ok(found) => found,
                Err(reason) => {
                    tracing::debug!(node = row.node, reason, "a node does not answer");
                    break;
                }
            };
            match found {
                Some((first, frames)) if first < hole.until => {
                    let (of, at) = (copy.clone(), hole);
                    let filled = spawn_blocking(move || of.fill(at, first, &frames)).await;
                    let filled = filled.map_err(|e| e.to_string())?;
                    let filled = filled.map_err(|e| e.to_string())?;
                    if filled == 0 {
                        break;
                    }
                    hole.from = first + filled;
                }
                Some(_) | None => {
                    // Whoever has all of it has nothing older that is wanted.
                    if owner && hole.from == 0 {
                        copy.begins_there.store(true, Ordering::Relaxed);
                        return Ok(());
                    }
                    break;
                }
            }
        }
    }
    Ok(())
}

/// The nodes that told of themselves lately, by what Redis has of them.
///
/// # Errors
/// When Redis does not answer.
pub(super) async fn rows(cluster: &Cluster) -> Result<Vec<Row>, String> {
    let connected = cluster.link.connect(ANSWERED_WITHIN).await;
    let (mut connection, _) = connected.map_err(|flaw| flaw.to_string())?;
    let mut command = cmd("HGETALL");
    command.arg(keys::nodes());
    let all: Result<BTreeMap<String, Vec<u8>>, _> = command.query_async(&mut connection).await;
    let all = all.map_err(|flaw| said(&flaw))?;
    let now_ms = cluster.now_ms();
    let lately = |row: &Row| {
        let silent = Duration::from_millis(now_ms.saturating_sub(row.at_ms));
        silent < GONE && row.node != cluster.settings.node && row.peer.is_some()
    };
    let open =
        |(node, sealed): (String, Vec<u8>)| Row::open(&node, &sealed, &*cluster.world.sealing);
    Ok(all.into_iter().filter_map(open).filter(lately).collect())
}

/// What a node has of a hole: the index of the first, and frames.
///
/// # Errors
/// When it does not answer, or does not know the master key.
pub(super) async fn ask(
    cluster: &Cluster,
    row: &Row,
    tree: &str,
    hole: Hole,
) -> Result<Option<(u64, Vec<u8>)>, String> {
    let Some(peer) = &row.peer else {
        return Ok(None);
    };
    let now_ms = cluster.now_ms();
    let kept_ms = u64::from(cluster.settings.mirror_days) * DAY_MS;
    let asked = Asked {
        nonce: hex(&cluster.random()),
        tree: tree.to_owned(),
        from: hole.from,
        until: hole.until,
        since_ms: now_ms.saturating_sub(kept_ms),
        at_ms: now_ms,
    };
    let plain = serde_json::to_vec(&asked).map_err(|e| e.to_string())?;
    let sealed = cluster.world.sealing.seal(&plain, ASK_PLACE)?;
    let url = format!("{}{PEER_PATH}", peer.trim_end_matches('/'));
    let answer = (cluster.world.ask)(url, sealed).await?;
    let plain = cluster.world.sealing.open(&answer, &answer_place(&asked));
    let plain = plain.ok_or("expected an answer sealed under this master key, found another")?;
    let (first, frames) = plain
        .split_first_chunk::<8>()
        .ok_or("expected an index, found none")?;
    let first = u64::from_le_bytes(*first);
    Ok((!frames.is_empty()).then(|| (first, frames.to_vec())))
}

/// Answers another node; `None` for who does not know the master key.
pub(super) async fn answer(
    cluster: &Cluster,
    mirrors: &Mirrors,
    own: &Reader,
    sealed: &[u8],
) -> Option<Vec<u8>> {
    let plain = cluster.world.sealing.open(sealed, ASK_PLACE)?;
    let asked: Asked = serde_json::from_slice(&plain).ok()?;
    if cluster.now_ms().abs_diff(asked.at_ms) > ASKED_WITHIN_MS {
        return None;
    }
    let readers = if asked.tree == cluster.own_tree {
        vec![own.clone()]
    } else {
        let copies = mirrors.all();
        let copy = copies.iter().find(|copy| copy.place.tree == asked.tree);
        copy.map(|copy| copy.readers()).unwrap_or_default()
    };
    let place = answer_place(&asked);
    let read = spawn_blocking(move || read(&readers, &asked)).await.ok()?;
    let out = read
        .inspect_err(
            |error| tracing::error!(%error, "records that another node asks for cannot be read"),
        )
        .ok()?;
    cluster.world.sealing.seal(&out, &place).ok()
}

/// The index of the first record that is wanted and here, and frames from it on.
fn read(readers: &[Reader], asked: &Asked) -> std::io::Result<Vec<u8>> {
    let mut out = asked.from.to_le_bytes().to_vec();
    for reader in readers {
        let since = reader.find_time(asked.since_ms)?;
        let mut at = asked.from.max(since).max(reader.whole_from());
        if at >= reader.len() || at >= asked.until {
            continue;
        }
        out = at.to_le_bytes().to_vec();
        while at < asked.until && out.len() < ANSWER_BYTES {
            let Some((count, frames)) = reader.frames(at)? else {
                break;
            };
            out.extend_from_slice(&frames);
            at += count;
        }
        break;
    }
    Ok(out)
}
