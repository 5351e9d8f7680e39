//! A consistent copy while the writer writes: which bytes of which files make
//! it up, and whether files laid out elsewhere are a whole ledger.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::entry::Entry;
use super::error::OpenError;
use super::follower::Follower;
use super::handle::Ledger;
use super::options::Opened;
use super::past::RawRecord;
use super::{
    disk::RealDisk, entry, frame, identity, map::Contents, replay::Replay, segment, snapshot,
};
use locum_core::record::{Draft, Place};

/// So many bytes from the start of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name in the ledger's folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// How many bytes belong to the copy.
    pub bytes: u64,
    /// Whether it may be missing from the copy: a snapshot, which a newer one
    /// may have replaced by the time it is read.
    pub spare: bool,
}

/// What makes up a consistent copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupParts {
    /// Records in it: every one that was durable.
    pub records: u64,
    /// Time of the newest in Unix milliseconds, 0 when there is none.
    pub last_time_ms: u64,
    /// The tree's name.
    pub tree: String,
    /// The files, in the order in which they are to be copied.
    pub files: Vec<Part>,
}

impl Ledger {
    /// What makes up a copy of the ledger as it stands now. Bytes that are
    /// durable never change (but for an erasure), so they may be read at
    /// leisure.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn parts(&self) -> io::Result<BackupParts> {
        let (dir, tree) = self.place();
        let contents = self.contents();
        let mut files = vec![part(
            identity::path(dir),
            std::fs::metadata(identity::path(dir))?.len(),
        )];
        let segments = contents.segments();
        files.extend(segments.map(|(first, end)| part(segment::path(dir, first), end)));
        for records in snapshot::list(dir)? {
            let path = snapshot::path(dir, records);
            if records <= contents.records
                && let Ok(known) = std::fs::metadata(&path)
            {
                files.push(Part {
                    spare: true,
                    ..part(path, known.len())
                });
            }
        }
        Ok(BackupParts {
            records: contents.records,
            last_time_ms: contents.last_time_ms,
            tree: tree.as_str().to_owned(),
            files,
        })
    }
}

fn part(path: PathBuf, bytes: u64) -> Part {
    let name = path.file_name().unwrap_or_default();
    Part {
        name: name.to_string_lossy().into_owned(),
        path,
        bytes,
        spare: false,
    }
}

/// Whether a name is one of a ledger's files.
#[must_use]
pub fn is_part(name: &str) -> bool {
    let numbered = |end: &str| {
        let digits = name.strip_suffix(end).unwrap_or_default();
        digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())
    };
    name == identity::FILE || numbered(".seg") || numbered(".snap")
}

/// Shows every record of one type of a folder that nobody has open, oldest first.
///
/// # Errors
/// [`OpenError`] for damage, or what the visitor says.
pub(crate) fn each(
    dir: &Path,
    kind: &str,
    visit: &mut dyn FnMut(Entry) -> Result<(), String>,
) -> Result<(), OpenError> {
    let tree = identity::read(dir)?.ok_or_else(|| nameless(dir))?;
    let mut index = 0;
    for first in segment::list(dir).map_err(OpenError::io(dir))? {
        let path = segment::path(dir, first);
        let io = |source| OpenError::Io {
            path: path.clone(),
            source,
        };
        let file = std::fs::File::open(&path).map_err(io)?;
        let end = file.metadata().map_err(io)?.len();
        let mut frames = segment::frames(file, segment::HEADER, end).map_err(io)?;
        // A torn last write ends it, as it ends an opening.
        while let Ok(Some(frame)) = frames.next() {
            let wanted = RawRecord::of(&frame, &tree, index).is_none_or(|raw| raw.kind == kind);
            if wanted {
                let follower = |reason| OpenError::Follower { index, reason };
                let entry = entry::decode(&frame, &tree, index).map_err(follower)?;
                if entry.kind == kind {
                    visit(entry).map_err(follower)?;
                }
            }
            index += 1;
        }
    }
    Ok(())
}

fn nameless(dir: &Path) -> OpenError {
    OpenError::Damaged {
        path: identity::path(dir),
        offset: 0,
        reason: "expected the tree's name, found none".into(),
    }
}

/// The records of whole frames, the first of that index.
///
/// # Errors
/// What they are instead.
pub(crate) fn entries(frames: &[u8], tree: &str, first: u64) -> Result<Vec<Entry>, String> {
    let tree = identity::Tree::named(tree).ok_or("expected the name of a tree")?;
    let mut read = frame::Frames::new(frames, 0, frames.len() as u64);
    let mut out = Vec::new();
    while let Some(frame) = read.next().map_err(|e| e.to_string())? {
        out.push(entry::decode(&frame, &tree, first + out.len() as u64)?);
    }
    Ok(out)
}

/// Of whole frames the first so many, or all.
pub(crate) fn first_frames(frames: &[u8], many: u64) -> &[u8] {
    let mut read = frame::Frames::new(frames, 0, frames.len() as u64);
    for _ in 0..many {
        if !matches!(read.next(), Ok(Some(_))) {
            return frames;
        }
    }
    let end = usize::try_from(read.offset()).unwrap_or(usize::MAX);
    frames.get(..end).unwrap_or(frames)
}

/// The tree of a folder, if it has one.
///
/// # Errors
/// [`OpenError`] for what is no tree's name.
pub(crate) fn tree_of(dir: &Path) -> Result<Option<String>, OpenError> {
    Ok(identity::read(dir)?.map(|tree| tree.as_str().to_owned()))
}

/// The name of the tree that ten bytes make.
pub(crate) fn name_of(seed: [u8; 10]) -> String {
    identity::Tree::from_seed(seed).as_str().to_owned()
}

/// Whether a folder holds any record.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn holds_records(dir: &Path) -> io::Result<bool> {
    if !dir.exists() {
        return Ok(false);
    }
    for first in segment::list(dir)? {
        if first > 0 || std::fs::metadata(segment::path(dir, first))?.len() > segment::HEADER {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads every record of a folder that nobody has open, checking all its
/// checksums, its indexes and times: what a start with a snapshot leaves out.
///
/// # Errors
/// [`OpenError`] for damage. A torn last write is cut off as when opening.
pub fn verify(dir: &Path) -> Result<Opened, OpenError> {
    let tree = identity::read(dir)?.ok_or_else(|| nameless(dir))?;
    let mut replay = Replay {
        dir,
        tree: &tree,
        disk: &RealDisk,
        follower: &mut Nobody,
        contents: Contents::default(),
        repaired: 0,
        gaps: false,
    };
    replay.run(segment::list(dir).map_err(OpenError::io(dir))?)?;
    Ok(Opened {
        records: replay.contents.records,
        from_snapshot: 0,
        repaired_bytes: replay.repaired,
        last_time_ms: replay.contents.last_time_ms,
        tree: tree.as_str().to_owned(),
    })
}

/// Follows nothing.
pub(crate) struct Nobody;

impl Follower for Nobody {
    fn replay(&mut self, _: &Entry) -> Result<(), String> {
        Ok(())
    }

    fn skim(&mut self, _: &RawRecord<'_>) -> bool {
        true
    }

    fn appended(&mut self, _: &Place, _: &Draft) -> Result<(), String> {
        Ok(())
    }
}
