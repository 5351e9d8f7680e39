//! Several files read as one: as they stood at one moment, or not at all.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// How often files that move while they are read are read again.
const TRIES: usize = 20;
/// How long files have to stand still around a reading: who moves several into
/// place takes less from one to the next.
const STILL: Duration = Duration::from_millis(100);

/// Which file it is, and when it was last changed: a file that was moved there
/// is another, whatever it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileStamp {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileStamp {
    fn of(known: &Metadata) -> Self {
        Self {
            file: (known.dev(), known.ino()),
            bytes: known.len(),
            modified: (known.mtime(), known.mtime_nsec()),
            changed: (known.ctime(), known.ctime_nsec()),
        }
    }

    /// The stamp of what a path leads to; `None` where nothing is.
    pub(crate) fn at(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(known) => Ok(Some(Self::of(&known))),
            Err(flaw) if flaw.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(flaw) => Err(flaw),
        }
    }
}

/// Reads several files as they stand between two looks that show the same.
/// What goes wrong in between counts only where nothing moved.
///
/// # Errors
/// What `look` or `read` says, or `moving` where they never stand still.
pub(crate) fn whole<S: PartialEq, T, E>(
    look: impl Fn() -> Result<S, E>,
    read: impl Fn() -> Result<T, E>,
    moving: impl FnOnce() -> E,
) -> Result<T, E> {
    #[expect(
        clippy::disallowed_methods,
        reason = "files are moved by others: there is nothing else to wait for"
    )]
    let wait = || std::thread::sleep(STILL);
    still(look, read, (&wait, moving))
}

fn still<S: PartialEq, T, E>(
    look: impl Fn() -> Result<S, E>,
    read: impl Fn() -> Result<T, E>,
    (wait, moving): (&dyn Fn(), impl FnOnce() -> E),
) -> Result<T, E> {
    let mut before = look();
    for _ in 0..TRIES {
        let found = read();
        wait();
        let after = look();
        match (&before, &after) {
            (Ok(before), Ok(after)) if before == after => return found,
            // Nobody can look: that is what is said.
            (Err(_), Err(_)) => break,
            (_, _) => before = after,
        }
    }
    before?;
    Err(moving())
}

#[cfg(test)]
mod tests;
