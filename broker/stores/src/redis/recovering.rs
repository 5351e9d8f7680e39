//! What this node sent to Redis and its disk does not have: a crash came between.
//! Others have it already, so the disk takes it back.

use super::cluster::Cluster;
use super::copies::Hole;
use super::link::{ANSWERED_WITHIN, said};
use super::reading::bytes;
use super::{keys, peers, scripts};
use crate::ledger::{AppendError, Ledger, SNAPSHOT, entries};
use crate::state::CHANGE;
use locum_core::decide::{CREDENTIAL_REVOCATION, DECISION, OUTCOME, SUMMARY};
use locum_core::record::Draft;
use redis::aio::MultiplexedConnection;
use redis::cmd;
use redis::streams::StreamRangeReply;

/// Commits of one read, at most.
const COUNT: u64 = 64;
/// Types of records of decisions, and of what surrounds them.
const KINDS: [&str; 6] = [
    DECISION,
    OUTCOME,
    SUMMARY,
    CREDENTIAL_REVOCATION,
    SNAPSHOT,
    CHANGE,
];

/// Takes back what the disk does not have.
///
/// # Errors
/// What an operator has to see to.
pub(super) async fn recover(cluster: &Cluster, ledger: &Ledger) -> Result<(), String> {
    let tree = &cluster.own_tree;
    let connected = cluster.link.connect(ANSWERED_WITHIN).await;
    let (mut connection, _) = connected.map_err(|flaw| flaw.to_string())?;
    own(cluster, &mut connection).await?;
    loop {
        let mut command = cmd("HGET");
        command.arg(keys::tree_head(tree)).arg("next");
        let next: Option<u64> = command
            .query_async(&mut connection)
            .await
            .map_err(|flaw| said(&flaw))?;
        let have = ledger.reader().len();
        let next = next.unwrap_or(0);
        if next <= have {
            return from_peers(cluster, ledger).await;
        }
        let mut command = cmd("XRANGE");
        command
            .arg(keys::tree_log(tree))
            .arg(format!("({have}-0"))
            .arg("+");
        command.arg("COUNT").arg(COUNT);
        let reply: StreamRangeReply = command
            .query_async(&mut connection)
            .await
            .map_err(|flaw| said(&flaw))?;
        let lost = || lost(tree, next, have);
        if reply.ids.is_empty() {
            return Err(lost());
        }
        for entry in reply.ids {
            let first = bytes(&entry, "f").and_then(|text| std::str::from_utf8(text).ok());
            let first: u64 = first.and_then(|text| text.parse().ok()).ok_or_else(lost)?;
            let have = ledger.reader().len();
            if first > have {
                return Err(lost());
            }
            let sealed = bytes(&entry, "d").unwrap_or_default();
            let frames = cluster
                .world
                .sealing
                .open(sealed, &keys::commit_place(tree, first));
            let frames = frames.ok_or_else(lost)?;
            let flawed = |flaw| format!("commit {}: {flaw}", entry.id);
            take_back((cluster, ledger), first, &frames)
                .await
                .map_err(flawed)?;
        }
        tracing::warn!(
            from = have,
            to = ledger.reader().len(),
            "records that were sent before a crash are taken back from Redis"
        );
    }
}

/// From here on nothing comes of another process with a copy of this folder.
async fn own(cluster: &Cluster, connection: &mut MultiplexedConnection) -> Result<(), String> {
    let key = [keys::tree_head(&cluster.own_tree)];
    let mut command = scripts::eval(scripts::OWN, &key);
    command.arg(&cluster.start).arg(1);
    let owned: Result<i64, _> = command.query_async(connection).await;
    owned.map(|_| ()).map_err(|flaw| said(&flaw))
}

fn lost(tree: &str, next: u64, have: u64) -> String {
    format!(
        "expected the decisions of this node (tree `{tree}`) up to record {next} in its folder, found {have}, and Redis has no longer what lies between: put a newer backup in place, or give this node an empty folder"
    )
}

/// Takes back what other nodes have copies of and Redis has no longer: a folder that was
/// restored from a backup may be older than they are.
async fn from_peers(cluster: &Cluster, ledger: &Ledger) -> Result<(), String> {
    for row in peers::rows(cluster).await? {
        loop {
            let have = ledger.reader().len();
            let hole = Hole {
                from: have,
                until: u64::MAX,
            };
            let asked = peers::ask(cluster, &row, &cluster.own_tree, hole).await;
            let found = match asked {
                Ok(found) => found,
                Err(reason) => {
                    let node = &row.node;
                    tracing::warn!(node, reason, "a node does not say what it has of this one");
                    break;
                }
            };
            let Some((first, frames)) = found.filter(|(first, _)| *first <= have) else {
                break;
            };
            take_back((cluster, ledger), first, &frames).await?;
            let now = ledger.reader().len();
            if now == have {
                break;
            }
            tracing::warn!(
                from = have,
                to = now,
                "records are taken back from another node"
            );
        }
    }
    Ok(())
}

/// Puts records back on this node's disk, those that it does not have.
async fn take_back(
    (cluster, ledger): (&Cluster, &Ledger),
    first: u64,
    frames: &[u8],
) -> Result<(), String> {
    let have = ledger.reader().len();
    let skip = usize::try_from(have.saturating_sub(first)).unwrap_or(usize::MAX);
    let all = entries(frames, &cluster.own_tree, first)?;
    for entry in all.into_iter().skip(skip) {
        let kind = KINDS.into_iter().find(|kind| *kind == entry.kind);
        let kind = kind.ok_or_else(|| format!("a record of type `{}`", entry.kind))?;
        cluster.state.taken_back(&entry.body);
        let place = (entry.place.index, entry.place.time_ms);
        let draft = Draft::new(kind, entry.salt, entry.body, entry.side);
        match ledger.append_at(draft, place).await {
            // It is there already.
            Ok(_) | Err(AppendError::NotShipped(_)) => {}
            Err(flaw) => return Err(flaw.to_string()),
        }
    }
    Ok(())
}
