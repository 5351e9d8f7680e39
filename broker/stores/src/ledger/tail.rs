//! The end of the newest segment: where commits go, and what is done when one
//! fails. A failed commit is cut off again; until that has been verified
//! nothing else is written.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    disk::{Disk, Identity},
    identity::Tree,
    map::Contents,
    segment::{self, HEADER},
};

/// Bytes that must find room before a broken ledger counts as repaired.
const PROBE: usize = 64 * 1024;

/// Where a commit went.
#[derive(Debug, Clone, Copy)]
pub(super) struct WrittenTail {
    /// First index of the segment.
    pub(super) segment: u64,
    /// Where in the segment it begins.
    pub(super) offset: u64,
    /// What the sync took.
    pub(super) sync: Duration,
}

/// The newest segment, open for writing.
pub(super) struct Tail {
    disk: Box<dyn Disk>,
    dir: PathBuf,
    tree: Tree,
    first: u64,
    path: PathBuf,
    file: File,
    identity: Identity,
    /// Everything before this offset is durable, nothing after it counts.
    durable: u64,
    /// Where the newest commit begins: what a repair reads again.
    newest: u64,
    broken: bool,
    rolling: bool,
}

impl Tail {
    /// The tail after a replay. What a crash left written but not synced was
    /// replayed like the rest, so it is made durable before anyone builds on it.
    pub(super) fn resume(
        disk: Box<dyn Disk>,
        dir: &Path,
        tree: &Tree,
        contents: &Contents,
    ) -> io::Result<Self> {
        let (first, durable) = contents.tail().unwrap_or((0, HEADER));
        let path = segment::path(dir, first);
        let file = disk.open(&path)?;
        disk.sync(&file)?;
        disk.sync_dir(dir)?;
        Ok(Self {
            identity: Identity::of(&file)?,
            disk,
            dir: dir.into(),
            tree: tree.clone(),
            first,
            path,
            file,
            durable,
            newest: durable,
            broken: false,
            rolling: false,
        })
    }

    /// Whether the last commit failed and has not been repaired.
    pub(super) const fn is_broken(&self) -> bool {
        self.broken
    }

    /// The next commit begins a segment.
    pub(super) fn begin_segment(&mut self) {
        self.rolling = true;
    }

    /// Makes a commit durable; its first record has the index `next`. On an
    /// error nothing of it counts.
    pub(super) fn append(
        &mut self,
        bytes: &[u8],
        next: u64,
        limit: u64,
    ) -> io::Result<WrittenTail> {
        self.repair()?;
        // Set until the commit is whole, so that no way out forgets it.
        self.broken = true;
        // A roll once begun is finished, even if the commits that follow would
        // fit: its half-made file must not stay behind with an old index.
        self.rolling |= self.durable > HEADER && self.durable + bytes.len() as u64 > limit;
        if self.rolling {
            self.roll(next)?;
        }
        let written = self.commit(bytes);
        match written {
            Ok(_) => self.broken = false,
            // Best effort, for the case that we are killed next; the repair
            // does it again and looks.
            Err(_) => drop(self.cut()),
        }
        written
    }

    /// Brings the file back to its last durable state, if it is not there:
    /// the same file under its name, its newest commit as written, nothing
    /// after it, and room to write.
    pub(super) fn repair(&mut self) -> io::Result<()> {
        if !self.broken {
            return Ok(());
        }
        let mut file = self.disk.open(&self.path)?;
        self.identity.expect(Identity::of(&file)?)?;
        if !segment::has_header(&mut file, &self.tree, self.first)? {
            return Err(io::Error::other(
                "expected the segment's header, found none",
            ));
        }
        let mut frames = segment::frames(file.try_clone()?, self.newest, self.durable)?;
        while frames.next().map_err(io::Error::other)?.is_some() {}
        self.file = file;
        // Cutting works on a full disk too: try whether there is room. Zeros
        // are no frame, should we be killed before they are gone again.
        self.disk.write(&self.file, &[0; PROBE], self.durable)?;
        self.disk.sync(&self.file)?;
        self.cut()?;
        self.disk.sync_dir(&self.dir)?;
        self.broken = false;
        Ok(())
    }

    fn commit(&mut self, bytes: &[u8]) -> io::Result<WrittenTail> {
        let offset = self.durable;
        self.disk.write(&self.file, bytes, offset)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "measures the disk, decides nothing"
        )]
        let started = Instant::now();
        self.disk.sync(&self.file)?;
        let sync = started.elapsed();
        self.identity.check(&self.path)?;
        self.newest = offset;
        self.durable += bytes.len() as u64;
        Ok(WrittenTail {
            segment: self.first,
            offset,
            sync,
        })
    }

    fn cut(&self) -> io::Result<()> {
        self.disk.truncate(&self.file, self.durable)?;
        self.disk.sync(&self.file)
    }

    /// Goes on in a new segment. A file left there by a roll that failed holds
    /// no record, since its first index was never given: it is emptied.
    fn roll(&mut self, next: u64) -> io::Result<()> {
        self.file.sync_all()?;
        // Not into another folder that took this one's place.
        self.identity.check(&self.path)?;
        let path = segment::path(&self.dir, next);
        let file = self.disk.create(&path)?;
        self.disk
            .write(&file, &segment::header(&self.tree, next), 0)?;
        self.disk.sync(&file)?;
        self.disk.sync_dir(&self.dir)?;
        self.identity.check(&self.path)?;
        self.identity = Identity::of(&file)?;
        self.path = path;
        self.file = file;
        self.first = next;
        self.durable = HEADER;
        self.newest = HEADER;
        self.rolling = false;
        Ok(())
    }
}
