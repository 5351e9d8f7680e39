//! The handle that the rest of the broker holds.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{Builder, JoinHandle},
};

use locum_core::record::{Appended, Draft, RECORD_MAX};
use serde_json::Value;
use tokio::sync::oneshot;

use super::error::{AppendError, OpenError};
use super::follower::Follower;
use super::frame::SIDE_MAX;
use super::options::DEPTH_MAX;
use super::options::{LedgerClock, LedgerOptions, Opened};
use super::reader::Reader;
use super::stats::Stats;
use super::{
    disk::{Disk, RealDisk},
    keeper::Keeper,
    map::{Contents, Map},
    open::{self, FoundLedger},
    queue::{AppendAnswer, Queue, QueuedAppend},
    stats::Counters,
    writer::Writer,
};

/// The ledger; clones share it. When the last one goes, the queue is finished
/// and the folder is free again.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    queue: Arc<Queue>,
    map: Arc<Map>,
    counters: Arc<Counters>,
    tree: super::identity::Tree,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Ledger {
    /// Opens (or founds) the ledger of a folder: takes it for this process,
    /// cuts off a torn last write, replays every record to the follower and
    /// starts the writer.
    ///
    /// # Errors
    /// [`OpenError`]; damage is never repaired.
    pub fn open(
        options: LedgerOptions,
        clock: LedgerClock,
        follower: Box<dyn Follower>,
    ) -> Result<(Self, Opened), OpenError> {
        Self::open_on(options, clock, follower, Box::new(RealDisk))
    }

    pub(super) fn open_on(
        options: LedgerOptions,
        clock: LedgerClock,
        mut follower: Box<dyn Follower>,
        disk: Box<dyn Disk>,
    ) -> Result<(Self, Opened), OpenError> {
        let found = open::open(&options, &mut *follower, disk)?;
        let opened = Opened {
            records: found.contents.records,
            from_snapshot: found.resumed.0,
            repaired_bytes: found.repaired,
            last_time_ms: found.contents.last_time_ms,
            tree: found.tree.as_str().to_owned(),
        };
        let ledger = start(options, clock, follower, found)?;
        Ok((ledger, opened))
    }

    /// Puts a draft on record. It is queued by the call itself, in the order
    /// of calls, and stays queued when the future is dropped; the future ends
    /// when the record is durable and followed. Give an `Arc` to keep the
    /// draft at hand, for its bytes.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn append<D: Into<Arc<Draft>>>(
        &self,
        draft: D,
    ) -> impl Future<Output = Result<Appended, AppendError>> + use<D> {
        let queued = self.enqueue(draft.into());
        async move { queued?.await.unwrap_or(Err(AppendError::Closed)) }
    }

    /// [`Ledger::append`] for a thread that may block.
    ///
    /// # Errors
    /// [`AppendError`].
    ///
    /// # Panics
    /// Within an asynchronous context.
    pub fn append_blocking(&self, draft: impl Into<Arc<Draft>>) -> Result<Appended, AppendError> {
        let queued = self.enqueue(draft.into())?;
        queued.blocking_recv().unwrap_or(Err(AppendError::Closed))
    }

    fn enqueue(&self, draft: Arc<Draft>) -> Result<oneshot::Receiver<AppendAnswer>, AppendError> {
        let side = draft.side();
        within(draft.body().len(), RECORD_MAX)?;
        within(side.len(), SIDE_MAX)?;
        let depth = depth(draft.value()).max(draft.side_value().map_or(0, depth));
        if depth > DEPTH_MAX {
            return Err(AppendError::TooDeep { found: depth });
        }
        let (answer, queued) = oneshot::channel();
        self.0.queue.push(QueuedAppend {
            draft,
            side,
            answer,
        })?;
        Ok(queued)
    }

    /// A reader of what is durable.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(&self.0.dir, &self.0.tree, &self.0.map)
    }

    pub(super) fn place(&self) -> (&Path, &super::identity::Tree) {
        (&self.0.dir, &self.0.tree)
    }

    /// What is durable now.
    pub(super) fn contents(&self) -> Contents {
        self.0.map.read().clone()
    }

    /// The ledger in figures.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.counters.read(&self.0.map.read())
    }

    /// Takes no more appends, writes what waits and lets go of the folder.
    /// Blocks until then; later appends are [`AppendError::Closed`], readers
    /// go on.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Inner {
    fn close(&self) {
        self.queue.close();
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // A writer that panicked has said so, and told all who waited.
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

fn start(
    options: LedgerOptions,
    clock: LedgerClock,
    follower: Box<dyn Follower>,
    found: FoundLedger,
) -> Result<Ledger, OpenError> {
    let queue = Arc::new(Queue::new(options.queue));
    let map = Arc::new(Map::new(found.contents));
    let counters = Arc::new(Counters::new());
    let keeper = Keeper {
        dir: options.dir.clone(),
        tree: found.tree.clone(),
        queue: queue.clone(),
        every: options.segment_bytes,
        bytes: found.resumed.1,
        running: None,
    };
    let writer = Writer {
        keeper,
        queue: queue.clone(),
        map: map.clone(),
        counters: counters.clone(),
        clock,
        follower,
        tail: found.tail,
        tree: found.tree.as_str().to_owned(),
        segment_bytes: options.segment_bytes,
        distrust: None,
        _lock: found.lock,
    };
    let thread = Builder::new()
        .name("ledger".into())
        .spawn(|| writer.run())
        .map_err(|e: io::Error| OpenError::io(&options.dir)(e))?;
    Ok(Ledger(Arc::new(Inner {
        dir: options.dir,
        queue,
        map,
        counters,
        tree: found.tree,
        thread: Mutex::new(Some(thread)),
    })))
}

fn within(found: usize, limit: usize) -> Result<(), AppendError> {
    if found > limit {
        return Err(AppendError::TooLarge { limit, found });
    }
    Ok(())
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
