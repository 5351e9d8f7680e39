//! A copy of another node's tree: the same frames in the same files. What is not
//! here can be had again from its owner, so nothing of it is made durable before
//! it is used; and where records are missing, a segment begins after them.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::disk::Disk;
use super::error::OpenError;
use super::past::RawRecord;
use super::{
    frame::Frames,
    identity::{self, Tree},
    map::{Contents, Map},
    open::own,
    reader::Reader,
    replay::Replay,
    segment,
    tail::Tail,
};
use crate::ledger::{Entry, Follower};
use locum_core::record::{Draft, Place};

/// A disk that makes nothing durable.
struct LazyDisk;

impl Disk for LazyDisk {
    fn sync(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// Is shown each record of a copy, before its body is read.
pub type Skim = Box<dyn FnMut(&RawRecord<'_>) + Send>;

/// Why a copy does not take frames.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// They are no frames of that tree, or not the next.
    #[error("expected the records of `{tree}` from {next} on, found other bytes")]
    Other {
        /// The tree.
        tree: String,
        /// The index that would have been next.
        next: u64,
    },
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A copy of a tree.
pub struct Mirror {
    dir: PathBuf,
    tree: Tree,
    map: Arc<Map>,
    tail: Mutex<Tail>,
    segment_bytes: u64,
    _lock: File,
}

impl Mirror {
    /// Opens the copy in a folder, or begins one, and shows what it holds. One that
    /// is damaged is begun anew.
    ///
    /// # Errors
    /// [`OpenError`]: also for what is no tree's name.
    pub fn open(
        dir: &Path,
        tree: &str,
        segment_bytes: u64,
        skim: impl Fn() -> Skim,
    ) -> Result<Self, OpenError> {
        match Self::opened(dir, tree, segment_bytes, skim()) {
            Err(OpenError::Damaged { path, reason, .. }) => {
                tracing::warn!(path = %path.display(), reason, "a copy is begun anew");
                fs::remove_dir_all(dir).map_err(OpenError::io(dir))?;
                Self::opened(dir, tree, segment_bytes, skim())
            }
            opened => opened,
        }
    }

    fn opened(dir: &Path, name: &str, segment_bytes: u64, skim: Skim) -> Result<Self, OpenError> {
        let lock = own(dir, &LazyDisk)?;
        let damaged = |reason: &str| OpenError::Damaged {
            path: dir.into(),
            offset: 0,
            reason: reason.into(),
        };
        let tree = Tree::named(name).ok_or_else(|| damaged("expected the name of a tree"))?;
        match identity::read(dir)? {
            None => identity::create(dir, &tree, &LazyDisk).map_err(OpenError::io(dir))?,
            Some(found) if found == tree => {}
            Some(_) => return Err(damaged("expected a copy of that tree, found another")),
        }
        let mut shown = Shown(skim);
        let mut replay = Replay {
            dir,
            tree: &tree,
            disk: &LazyDisk,
            follower: &mut shown,
            contents: Contents::default(),
            repaired: 0,
            gaps: true,
        };
        replay.run(segment::list(dir).map_err(OpenError::io(dir))?)?;
        let contents = replay.contents;
        let disk = Box::new(LazyDisk);
        let tail = Tail::resume(disk, dir, &tree, &contents).map_err(OpenError::io(dir))?;
        Ok(Self {
            dir: dir.into(),
            tree,
            map: Arc::new(Map::new(contents)),
            tail: Mutex::new(tail),
            segment_bytes,
            _lock: lock,
        })
    }

    /// The index of the record that comes next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.map.read().records
    }

    /// A reader of what is here.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(&self.dir, &self.tree, &self.map)
    }

    /// The next record has that index: those before it are missing.
    pub fn skip_to(&self, index: u64) {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let mut contents = self.map.write();
        if index > contents.records {
            contents.skip_to(index);
            tail.begin_segment();
        }
    }

    /// Takes whole frames, the first of the record of that index, and shows what is
    /// new; how many are. Those that are here already are passed over.
    ///
    /// # Errors
    /// [`MirrorError`]: then nothing of them is taken.
    pub fn append(
        &self,
        first: u64,
        frames: &[u8],
        skim: &mut dyn FnMut(&RawRecord<'_>),
    ) -> Result<u64, MirrorError> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self.next();
        let other = || MirrorError::Other {
            tree: self.tree.as_str().to_owned(),
            next,
        };
        if first > next {
            return Err(other());
        }
        let mut last_ms = self.map.read().last_time_ms;
        let (mut index, mut from) = (first, 0);
        let mut ends = Vec::new();
        let mut read = Frames::new(frames, 0, frames.len() as u64);
        while let Some(frame) = read.next().map_err(|_| other())? {
            let record = RawRecord::of(&frame, &self.tree, index).ok_or_else(other)?;
            let time_ms = record.place.time_ms;
            if index >= next {
                if time_ms < last_ms {
                    return Err(other());
                }
                last_ms = time_ms;
            }
            index += 1;
            if index <= next {
                from = read.offset();
            } else {
                ends.push((read.offset(), time_ms));
            }
        }
        if ends.is_empty() {
            return Ok(0);
        }
        let new = frames.get(from as usize..).unwrap_or_default();
        let written = tail.append(new, next, self.segment_bytes)?;
        let new_ends = ends.iter();
        let new_ends = new_ends.map(|(end, ms)| (written.offset + (end - from), *ms));
        self.map.publish(written.segment, new_ends);
        drop(tail);
        let mut read = Frames::new(frames, 0, frames.len() as u64);
        let mut index = first;
        while let Ok(Some(frame)) = read.next() {
            if index >= next
                && let Some(record) = RawRecord::of(&frame, &self.tree, index)
            {
                skim(&record);
            }
            index += 1;
        }
        Ok(ends.len() as u64)
    }

    /// Removes the segments whose records are all older than that, Unix
    /// milliseconds.
    pub fn prune(&self, before_ms: u64) {
        let _tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let first = {
                let mut contents = self.map.write();
                let old = contents.second_begins_ms().is_some_and(|ms| ms < before_ms);
                old.then(|| contents.forget_first()).flatten()
            };
            let Some(first) = first else { return };
            let path = segment::path(&self.dir, first);
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!(path = %path.display(), %error, "an old part of a copy stays");
            }
        }
    }
}

/// Follows a copy by showing it.
struct Shown(Skim);

impl Follower for Shown {
    fn replay(&mut self, _: &Entry) -> Result<(), String> {
        Err("expected a record of this version".into())
    }

    fn skim(&mut self, past: &RawRecord<'_>) -> bool {
        (self.0)(past);
        true
    }

    fn appended(&mut self, _: &Place, _: &Draft) -> Result<(), String> {
        Ok(())
    }
}
