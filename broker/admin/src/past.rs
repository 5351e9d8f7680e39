//! What is over leaves memory: revocations and locks are listed from the record,
//! in the blocks of records that hold one.

use super::answer::Answer;
use super::call::Call;
use super::page::Window;
use super::problem::Problem;
use locum_core::ids::Uuid7;
use locum_core::refusal::Code;
use locum_engine::records::Records;
use locum_stores::ledger::Entry;
use locum_stores::state::{Blocks, Change, changes};
use serde_json::{Value, json};
use std::io;
use std::ops::Range;

/// Records looked at for one page: the rest is on the next.
const PAGE_RECORDS: u64 = 100_000;

/// A kind of things whose changes are read back.
pub(super) struct PastKind<T> {
    /// A text that every record of one holds.
    pub(super) text: &'static str,
    /// The thing, from a change and the milliseconds of its record.
    pub(super) pick: fn(Change, u64) -> Option<T>,
    /// Its id.
    pub(super) id: fn(&T) -> Uuid7,
    /// Its id as it is shown.
    pub(super) name: fn(&T) -> String,
}

impl<T: Send + 'static> PastKind<T> {
    /// The one of that id; `None` when nothing of that id was recorded.
    ///
    /// # Errors
    /// 503 when the ledger cannot be read.
    pub(super) async fn one(
        &'static self,
        records: &Records,
        id: Uuid7,
    ) -> Result<Option<T>, Problem> {
        let records = records.clone();
        blocking(move || {
            let range = records.changes.reader().made_at(id.ms())?;
            self.first_in(&records, range, &|each| (self.id)(each) == id)
        })
        .await
    }

    /// The first that is so, of those recorded at that Unix millisecond or later.
    ///
    /// # Errors
    /// 503 when the ledger cannot be read.
    pub(super) async fn first(
        &'static self,
        records: &Records,
        (blocks, from_ms): (Blocks, u64),
        is: impl Fn(&T) -> bool + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let records = records.clone();
        blocking(move || {
            let reader = records.changes.reader();
            for range in blocks.from(reader.find_time(from_ms)?) {
                if let Some(one) = self.first_in(&records, range, &is)? {
                    return Ok(Some(one));
                }
            }
            Ok(None)
        })
        .await
    }

    fn first_in(
        &self,
        records: &Records,
        range: Range<u64>,
        is: &impl Fn(&T) -> bool,
    ) -> io::Result<Option<T>> {
        let reader = records.changes.reader();
        for entry in reader.search(range, vec![self.text.to_owned()]) {
            if let Some(one) = self.of(records, &entry?)?.into_iter().find(is) {
                return Ok(Some(one));
            }
        }
        Ok(None)
    }

    /// A page of them, ordered by id.
    ///
    /// # Errors
    /// 503 when the ledger cannot be read, 422 for a window that is none.
    pub(super) async fn page(
        &'static self,
        call: &Call,
        blocks: Blocks,
        after: fn(&str) -> Option<Uuid7>,
        show: impl Fn(&T) -> Value,
    ) -> Result<Answer, Problem> {
        let window = call.window()?;
        let after = match &window.after {
            None => None,
            Some(text) => Some(after(text).ok_or_else(|| Problem::unknown("a page"))?),
        };
        let records = call.api.broker.records.clone();
        let read = move || self.read(&records, &blocks, after, &window);
        let (items, more) = blocking(read).await?;
        let next = items.last().filter(|_| more);
        let next = next.map(|last| call.cursor(&(self.name)(last)));
        let shown: Vec<Value> = items.iter().map(show).collect();
        Ok(Answer::ok(json!({ "items": shown, "next": next })))
    }

    /// Those after an id, and whether there may be more. Ids are made before
    /// their records, which may come in another order: reading goes on until
    /// nothing smaller can come.
    fn read(
        &self,
        records: &Records,
        blocks: &Blocks,
        after: Option<Uuid7>,
        window: &Window,
    ) -> io::Result<(Vec<T>, bool)> {
        let reader = records.changes.reader();
        let from = after.map_or(Ok(0), |id| reader.find_time(id.ms()))?;
        let (mut found, mut looked_at) = (Vec::new(), 0);
        // Of that id's time: worked out once for each.
        let mut until: Option<(u64, u64)> = None;
        for range in blocks.from(from) {
            let full = found.len() > window.limit;
            if full || looked_at >= PAGE_RECORDS && !found.is_empty() {
                found.sort_by_key(self.id);
                let last = found.get(window.limit).or(found.last());
                let last_ms = last.map_or(0, |each| (self.id)(each).ms());
                let before = match until {
                    Some((ms, before)) if ms == last_ms => before,
                    Some(_) | None => reader.made_before(last_ms)?,
                };
                until = Some((last_ms, before));
                if range.start >= before {
                    found.truncate(window.limit);
                    return Ok((found, true));
                }
            }
            looked_at += range.end - range.start;
            for entry in reader.search(range, vec![self.text.to_owned()]) {
                let new = self.of(records, &entry?)?.into_iter();
                found.extend(new.filter(|each| after.is_none_or(|after| (self.id)(each) > after)));
            }
        }
        found.sort_by_key(self.id);
        let more = found.len() > window.limit;
        found.truncate(window.limit);
        Ok((found, more))
    }

    fn of(&self, records: &Records, entry: &Entry) -> io::Result<Vec<T>> {
        let is_change = entry.kind == locum_stores::state::CHANGE;
        if !is_change || !records.changes.in_force(entry.place.index) {
            return Ok(Vec::new());
        }
        let read = changes(&entry.body, entry.side.as_ref());
        let read = read.map_err(|flaw| io::Error::new(io::ErrorKind::InvalidData, flaw))?;
        let time_ms = entry.place.time_ms;
        let each = read.into_iter();
        Ok(each
            .filter_map(|change| (self.pick)(change, time_ms))
            .collect())
    }
}

/// Reads the disk away from the threads that answer.
///
/// # Errors
/// 503 when it cannot be read.
pub(super) async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|e| unreadable(&e))?
        .map_err(|e| unreadable(&e))
}

/// The record cannot be read: the log says why.
pub(super) fn unreadable(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "the ledger could not be read");
    let detail = "expected a ledger that can be read, found one that cannot now";
    Problem::new(Code::Unavailable, detail)
}

#[cfg(test)]
#[path = "past/tests.rs"]
mod tests;
