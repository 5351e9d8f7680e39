//! The append-only durable record (architecture, "Five promises": no
//! record, no answer). One thread writes; whatever waits while it syncs becomes the next
//! commit, so many records share one `fdatasync` without a timer. The bytes on
//! disk are described in `docs/reference/ledger-format.md`.

mod disk;
mod entry;
mod error;
mod frame;
mod handle;
mod identity;
mod keeper;
mod map;
mod open;
mod parts;
mod past;
mod queue;
mod reader;
mod replay;
mod search;
mod segment;
mod snapshot;
mod stats;
mod tail;
mod torn;
mod writer;

#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc};

use locum_core::record::{Draft, Place};

pub use entry::Entry;
pub use error::{AppendError, OpenError};
pub use frame::SIDE_MAX;
pub use handle::Ledger;
pub use parts::{Part, Parts, is_part, verify};
pub use past::Past;
pub use reader::{Backward, Forward, Reader};
pub use search::Search;
pub use snapshot::SNAPSHOT;
pub use stats::{FSYNC_BOUNDS_S, Stats};

/// Bytes after which a new segment is begun, unless the options say otherwise.
pub const SEGMENT_BYTES: u64 = 32 * 1024 * 1024;
/// Appends that may wait, unless the options say otherwise.
pub const QUEUE: usize = 4096;

/// Where a ledger lies and how large its parts are.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder, the ledger's alone; made when it is missing.
    pub dir: PathBuf,
    /// Size in bytes that a segment does not pass, unless one commit is larger;
    /// also by how much the ledger grows from one snapshot to the next.
    pub segment_bytes: u64,
    /// How many appends may wait; one more is refused as unavailable.
    pub queue: usize,
    /// Ten random bytes that become the tree's name when the ledger is new;
    /// unused afterwards.
    pub tree_seed: [u8; 10],
}

impl Options {
    /// Options with the usual sizes.
    #[must_use]
    pub const fn new(dir: PathBuf, tree_seed: [u8; 10]) -> Self {
        Self {
            dir,
            segment_bytes: SEGMENT_BYTES,
            queue: QUEUE,
            tree_seed,
        }
    }
}

/// The clock: Unix milliseconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Who folds the records into state, in index order and without gaps.
pub trait Follower: Send + 'static {
    /// A record of the past, at open.
    ///
    /// # Errors
    /// What is wrong with it; the ledger does not open then.
    fn replay(&mut self, entry: &Entry) -> Result<(), String>;

    /// A record of the past before it is decoded: `true` when it was followed
    /// from its bytes alone, as [`Follower::replay`] would have.
    fn skim(&mut self, _past: &Past<'_>) -> bool {
        false
    }

    /// A record that has just become durable, before its append is answered.
    ///
    /// # Errors
    /// What is wrong; the state can no longer be trusted, so this and every
    /// later append is answered unavailable until the ledger is opened anew.
    fn appended(&mut self, place: &Place, draft: &Draft) -> Result<(), String>;

    /// A copy of the state as it stands after the newest record, to be turned
    /// into bytes by another thread. `None`: it keeps no snapshots.
    fn copy(&self) -> Option<Save> {
        None
    }

    /// Takes over what a copy became, in place of every record up to then.
    ///
    /// # Errors
    /// What does not fit; the state is as new then.
    fn restore(&mut self, _state: &[u8]) -> Result<(), String> {
        Err("expected a follower that keeps snapshots, found another".into())
    }
}

/// A copy of the state, on its way to bytes.
pub type Save = Box<dyn FnOnce() -> Result<Vec<u8>, String> + Send>;

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Records in the ledger.
    pub records: u64,
    /// How many of them a snapshot stood for; the others were replayed.
    pub from_snapshot: u64,
    /// Bytes of a torn last write that were cut off.
    pub repaired_bytes: u64,
    /// Time of the newest record in Unix milliseconds, 0 when there is none.
    pub last_time_ms: u64,
    /// The tree's name: lower-case base32.
    pub tree: String,
}
