//! The append-only durable record (architecture, "Five promises": no
//! record, no answer). One thread writes; whatever waits while it syncs becomes the next
//! commit, so many records share one `fdatasync` without a timer. The bytes on
//! disk are described in `docs/reference/ledger-format.md`.

mod disk;
mod entry;
mod error;
mod follower;
mod frame;
mod handle;
mod identity;
mod keeper;
mod made;
mod map;
mod mirror;
mod open;
mod options;
mod parts;
mod past;
mod queue;
mod reader;
mod replay;
mod search;
mod segment;
mod ship;
mod snapshot;
mod stats;
mod tail;
#[cfg(feature = "testing")]
#[allow(clippy::indexing_slicing, reason = "for tests")]
pub mod testing;
mod torn;
mod writer;

#[cfg(test)]
mod tests;

pub use entry::Entry;
pub use error::{AppendError, OpenError};
pub use follower::{Follower, Save};
pub use frame::SIDE_MAX;
pub use handle::Ledger;
pub use identity::seed_of;
pub(crate) use made::QUEUED_WITHIN_MS;
pub use mirror::{Mirror, MirrorError, Skim};
pub use options::{LedgerClock, LedgerOptions, Opened, QUEUE, SEGMENT_BYTES};
pub use parts::{BackupParts, Part, is_part, verify};
pub(crate) use parts::{Nobody, each, entries, first_frames, holds_records, name_of, tree_of};
pub use past::RawRecord;
pub use reader::{Backward, Forward, Reader};
pub use search::Search;
pub use ship::Ship;
pub use snapshot::SNAPSHOT;
pub use stats::{FSYNC_BOUNDS_S, Stats};
