//! Decisions of a node that is alone: they lie in its one ledger, beside the
//! changes.

use crate::Coming;
use crate::decisions::{Decisions, Position, Sought, Visit};
use crate::ledger::{AppendError, Entry, Ledger, QUEUED_WITHIN_MS, Reader, Search};
use locum_core::decide::DECISION;
use locum_core::ids::Jti;
use locum_core::record::{Appended, Draft};
use serde_json::Value;
use std::future::ready;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Decisions in a ledger whose follower is the state.
pub struct EmbeddedDecisions(Ledger);

impl EmbeddedDecisions {
    /// Those of an open ledger.
    #[must_use]
    pub const fn new(ledger: Ledger) -> Self {
        Self(ledger)
    }
}

impl Decisions for EmbeddedDecisions {
    fn append(&self, draft: Arc<Draft>) -> Coming<'static, Result<Appended, AppendError>> {
        Box::pin(self.0.append(draft))
    }

    fn by_jti(&self, jti: Jti) -> Coming<'_, io::Result<Option<Entry>>> {
        // A few blocks that were written lately: the system has them in memory.
        Box::pin(ready(permit(&self.0.reader(), jti)))
    }

    fn search(
        &self,
        sought: Sought,
        visit: Visit,
    ) -> Coming<'static, io::Result<Option<Position>>> {
        let reader = self.0.reader();
        Box::pin(async move { spawn_blocking(move || search(&reader, sought, visit)).await? })
    }

    fn incomplete(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The permit of a token in one tree.
pub(crate) fn permit(reader: &Reader, jti: Jti) -> io::Result<Option<Entry>> {
    // A permit that came later than this was never answered with.
    let end_ms = jti.ms().saturating_add(QUEUED_WITHIN_MS);
    let range = reader.find_time(jti.ms())?..reader.find_time(end_ms.saturating_add(1))?;
    let mut found = reader.search(range, vec![format!("\"jti\":\"{jti}\"")]);
    found
        .find(|entry| {
            entry
                .as_ref()
                .map_or(true, |entry| is_permit_of(entry, jti))
        })
        .transpose()
}

fn is_permit_of(entry: &Entry, jti: Jti) -> bool {
    let is = |name: &str, value: &str| entry.body.get(name).and_then(Value::as_str) == Some(value);
    entry.kind == DECISION && is("outcome", "permit") && is("jti", &jti.to_string())
}

fn search(reader: &Reader, sought: Sought, mut visit: Visit) -> io::Result<Option<Position>> {
    let from = match sought.from {
        Some(Position::Alone(from)) => Some(from),
        // Of another deployment: it begins anew.
        Some(Position::Trees(_)) | None => None,
    };
    let all = range(reader, &sought, from)?;
    let mut looked = Looked::new(reader, &all, sought.look_at, &sought);
    while let Some(entry) = looked.next()? {
        let index = entry.place.index;
        if visit(entry).is_break() {
            looked.stopped_at(index);
            return Ok(Some(Position::Alone(looked.goes_on_at())));
        }
    }
    Ok(looked
        .is_cut()
        .then(|| Position::Alone(looked.goes_on_at())))
}

/// A part of one tree that is looked through.
pub(crate) struct Looked {
    found: Search,
    newest_first: bool,
    cut: bool,
    goes_on_at: u64,
}

impl Looked {
    /// The nearest so many records of a range.
    pub(crate) fn new(reader: &Reader, all: &Range<u64>, look_at: u64, sought: &Sought) -> Self {
        let newest_first = sought.newest_first;
        let looked = nearest(all, look_at, newest_first);
        let (cut, goes_on_at) = if newest_first {
            (looked.start > all.start, looked.start)
        } else {
            (looked.end < all.end, looked.end)
        };
        let texts = sought.texts.clone();
        Self {
            found: if newest_first {
                reader.search_back(looked, texts)
            } else {
                reader.search(looked, texts)
            },
            newest_first,
            cut,
            goes_on_at,
        }
    }

    /// The next that is found.
    pub(crate) fn next(&mut self) -> io::Result<Option<Entry>> {
        self.found.next().transpose()
    }

    /// Whether more of the range was not looked at.
    pub(crate) const fn is_cut(&self) -> bool {
        self.cut
    }

    /// It ends at a record, which was not taken.
    pub(crate) fn stopped_at(&mut self, index: u64) {
        self.cut = true;
        self.goes_on_at = index + u64::from(self.newest_first);
    }

    /// Where another goes on.
    pub(crate) const fn goes_on_at(&self) -> u64 {
        self.goes_on_at
    }
}

/// Where it is to be looked for, from where an earlier search stopped; a range that
/// is empty begins where it ends.
pub(crate) fn range(reader: &Reader, sought: &Sought, from: Option<u64>) -> io::Result<Range<u64>> {
    let mut start = match sought.since_ms {
        0 => 0,
        since_ms => reader.find_time(since_ms)?,
    };
    let mut end = match sought.made_until_ms {
        Some(ms) => reader.made_before(ms)?,
        None => reader.len(),
    };
    if let Some(from) = from {
        if sought.newest_first {
            end = end.min(from);
        } else {
            start = start.max(from);
        }
    }
    Ok(start.min(end)..end)
}

/// That many of a range, from where the search begins.
fn nearest(range: &Range<u64>, many: u64, newest_first: bool) -> Range<u64> {
    if newest_first {
        range.start.max(range.end.saturating_sub(many))..range.end
    } else {
        range.start..range.end.min(range.start.saturating_add(many))
    }
}
