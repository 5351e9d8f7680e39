//! Where a ledger lies, how large its parts are, and what opening it found.

use std::path::PathBuf;
use std::sync::Arc;

/// Bytes after which a new segment is begun, unless the options say otherwise.
pub const SEGMENT_BYTES: u64 = 32 * 1024 * 1024;
/// Appends that may wait, unless the options say otherwise.
pub const QUEUE: usize = 4096;

/// Deepest nesting of body and side: the reader's parser gives up at 128
/// levels, and a record that cannot be read back would close the ledger for
/// good.
pub(super) const DEPTH_MAX: usize = 100;
/// Bytes after which a commit takes no further record.
pub(super) const COMMIT_BYTES: usize = 1024 * 1024;

/// Where a ledger lies and how large its parts are.
#[derive(Debug, Clone)]
pub struct LedgerOptions {
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

impl LedgerOptions {
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
pub type LedgerClock = Arc<dyn Fn() -> u64 + Send + Sync>;

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
