//! What vendors handed out at other nodes, and what a node that is gone left open: one
//! of the others sees to it (contract §16).

use super::handed::HandedOut;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What other nodes handed out, by the trees of their decisions.
#[derive(Debug, Default)]
pub struct OthersHanded {
    pub(super) trees: BTreeMap<String, HandedOut>,
    /// Trees of nodes that are gone, to which this node sees.
    pub(super) adopted: BTreeSet<String>,
}

impl OthersHanded {
    /// A permit of another node is on record.
    pub(super) fn permitted(&mut self, tree: &str, body: &Value) -> Result<(), String> {
        let handed = self.trees.entry(tree.to_owned()).or_default();
        handed.permitted(body)
    }

    pub(super) fn with(&mut self, holds: impl Fn(&HandedOut) -> bool) -> Option<&mut HandedOut> {
        self.trees.values_mut().find(|handed| holds(handed))
    }

    pub(super) fn sweep(&mut self, now_ms: u64) {
        for handed in self.trees.values_mut() {
            handed.sweep(now_ms);
        }
    }
}
