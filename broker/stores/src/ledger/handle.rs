//! The handle that the rest of the broker holds.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{Builder, JoinHandle},
};

use locum_core::record::{Appended, Draft, Place, RECORD_MAX, TooLarge};
use serde_json::Value;
use tokio::sync::oneshot;

use super::error::{AppendError, OpenError};
use super::follower::Follower;
use super::frame::SIDE_MAX;
use super::options::DEPTH_MAX;
use super::options::{LedgerClock, LedgerOptions, Opened};
use super::reader::Reader;
use super::ship::Ship;
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

/// An append that is queued.
pub(crate) struct Queued(oneshot::Receiver<AppendAnswer>);

impl Queued {
    /// Waits for its end.
    ///
    /// # Errors
    /// [`AppendError`].
    ///
    /// # Panics
    /// Within an asynchronous context.
    pub(crate) fn wait(self) -> Result<Appended, AppendError> {
        self.0.blocking_recv().unwrap_or(Err(AppendError::Closed))
    }
}

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
        Self::open_on(options, clock, (follower, None), Box::new(RealDisk))
    }

    /// [`Ledger::open`] of one whose commits go elsewhere too.
    ///
    /// # Errors
    /// [`OpenError`]; damage is never repaired.
    pub fn open_shipping(
        options: LedgerOptions,
        clock: LedgerClock,
        follower: Box<dyn Follower>,
        ship: Box<dyn Ship>,
    ) -> Result<(Self, Opened), OpenError> {
        Self::open_on(options, clock, (follower, Some(ship)), Box::new(RealDisk))
    }

    pub(super) fn open_on(
        options: LedgerOptions,
        clock: LedgerClock,
        (mut follower, ship): (Box<dyn Follower>, Option<Box<dyn Ship>>),
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
        let ledger = start(options, clock, (follower, ship), found)?;
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
        let queued = self.enqueue(draft.into(), (None, None));
        async move { queued?.await.unwrap_or(Err(AppendError::Closed)) }
    }

    /// [`Ledger::append`] of what got its place elsewhere, and its time from its author,
    /// Unix milliseconds. It is refused at any other index; it has the time of the one
    /// before it where its own is earlier.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn append_at<D: Into<Arc<Draft>>>(
        &self,
        draft: D,
        (index, time_ms): (u64, u64),
    ) -> impl Future<Output = Result<Appended, AppendError>> + use<D> {
        let queued = self.enqueue(draft.into(), (Some(time_ms), Some(index)));
        async move { queued?.await.unwrap_or(Err(AppendError::Closed)) }
    }

    /// [`Ledger::append`] of what got its time from its author, whose end is waited for by
    /// a thread that may block.
    ///
    /// # Errors
    /// [`AppendError`].
    pub(crate) fn queue_at(&self, draft: Arc<Draft>, time_ms: u64) -> Result<Queued, AppendError> {
        self.enqueue(draft, (Some(time_ms), None)).map(Queued)
    }

    /// [`Ledger::append`] for a thread that may block.
    ///
    /// # Errors
    /// [`AppendError`].
    ///
    /// # Panics
    /// Within an asynchronous context.
    pub fn append_blocking(&self, draft: impl Into<Arc<Draft>>) -> Result<Appended, AppendError> {
        let queued = self.enqueue(draft.into(), (None, None))?;
        queued.blocking_recv().unwrap_or(Err(AppendError::Closed))
    }

    fn enqueue(
        &self,
        draft: Arc<Draft>,
        (time_ms, index): (Option<u64>, Option<u64>),
    ) -> Result<oneshot::Receiver<AppendAnswer>, AppendError> {
        let side = fits(&draft)?;
        let (answer, queued) = oneshot::channel();
        self.0.queue.push(QueuedAppend {
            draft,
            side,
            time_ms,
            index,
            answer,
        })?;
        Ok(queued)
    }

    /// Whether a draft can be put on record here, whatever its place.
    ///
    /// # Errors
    /// [`AppendError::TooLarge`] and [`AppendError::TooDeep`].
    pub fn fits(&self, draft: &Draft) -> Result<(), AppendError> {
        fits(draft)?;
        let last = Place {
            tree: self.0.tree.as_str().to_owned(),
            index: u64::MAX,
            time_ms: u64::MAX,
        };
        let encoded = draft.encode(&last).map(|_| ());
        encoded.map_err(|TooLarge { found }| AppendError::TooLarge {
            limit: RECORD_MAX,
            found,
        })
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
    (follower, ship): (Box<dyn Follower>, Option<Box<dyn Ship>>),
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
        ship,
        ahead: None,
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

/// The side record's bytes of a draft that is no larger and no deeper than it may be.
fn fits(draft: &Draft) -> Result<Vec<u8>, AppendError> {
    let side = draft.side();
    within(draft.body().len(), RECORD_MAX)?;
    within(side.len(), SIDE_MAX)?;
    let depth = depth(draft.value()).max(draft.side_value().map_or(0, depth));
    if depth > DEPTH_MAX {
        return Err(AppendError::TooDeep { found: depth });
    }
    Ok(side)
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
