//! Sees to it that snapshots are taken, off the writer's thread: commits wait
//! for a copy of the state and for nothing else.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::{Builder, JoinHandle},
};

use locum_core::record::Draft;

use super::follower::{Follower, Save};
use super::{
    identity::Tree,
    map::{Contents, Map},
    queue::Queue,
    snapshot,
};

/// Takes a snapshot whenever the ledger has grown enough.
pub(super) struct Keeper {
    pub(super) dir: PathBuf,
    pub(super) tree: Tree,
    pub(super) queue: Arc<Queue>,
    /// Bytes by which the ledger grows from one snapshot to the next.
    pub(super) every: u64,
    /// Bytes of the ledger at the newest snapshot.
    pub(super) bytes: u64,
    pub(super) running: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Takes a snapshot if one is due and none is being written.
    pub(super) fn consider(&mut self, map: &Map, follower: &dyn Follower) {
        let bytes = map.read().bytes();
        let busy = self.running.as_ref().is_some_and(|t| !t.is_finished());
        if busy || bytes.saturating_sub(self.bytes) < self.every {
            return;
        }
        self.bytes = bytes;
        let Some(copy) = follower.copy() else {
            return;
        };
        let contents = map.read().clone();
        let (dir, tree, queue) = (self.dir.clone(), self.tree.clone(), self.queue.clone());
        let take = move || {
            let records = contents.records;
            let taken = take(&dir, &tree, &contents, copy);
            match taken {
                Ok(draft) => queue.push_own(draft),
                Err(reason) => tracing::warn!(records, reason, "no snapshot was taken"),
            }
        };
        let thread = Builder::new().name("snapshot".into()).spawn(take);
        self.running = thread
            .inspect_err(|e| tracing::warn!(error = %e, "no snapshot was taken"))
            .ok();
    }

    /// Waits until nothing is being written any more; `true` when something was
    /// and may have left a record to be written.
    pub(super) fn finish(&mut self) -> bool {
        // One that panicked left a file that nothing vouches for.
        self.running.take().map(JoinHandle::join).is_some()
    }
}

fn take(dir: &Path, tree: &Tree, contents: &Contents, copy: Save) -> Result<Draft, String> {
    let state = copy()?;
    snapshot::prune(dir);
    snapshot::write(dir, tree, contents, &state).map_err(|e| e.to_string())
}
