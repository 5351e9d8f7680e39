//! What this node sent to Redis and its disk does not have: a crash came between.
//! Others have it already, so the disk takes it back.

use super::cluster::Cluster;
use super::feed::bytes;
use super::keys;
use super::link::{ANSWERED_WITHIN, said};
use super::shipping::commit_place;
use crate::ledger::{AppendError, Ledger, SNAPSHOT, entries};
use locum_core::decide::{CREDENTIAL_REVOCATION, DECISION, OUTCOME, SUMMARY};
use locum_core::record::Draft;
use redis::cmd;
use redis::streams::StreamRangeReply;

/// Commits of one read, at most.
const COUNT: u64 = 64;
/// Types of records of decisions, and of what surrounds them.
const KINDS: [&str; 5] = [DECISION, OUTCOME, SUMMARY, CREDENTIAL_REVOCATION, SNAPSHOT];

/// Takes back what the disk does not have.
///
/// # Errors
/// What an operator has to see to.
pub(super) async fn recover(cluster: &Cluster, ledger: &Ledger) -> Result<(), String> {
    let tree = &cluster.own_tree;
    let connected = cluster.link.connect(ANSWERED_WITHIN).await;
    let (mut connection, _) = connected.map_err(|flaw| flaw.to_string())?;
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
            return Ok(());
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
        let lost = || {
            format!(
                "expected the decisions of this node (tree `{tree}`) up to record {next} in its folder, found {have}, and Redis has no longer what lies between: put a newer backup in place, or give this node an empty folder"
            )
        };
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
                .open(sealed, &commit_place(tree, first));
            let frames = frames.ok_or_else(lost)?;
            let skip = usize::try_from(have - first).unwrap_or(usize::MAX);
            let all = entries(&frames, tree, first)
                .map_err(|flaw| format!("commit {}: {flaw}", entry.id))?;
            for entry in all.into_iter().skip(skip) {
                let kind = KINDS.into_iter().find(|kind| *kind == entry.kind);
                let kind = kind.ok_or_else(|| format!("a record of type `{}`", entry.kind))?;
                cluster.state.taken_back(&entry.body);
                let draft = Draft::new(kind, entry.salt, entry.body, entry.side);
                match ledger.append_at(draft, entry.place.time_ms).await {
                    // It is there already.
                    Ok(_) | Err(AppendError::NotShipped(_)) => {}
                    Err(flaw) => return Err(flaw.to_string()),
                }
            }
        }
        tracing::warn!(
            from = have,
            to = ledger.reader().len(),
            "records that were sent before a crash are taken back from Redis"
        );
    }
}
