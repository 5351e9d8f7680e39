//! The seam `Changes`: one order of all changes, whichever node makes them.

#[cfg(test)]
pub(crate) mod suite;

use crate::Coming;
use crate::ledger::{AppendError, Reader};
use crate::state::Changed;
use locum_core::record::{Appended, Draft};
use std::sync::Arc;
use std::time::Duration;

/// What the author of a change rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// That no change was planned since [`Changes::head`] was that number.
    At(u64),
    /// Nothing: it holds whatever came before, as a revocation does.
    Any,
}

/// A change that is on record, in the state, and followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// Its place and hash.
    pub appended: Appended,
    /// [`Changes::head`] behind it.
    pub head: u64,
}

/// Why a change is not on record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOrdered {
    /// Another was planned and made first: it has to be planned again.
    #[error("expected no change since number {expected}, found number {found}")]
    Moved {
        /// The number that its author named.
        expected: u64,
        /// The number of now.
        found: u64,
    },
    /// The record cannot be made.
    #[error(transparent)]
    Refused(#[from] AppendError),
    /// It may be on record, or come to be: in force then, as soon as it is known
    /// here.
    #[error("expected word that the change is on record, found none: {0}")]
    Unknown(String),
    /// A live node could not read it.
    #[error(
        "expected a change that every live node reads, found one of format {needed} while node `{node}` reads format {reads}"
    )]
    TooNew {
        /// The format that it needs.
        needed: u32,
        /// Which node.
        node: String,
        /// What that one reads.
        reads: u32,
    },
    /// It is on record and not in force: its author's credential was revoked before
    /// its place.
    #[error("expected a change by a credential that stands, found one that was revoked meanwhile")]
    NotInForce,
}

/// The right to plan a change, over all nodes. It ends when this is dropped.
pub struct Turn(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Turn {
    /// That of a node which is alone.
    #[must_use]
    pub const fn alone() -> Self {
        Self(None)
    }

    /// One that is given back by that.
    #[must_use]
    pub fn given_back_by(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}

/// How many nodes have something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// Those that have it.
    pub replicas: u32,
    /// Those that live.
    pub of: u32,
}

/// What is told of each change.
pub type Follow = Box<dyn Fn(&Changed) + Send + Sync>;

/// One order of all changes.
pub trait Changes: Send + Sync {
    /// How many changes were planned until now, as far as the state shows them:
    /// whoever plans one on that state names it.
    fn head(&self) -> Coming<'_, u64>;

    /// Waits for the right to plan a change: until it ends, no other node plans one,
    /// and the state here has all that was planned before. It fails where the state
    /// of now cannot be had.
    fn turn(&self) -> Coming<'_, Result<Turn, NotOrdered>>;

    /// Puts changes on record that hold together. When it comes they are durable,
    /// in the state, and followed. Whoever begins one lets it run to its end.
    fn append(
        &self,
        expect: Expect,
        draft: Arc<Draft>,
    ) -> Coming<'static, Result<Ordered, NotOrdered>>;

    /// From now on each change is told to that one too, once it is in the state
    /// and before its author hears of it. Planned changes are told in their order,
    /// others as they come; one at a time. It makes no change itself.
    fn follow(&self, follow: Follow);

    /// Whether the state may be taken for that of now: nothing older than the
    /// bound of the backend can be missing in it.
    fn fresh(&self) -> bool;

    /// Waits until all live nodes have everything up to the record of that index,
    /// or for as long as that.
    fn confirm(&self, index: u64, within: Duration) -> Coming<'_, Confirmed>;

    /// Reads the changes that are on record.
    fn reader(&self) -> Reader;

    /// Whether the change at that index is in force: one that was repeated, or whose author
    /// had no credential any more, is on record alone.
    fn in_force(&self, index: u64) -> bool;
}
