//! Who folds the records into state.

use super::entry::Entry;
use super::past::RawRecord;
use locum_core::record::{Draft, Place};

/// Who folds the records into state, in index order and without gaps.
pub trait Follower: Send + 'static {
    /// A record of the past, at open.
    ///
    /// # Errors
    /// What is wrong with it; the ledger does not open then.
    fn replay(&mut self, entry: &Entry) -> Result<(), String>;

    /// A record of the past before it is decoded: `true` when it was followed
    /// from its bytes alone, as [`Follower::replay`] would have.
    fn skim(&mut self, _past: &RawRecord<'_>) -> bool {
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
