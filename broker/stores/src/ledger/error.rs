//! How opening and appending can fail.

use std::{io, path::PathBuf};

/// Why a ledger does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process (or handle) holds the folder.
    #[error("expected `{}` for ourselves, found it locked by another process", dir.display())]
    InUse {
        /// The ledger's folder.
        dir: PathBuf,
    },
    /// The operating system said no.
    #[error("cannot read or write `{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Bytes that were once durable are not what was written. Nothing is
    /// repaired, because nothing may be dropped.
    #[error("`{}` is damaged at byte {offset}: {reason}", path.display())]
    Damaged {
        /// The damaged (or missing) file.
        path: PathBuf,
        /// Bytes from the file's start.
        offset: u64,
        /// Expected and found.
        reason: String,
    },
    /// The follower did not accept a record.
    #[error("record {index} cannot be replayed: {reason}")]
    Follower {
        /// The record's index.
        index: u64,
        /// The follower's reason.
        reason: String,
    },
}

impl OpenError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }
}

/// Why a draft is not on record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The ledger cannot take it now; it recovers by itself.
    #[error("the ledger cannot be written: {0}")]
    Unavailable(String),
    /// Record or side record over its limit; found so many bytes.
    #[error("expected a record of at most {limit} bytes, found {found}")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// Its size in bytes.
        found: usize,
    },
    /// Body or side record nests deeper than a reader can follow.
    #[error(
        "expected at most {} levels of nesting, found {found}",
        super::options::DEPTH_MAX
    )]
    TooDeep {
        /// Its levels.
        found: usize,
    },
    /// It is on this disk, and may not be where it is sent: it holds, and nobody
    /// may be told so.
    #[error("the record did not arrive elsewhere: {0}")]
    NotShipped(String),
    /// The ledger was closed (or its thread died) first. What was waiting may
    /// or may not be on record.
    #[error("the ledger is closed")]
    Closed,
}
