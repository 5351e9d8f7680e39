//! What a node that is gone left open is seen to by one other, which has a lease on it:
//! permits without an outcome, and credentials that have to be revoked at their vendors.

use super::changes::take_turn;
use super::cluster::Cluster;
use super::keys;
use super::mirrors::Mirrors;
use super::rows::{GONE, instant};
use crate::changes::Turn;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How often it is looked for nodes that are gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for a lease that another may have.
const ASK_WITHIN: Duration = Duration::from_millis(100);

/// Sees to what others left, for as long as the node runs.
pub(super) async fn run(cluster: Arc<Cluster>, mirrors: Arc<Mirrors>) {
    let began = instant();
    let mut leases: BTreeMap<String, Turn> = BTreeMap::new();
    loop {
        wait().await;
        // Who has just come knows nobody yet.
        if began.elapsed() < GONE || !cluster.is_fresh() {
            leases.clear();
            cluster.state.adopt(BTreeSet::new());
            continue;
        }
        let others = cluster.rows.others(&cluster.settings.node, GONE);
        let live: BTreeSet<String> = others.into_iter().map(|row| row.tree).collect();
        leases.retain(|tree, _| !live.contains(tree));
        for copy in mirrors.all() {
            let tree = &copy.place.tree;
            if live.contains(tree) || leases.contains_key(tree) {
                continue;
            }
            let lease = timeout(ASK_WITHIN, take_turn(&cluster, keys::heir(tree))).await;
            if let Ok(Ok(lease)) = lease {
                tracing::info!(
                    node = copy.node(),
                    "this node sees to what a node left that is gone"
                );
                leases.insert(tree.clone(), lease);
            }
        }
        cluster.state.adopt(leases.keys().cloned().collect());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells that a node is gone but that nothing is heard of it"
)]
async fn wait() {
    tokio::time::sleep(LOOK_EVERY).await;
}
