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
    ship::Ship,
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
    /// Where commits go too.
    pub(super) ship: Option<Box<dyn Ship>>,
    /// A commit that was sent and that the disk does not have.
    pub(super) ahead: Option<Ahead>,
    pub(super) tail: Tail,
    pub(super) tree: String,
    pub(super) segment_bytes: u64,
    pub(super) keeper: Keeper,
    /// Why the follower's state can no longer be trusted.
    pub(super) distrust: Option<String>,
    /// The folder is ours until the thread ends.
    pub(super) _lock: File,
}

/// A commit that was sent: no other may take its places.
pub(super) struct Ahead {
    bytes: Vec<u8>,
    placed: Vec<Placed>,
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
            let broken = self.tail.is_broken() || self.ahead.is_some();
            let patience = broken.then_some(REPAIR_EVERY);
            match self.queue.take(COMMIT_RECORDS, COMMIT_BYTES, patience) {
                Next::Commit(waiting) => self.commit(waiting),
                Next::Idle => {
                    let repaired = self.tail.repair().and_then(|()| self.catch_up());
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
        if let Err(e) = self.catch_up() {
            self.notice::<()>(&Err(io::Error::other(e.to_string())));
            return refuse(waiting, &e.to_string());
        }
        let (bytes, placed) = self.place(waiting);
        let Some(first) = placed.first().map(|p| p.appended.place.index) else {
            return;
        };
        if let Some(ship) = &mut self.ship {
            ship.send(first, placed.len() as u64, &bytes);
        }
        let written = self.tail.append(&bytes, first, self.segment_bytes);
        self.notice(&written);
        match written {
            Ok(written) => {
                let arrived = self.ship.as_mut().map_or(Ok(()), |ship| ship.arrived());
                self.publish(placed, &written, arrived);
            }
            Err(e) => {
                self.counters.failed();
                if self.ship.is_some() {
                    self.ahead = Some(Ahead { bytes, placed });
                } else {
                    refuse(placed.into_iter().map(|p| p.waiting), &e.to_string());
                }
            }
        }
    }

    /// Writes what was sent and is not on the disk yet: it may be on record
    /// elsewhere.
    fn catch_up(&mut self) -> io::Result<()> {
        let Some(Ahead { bytes, placed }) = self.ahead.take() else {
            return Ok(());
        };
        let first = placed.first().map_or(0, |p| p.appended.place.index);
        match self.tail.append(&bytes, first, self.segment_bytes) {
            Ok(written) => {
                let arrived = self.ship.as_mut().map_or(Ok(()), |ship| ship.arrived());
                self.publish(placed, &written, arrived);
                Ok(())
            }
            Err(e) => {
                self.ahead = Some(Ahead { bytes, placed });
                Err(e)
            }
        }
    }

    /// Gives every draft its place and its bytes; answers those too large.
    fn place(&self, waiting: Vec<QueuedAppend>) -> (Vec<u8>, Vec<Placed>) {
        let (mut index, last_ms) = {
            let contents = self.map.read();
            (contents.records, contents.last_time_ms)
        };
        let now_ms = (self.clock)();
        let mut time_ms = last_ms;
        let mut bytes = Vec::new();
        let mut placed = Vec::with_capacity(waiting.len());
        for waiting in waiting {
            if let Some(expected) = waiting.index.filter(|expected| *expected != index) {
                let reason = format!("expected place {expected} to be next, found {index}");
                waiting.answer(Err(AppendError::Unavailable(reason)));
                continue;
            }
            time_ms = waiting.time_ms.unwrap_or(now_ms).max(time_ms);
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
    /// who wait hear of it. What did not arrive elsewhere holds all the same.
    fn publish(&mut self, placed: Vec<Placed>, written: &WrittenTail, arrived: Result<(), String>) {
        let ends = placed
            .iter()
            .map(|p| (written.offset + p.end, p.appended.place.time_ms));
        self.map.publish(written.segment, ends);
        self.counters.committed(written.sync);
        let mut followed = Vec::with_capacity(placed.len());
        for placed in placed {
            let arrived = arrived.clone().map_err(AppendError::NotShipped);
            let answer = self.follow(&placed).and(arrived);
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
