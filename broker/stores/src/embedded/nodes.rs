//! A node that is alone.

use crate::Coming;
use crate::formats::FORMATS;
use crate::nodes::{NodeView, Nodes, StoreView};
use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A node without others.
pub struct Alone {
    node: String,
    tree: String,
    version: String,
    clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    ready: AtomicBool,
}

impl Alone {
    /// The node of that name and version whose tree has that name; its clock gives
    /// Unix milliseconds.
    #[must_use]
    pub fn new(
        node: &str,
        version: &str,
        tree: &str,
        clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    ) -> Self {
        Self {
            node: node.to_owned(),
            tree: tree.to_owned(),
            version: version.to_owned(),
            clock,
            ready: AtomicBool::new(false),
        }
    }
}

impl Nodes for Alone {
    fn all(&self) -> Vec<NodeView> {
        vec![NodeView {
            node: self.node.clone(),
            tree: self.tree.clone(),
            version: self.version.clone(),
            format: FORMATS.reads,
            behind: 0,
            seen_ms: (self.clock)(),
            ready: self.ready.load(Ordering::Relaxed),
            live: true,
        }]
    }

    fn live(&self) -> u32 {
        1
    }

    fn store(&self) -> Option<StoreView> {
        None
    }

    fn ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    fn declares(&self, _: BTreeSet<String>) {}

    fn answer(&self, _: Vec<u8>) -> Coming<'_, Option<Vec<u8>>> {
        Box::pin(ready(None))
    }

    fn declared_elsewhere(&self, _: &str) -> bool {
        false
    }
}
