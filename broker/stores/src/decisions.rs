//! The seam `Decisions`: the record of what was permitted and refused. It is
//! read where it lies, never from the state.

#[cfg(test)]
pub(crate) mod suite;

use crate::Coming;
use crate::ledger::{AppendError, Entry};
use locum_core::ids::Jti;
use locum_core::record::{Appended, Draft};
use std::fmt;
use std::io;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::Arc;

/// Where a search stopped, so that another goes on there. As text it is a
/// cursor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position(pub(crate) u64);

impl Position {
    /// Just behind that record, in the direction of the search that found it.
    #[must_use]
    pub const fn behind(entry: &Entry, newest_first: bool) -> Self {
        Self(entry.place.index + !newest_first as u64)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Position {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What is looked for. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// Texts that the record or its side record holds, each in canonical JSON.
    /// What is found may hold one elsewhere than expected: look at it.
    pub texts: Vec<String>,
    /// Of records made then or later.
    pub since_ms: u64,
    /// Where no record can stand any more whose id was made then or earlier, it
    /// ends; `None`: at the newest record.
    pub made_until_ms: Option<u64>,
    /// The newest first, or the oldest.
    pub newest_first: bool,
    /// Where an earlier search stopped.
    pub from: Option<Position>,
    /// Most records that are looked at.
    pub look_at: u64,
    /// Most records that are found.
    pub most: usize,
}

impl Sought {
    /// What holds these texts, the newest first.
    #[must_use]
    pub const fn newest(texts: Vec<String>) -> Self {
        Self {
            texts,
            since_ms: 0,
            made_until_ms: None,
            newest_first: true,
            from: None,
            look_at: u64::MAX,
            most: MOST,
        }
    }

    /// The records of what got its id at that Unix millisecond.
    #[must_use]
    pub const fn made_at(mut self, ms: u64) -> Self {
        self.since_ms = ms;
        self.made_until_ms = Some(ms);
        self
    }
}

/// Records that a search finds at once where nothing else is said.
const MOST: usize = 256;

/// What a search found.
#[derive(Debug, Default)]
pub struct FoundDecisions {
    /// The records, in the order that was asked for.
    pub entries: Vec<Entry>,
    /// Where the next search goes on; `None` when all was looked at.
    pub next: Option<Position>,
    /// How many records were looked at.
    pub looked_at: u64,
}

/// The record of decisions, and of what surrounds them, such as summaries.
pub trait Decisions: Send + Sync {
    /// Puts one on record. It is queued by the call itself, in the order of
    /// calls, and stays queued when nobody waits; when it comes it is durable, and
    /// what it took is taken in the state.
    fn append(&self, draft: Arc<Draft>) -> Coming<'static, Result<Appended, AppendError>>;

    /// The permit by which that token was issued. It fails where the record
    /// cannot be read.
    fn by_jti(&self, jti: Jti) -> Coming<'_, io::Result<Option<Entry>>>;

    /// Looks for records. It fails where they cannot be read.
    fn search(&self, sought: Sought) -> Coming<'static, io::Result<FoundDecisions>>;
}
