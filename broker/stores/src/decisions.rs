//! The seam `Decisions`: the record of what was permitted and refused. It is
//! read where it lies, never from the state.

#[cfg(test)]
pub(crate) mod suite;

use crate::Coming;
use crate::ledger::{AppendError, Entry};
use locum_core::ids::Jti;
use locum_core::record::{Appended, Draft};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a search stopped, so that another goes on there; only the backend that
/// said so knows what it means. As text it is a cursor's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// In the one tree there is.
    Alone(u64),
    /// In each of several trees, by its name.
    Trees(BTreeMap<String, u64>),
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a position, found another text")]
pub struct NoPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alone(at) => at.fmt(f),
            Self::Trees(trees) => {
                let each = trees.iter().map(|(tree, at)| format!("{tree}:{at}"));
                f.write_str(&each.collect::<Vec<_>>().join("."))
            }
        }
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(at) = text.parse() {
            return Ok(Self::Alone(at));
        }
        let each = |part: &str| {
            let (tree, at) = part.split_once(':')?;
            Some((tree.to_owned(), at.parse().ok()?))
        };
        let trees: Option<BTreeMap<_, _>> = text.split('.').map(each).collect();
        trees.map(Self::Trees).ok_or(NoPosition)
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

/// Is shown each record that is found, away from the threads that answer. At the
/// one at which it breaks off the next search goes on.
pub type Visit = Box<dyn FnMut(Entry) -> ControlFlow<()> + Send>;

/// The record of decisions, and of what surrounds them, such as summaries.
pub trait Decisions: Send + Sync {
    /// Puts one on record. It is queued by the call itself, in the order of
    /// calls, and stays queued when nobody waits; when it comes it is durable, and
    /// what it took is taken in the state.
    fn append(&self, draft: Arc<Draft>) -> Coming<'static, Result<Appended, AppendError>>;

    /// The permit by which that token was issued. It fails where the record
    /// cannot be read.
    fn by_jti(&self, jti: Jti) -> Coming<'_, io::Result<Option<Entry>>>;

    /// Looks for records; where the next search goes on, `None` when all was looked
    /// at. A bounded number of records is held at a time. It fails where they cannot
    /// be read.
    fn search(&self, sought: Sought, visit: Visit)
    -> Coming<'static, io::Result<Option<Position>>>;

    /// Nodes whose records are not all here.
    fn incomplete(&self) -> Vec<String>;
}

/// What comes of all that a search finds, and where the next one goes on.
///
/// # Errors
/// When the records cannot be read.
pub async fn folded<T: Send + 'static>(
    decisions: &dyn Decisions,
    sought: Sought,
    start: T,
    mut each: impl FnMut(&mut T, Entry) -> ControlFlow<()> + Send + 'static,
) -> io::Result<(T, Option<Position>)> {
    let all = Arc::new(Mutex::new(start));
    let into = all.clone();
    let visit = move |entry| {
        each(
            &mut into.lock().unwrap_or_else(PoisonError::into_inner),
            entry,
        )
    };
    let next = decisions.search(sought, Box::new(visit)).await?;
    let gone = || io::Error::other("expected a search that has ended, found one under way");
    let all = Arc::into_inner(all).ok_or_else(gone)?;
    Ok((
        all.into_inner().unwrap_or_else(PoisonError::into_inner),
        next,
    ))
}
