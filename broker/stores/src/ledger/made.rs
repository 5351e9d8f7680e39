//! Where records stand, by when their ids were made: an id is made before its
//! record, and how long before depends on the disk.

use super::entry::Entry;
use super::options::QUEUE;
use super::reader::Reader;
use locum_core::ids::RequestId;
use std::io;
use std::ops::Range;

/// How long after an id was made its record is given to the ledger at the latest,
/// in milliseconds: longer than any request runs.
pub(crate) const QUEUED_WITHIN_MS: u64 = 60_000;

impl Reader {
    /// Where a record stands whose id was made at that Unix millisecond.
    ///
    /// # Errors
    /// When the records around it cannot be read.
    pub fn made_at(&self, ms: u64) -> io::Result<Range<u64>> {
        Ok(self.find_time(ms)?..self.made_before(ms)?)
    }

    /// The index before which each record stands whose id was made at that Unix
    /// millisecond or earlier. While a disk hangs, a record waits for as long as
    /// that lasts, and its time says nothing. But what was asked for later is given
    /// to the ledger later, and stands behind it; and ahead of it are no more than a
    /// full queue and the records on their way out of one.
    ///
    /// # Errors
    /// When the records around it cannot be read.
    pub fn made_before(&self, ms: u64) -> io::Result<u64> {
        let end_ms = ms.saturating_add(QUEUED_WITHIN_MS);
        let first = self.find_time(end_ms.saturating_add(1))?;
        let last = first.saturating_add(2 * QUEUE as u64).min(self.len());
        for entry in self.search(first..last, vec!["\"request_id\":\"".into()]) {
            let entry = entry?;
            if asked_ms(&entry).is_some_and(|asked_ms| asked_ms > end_ms) {
                return Ok(entry.place.index);
            }
        }
        Ok(last)
    }
}

/// When the request of a record began, Unix milliseconds.
fn asked_ms(entry: &Entry) -> Option<u64> {
    let id = entry.body.get("request_id")?.as_str()?;
    RequestId::parse(id).ok().map(RequestId::ms)
}
