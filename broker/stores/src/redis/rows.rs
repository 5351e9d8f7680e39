//! What nodes tell of themselves, and what is known of it here.

use super::keys;
use super::settings::Sealing;
use crate::nodes::NodeView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A node lives while it was heard of within that.
pub(super) const LIVES: Duration = Duration::from_secs(3);
/// A node unseen for that long is passed over when the nodes wait for each other.
pub(super) const GONE: Duration = Duration::from_secs(10);
/// How far a node's time may be ahead of ours, in milliseconds.
const AHEAD_MS: u64 = 1_000;
/// Most nodes that are known.
const NODES_MAX: usize = 64;

/// What a node tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Its name.
    pub(super) node: String,
    /// The tree of its decisions.
    pub(super) tree: String,
    /// The version that it runs.
    pub(super) version: String,
    /// The newest format that it reads.
    pub(super) format: u32,
    /// Changes that it has folded, which are on its disk.
    pub(super) folded: u64,
    /// Changes that whatever follows them has caught up with, such as the policies in
    /// force.
    #[serde(default)]
    pub(super) followed: u64,
    /// A hash over all of these, in hexadecimal.
    pub(super) chain: String,
    /// When it says so, Unix milliseconds.
    pub(super) at_ms: u64,
    /// Whether it is ready.
    pub(super) ready: bool,
    /// Where its operations listener is reached.
    #[serde(default)]
    pub(super) peer: Option<String>,
    /// Its process: another start of the same node has another.
    pub(super) start: String,
    /// A hash over what its files declare.
    #[serde(default)]
    pub(super) files: String,
}

impl Row {
    fn place(node: &str) -> String {
        format!("{}:{node}", keys::nodes())
    }

    /// Its sealed bytes.
    ///
    /// # Errors
    /// When it does not seal.
    pub(super) fn seal(&self, sealing: &dyn Sealing) -> Result<Vec<u8>, String> {
        let plain = serde_json::to_vec(self).map_err(|e| e.to_string())?;
        sealing.seal(&plain, &Self::place(&self.node))
    }

    /// The row of that node; `None` for other bytes.
    pub(super) fn open(node: &str, sealed: &[u8], sealing: &dyn Sealing) -> Option<Self> {
        let plain = sealing.open(sealed, &Self::place(node))?;
        let row: Self = serde_json::from_slice(&plain).ok()?;
        (row.node == node).then_some(row)
    }
}

/// A row, and when it came.
#[derive(Debug, Clone)]
pub(super) struct KnownRow {
    pub(super) row: Row,
    pub(super) came: Instant,
}

/// All that is known of nodes.
#[derive(Default)]
pub(super) struct Rows {
    known: Mutex<BTreeMap<String, KnownRow>>,
    /// Wakes who waits for nodes to have folded something.
    pub(super) moved: Notify,
}

/// What is measured here; it decides how long to wait, and nothing else.
#[expect(
    clippy::disallowed_methods,
    reason = "measures silence, which a wall clock that is set would hide"
)]
pub(super) fn instant() -> Instant {
    Instant::now()
}

impl Rows {
    pub(super) fn known(&self) -> MutexGuard<'_, BTreeMap<String, KnownRow>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over a row that came. One that is older than what is known is a copy of
    /// before.
    pub(super) fn came(&self, row: Row, (came, now_ms): (Instant, u64)) {
        let mut known = self.known();
        let newer = known.get(&row.node).is_none_or(|old| {
            // One whose clock was ahead does not hide what it tells since.
            let known_ms = old.row.at_ms.min(now_ms.saturating_add(AHEAD_MS));
            (row.at_ms, row.folded, row.followed) > (known_ms, old.row.folded, old.row.followed)
        });
        if !newer {
            return;
        }
        if known.len() >= NODES_MAX && !known.contains_key(&row.node) {
            // Those that live have room.
            let oldest = known.iter().min_by_key(|(_, known)| known.came);
            let oldest = oldest.map(|(node, _)| node.clone());
            oldest.map(|node| known.remove(&node));
        }
        known.insert(row.node.clone(), KnownRow { row, came });
        drop(known);
        self.moved.notify_waiters();
    }

    /// Forgets nodes that are gone for good.
    pub(super) fn sweep(&self, kept: Duration) {
        let now = instant();
        let mut known = self.known();
        known.retain(|_, known| now.duration_since(known.came) < kept);
    }

    /// The nodes that live, but for that one.
    pub(super) fn others(&self, node: &str, within: Duration) -> Vec<Row> {
        let now = instant();
        let known = self.known();
        let live = known
            .values()
            .filter(|known| known.row.node != node && now.duration_since(known.came) < within);
        live.map(|known| known.row.clone()).collect()
    }

    /// All, as they are shown. Changes that are folded are counted from `seq`.
    pub(super) fn shown(&self, seq: u64) -> Vec<NodeView> {
        let now = instant();
        let known = self.known();
        let each = known.values().map(|known| NodeView {
            node: known.row.node.clone(),
            tree: known.row.tree.clone(),
            version: known.row.version.clone(),
            format: known.row.format,
            behind: seq.saturating_sub(known.row.folded),
            seen_ms: known.row.at_ms,
            ready: known.row.ready && now.duration_since(known.came) < LIVES,
            live: now.duration_since(known.came) < LIVES,
        });
        each.collect()
    }

    /// A live node that reads no format as new as that one, and what it reads.
    pub(super) fn older_than(&self, format: u32, node: &str) -> Option<(String, u32)> {
        let others = self.others(node, GONE);
        let older = others.into_iter().find(|row| row.format < format)?;
        Some((older.node, older.format))
    }
}
