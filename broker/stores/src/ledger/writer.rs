//! The one thread that writes.

use std::{fs::File, io, sync::Arc, time::Duration};

use locum_core::record::{Appended, Place, RECORD_MAX, TooLarge, leaf_hash};

use super::error::AppendError;
use super::follower::Follower;
use super::options::COMMIT_BYTES;
use super::options::LedgerClock;
use super::{
    frame,
    keeper::Keeper,
    map::Map,
    queue::{Next, Queue, QueuedAppend},
    stats::Counters,
    tail::{Tail, WrittenTail},
};

/// Most records in one commit.
const COMMIT_RECORDS: usize = 512;
/// How long a broken ledger without appends waits between attempts at repair:
/// a node that is not ready gets no requests that would try.
const REPAIR_EVERY: Duration = Duration::from_secs(1);

/// Everything the thread owns.
pub(super) struct Writer {
    pub(super) queue: Arc<Queue>,
    pub(super) map: Arc<Map>,
    pub(super) counters: Arc<Counters>,
    pub(super) clock: LedgerClock,
    pub(super) follower: Box<dyn Follower>,
    pub(super) tail: Tail,
    pub(super) tree: String,
    pub(super) segment_bytes: u64,
    pub(super) keeper: Keeper,
    /// Why the follower's state can no longer be trusted.
    pub(super) distrust: Option<String>,
    /// The folder is ours until the thread ends.
    pub(super) _lock: File,
}

/// A record at its place, not yet durable.
struct Placed {
    waiting: QueuedAppend,
    appended: Appended,
    /// End of its frame within the commit.
    end: u64,
}

impl Writer {
    /// Writes until the queue is closed and empty.
    pub(super) fn run(mut self) {
        loop {
            if self.distrust.is_none() {
                self.keeper.consider(&self.map, &*self.follower);
            }
            let patience = self.tail.is_broken().then_some(REPAIR_EVERY);
            match self.queue.take(COMMIT_RECORDS, COMMIT_BYTES, patience) {
                Next::Commit(waiting) => self.commit(waiting),
                Next::Idle => {
                    let repaired = self.tail.repair();
                    self.notice(&repaired);
                }
                Next::End if self.keeper.finish() => {}
                Next::End => return,
            }
        }
    }

    fn commit(&mut self, waiting: Vec<QueuedAppend>) {
        if let Some(reason) = &self.distrust {
            return refuse(waiting, reason);
        }
        let (bytes, placed) = self.place(waiting);
        let Some(first) = placed.first().map(|p| p.appended.place.index) else {
            return;
        };
        let written = self.tail.append(&bytes, first, self.segment_bytes);
        self.notice(&written);
        match written {
            Ok(written) => self.publish(placed, &written),
            Err(e) => {
                self.counters.failed();
                refuse(placed.into_iter().map(|p| p.waiting), &e.to_string());
            }
        }
    }

    /// Gives every draft its place and its bytes; answers those too large.
    fn place(&self, waiting: Vec<QueuedAppend>) -> (Vec<u8>, Vec<Placed>) {
        let (mut index, last_ms) = {
            let contents = self.map.read();
            (contents.records, contents.last_time_ms)
        };
        let time_ms = (self.clock)().max(last_ms);
        let mut bytes = Vec::new();
        let mut placed = Vec::with_capacity(waiting.len());
        for waiting in waiting {
            let place = Place {
                tree: self.tree.clone(),
                index,
                time_ms,
            };
            let record = match waiting.draft.encode(&place) {
                Ok(record) => record,
                Err(TooLarge { found }) => {
                    let limit = RECORD_MAX;
                    waiting.answer(Err(AppendError::TooLarge { limit, found }));
                    continue;
                }
            };
            frame::encode(&record, &waiting.side, &mut bytes);
            let leaf_hash = leaf_hash(&record);
            placed.push(Placed {
                waiting,
                appended: Appended { place, leaf_hash },
                end: bytes.len() as u64,
            });
            index += 1;
        }
        (bytes, placed)
    }

    /// The commit is durable: readers see it, then the follower, then those
    /// who wait hear of it.
    fn publish(&mut self, placed: Vec<Placed>, written: &WrittenTail) {
        let ends = placed
            .iter()
            .map(|p| (written.offset + p.end, p.appended.place.time_ms));
        self.map.publish(written.segment, ends);
        self.counters.committed(written.sync);
        let mut followed = Vec::with_capacity(placed.len());
        for placed in placed {
            let answer = self.follow(&placed);
            followed.push((placed.waiting, answer.map(|()| placed.appended)));
        }
        for (waiting, answer) in followed {
            waiting.answer(answer);
        }
    }

    fn follow(&mut self, placed: &Placed) -> Result<(), AppendError> {
        if self.distrust.is_none() {
            let place = &placed.appended.place;
            let Err(reason) = self.follower.appended(place, &placed.waiting.draft) else {
                return Ok(());
            };
            tracing::error!(
                index = place.index,
                reason,
                "a durable record was not followed"
            );
            self.counters.set_available(false);
            self.distrust = Some(reason);
        }
        let reason = self.distrust.clone().unwrap_or_default();
        Err(AppendError::Unavailable(reason))
    }

    /// Logs when the ledger breaks and when it is whole again, not every
    /// attempt in between.
    fn notice<T>(&self, outcome: &io::Result<T>) {
        let available = outcome.is_ok() && self.distrust.is_none();
        if self.counters.set_available(available) == available {
            return;
        }
        match outcome {
            Ok(_) => tracing::info!("the ledger can be written again"),
            Err(e) => tracing::error!(error = %e, "the ledger cannot be written"),
        }
    }
}

impl Drop for Writer {
    /// However the thread ends: nobody waits for it in vain.
    fn drop(&mut self) {
        self.counters.set_available(false);
        self.queue.abandon();
    }
}

fn refuse(waiting: impl IntoIterator<Item = QueuedAppend>, reason: &str) {
    for waiting in waiting {
        waiting.answer(Err(AppendError::Unavailable(reason.to_owned())));
    }
}
