//! Who else there is, as the seam shows it.

use super::cluster::Cluster;
use super::mirrors::Mirrors;
use super::peers;
use super::rows::LIVES;
use crate::Coming;
use crate::ledger::Reader;
use crate::nodes::{NodeView, Nodes, StoreView};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The nodes of a cluster.
pub(super) struct RedisNodes {
    pub(super) cluster: Arc<Cluster>,
    pub(super) mirrors: Arc<Mirrors>,
    pub(super) own: Reader,
}

impl Nodes for RedisNodes {
    fn all(&self) -> Vec<NodeView> {
        let seq = self.cluster.head.load(Ordering::Relaxed);
        self.cluster.rows.shown(seq)
    }

    fn live(&self) -> u32 {
        let others = self.cluster.rows.others(&self.cluster.settings.node, LIVES);
        u32::try_from(others.len() + 1).unwrap_or(u32::MAX)
    }

    fn store(&self) -> Option<StoreView> {
        let cluster = &self.cluster;
        let age = cluster.fresh.age();
        let age = age.map_or(u64::MAX, |age| {
            u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
        });
        let head = cluster.head.load(Ordering::Relaxed);
        let mut warnings = Vec::new();
        if cluster.settings.peer.is_none() {
            warnings.push(
                "`store.peer` is not set: other nodes cannot fetch from here what Redis no longer holds"
                    .to_owned(),
            );
        }
        let incomplete = self.mirrors.incomplete();
        if !incomplete.is_empty() {
            let nodes = incomplete.join(", ");
            warnings.push(format!("not all decisions of these are here: {nodes}"));
        }
        Some(StoreView {
            flaw: cluster.flaw().or_else(|| {
                let ready = cluster.ready.load(Ordering::Relaxed);
                (!ready).then(|| "this node starts, or stops".to_owned())
            }),
            warnings,
            age_ms: age,
            behind: head.saturating_sub(*cluster.folded.borrow()),
            replicas_acked: cluster.acked_by.load(Ordering::Relaxed),
            republished: cluster.republished.load(Ordering::Relaxed),
            propagation: cluster.propagation(),
        })
    }

    fn ready(&self, ready: bool) {
        if self.cluster.ready.swap(ready, Ordering::Relaxed) != ready {
            self.cluster.tell.notify_one();
        }
    }

    fn answer(&self, asked: Vec<u8>) -> Coming<'_, Option<Vec<u8>>> {
        Box::pin(
            async move { peers::answer(&self.cluster, &self.mirrors, &self.own, &asked).await },
        )
    }

    fn declares(&self, objects: BTreeSet<String>) {
        self.cluster.files.put(objects);
        self.cluster.rows.moved.notify_waiters();
    }

    fn declared_elsewhere(&self, object: &str) -> bool {
        self.cluster.files.elsewhere(object)
    }
}
