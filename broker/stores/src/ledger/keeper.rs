//! Sees to it that snapshots are taken, off the writer's thread: commits wait
//! for a copy of the state and for nothing else.

use std::{
    path::PathBuf,
    sync::Arc,
    thread::{Builder, JoinHandle},
};

use tokio::sync::oneshot;

use super::{
    Follower, Save,
    map::{Contents, Map},
    queue::{Queue, Waiting},
    snapshot,
    tree::Tree,
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
            if let Err(reason) = take(&dir, &tree, &queue, &contents, copy) {
                let _ = std::fs::remove_file(snapshot::path(&dir, records));
                tracing::warn!(records, reason, "no snapshot was taken");
            }
        };
        let thread = Builder::new().name("snapshot".into()).spawn(take);
        self.running = thread
            .inspect_err(|e| tracing::warn!(error = %e, "no snapshot was taken"))
            .ok();
    }

    /// Waits until nothing is being written any more.
    pub(super) fn finish(&mut self) {
        if let Some(thread) = self.running.take() {
            // One that panicked left a file that nothing vouches for.
            let _ = thread.join();
        }
    }
}

fn take(
    dir: &std::path::Path,
    tree: &Tree,
    queue: &Queue,
    contents: &Contents,
    copy: Save,
) -> Result<(), String> {
    let state = copy()?;
    let draft = snapshot::write(dir, tree, contents, &state).map_err(|e| e.to_string())?;
    drop(state);
    let (answer, queued) = oneshot::channel();
    let waiting = Waiting {
        draft: Arc::new(draft),
        side: Vec::new(),
        answer,
    };
    queue.push(waiting).map_err(|e| e.to_string())?;
    let vouched = queued.blocking_recv().map_err(|e| e.to_string())?;
    vouched.map_err(|e| e.to_string())?;
    snapshot::prune(dir, contents.records);
    Ok(())
}
