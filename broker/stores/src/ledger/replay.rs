//! Reads the records of the past that no snapshot stands for, checks them and
//! hands them to the follower.

use std::{
    fs::{self, File},
    io,
    ops::Range,
    path::{Path, PathBuf},
};

use super::error::OpenError;
use super::follower::Follower;
use super::past::RawRecord;
use super::{
    disk::Disk,
    entry,
    frame::{BadFrame, Frame, ReadError},
    identity::Tree,
    map::Contents,
    segment::{self, HEADER},
    torn,
};

/// The past, as far as it has been read.
pub(super) struct Replay<'a> {
    pub(super) dir: &'a Path,
    pub(super) tree: &'a Tree,
    pub(super) disk: &'a dyn Disk,
    pub(super) follower: &'a mut dyn Follower,
    pub(super) contents: Contents,
    /// Bytes cut off.
    pub(super) repaired: u64,
    /// Whether records may be missing between segments, as in a copy.
    pub(super) gaps: bool,
}

impl Replay<'_> {
    /// All of these segments in order, but for what a snapshot stands for.
    pub(super) fn run(&mut self, segments: Vec<u64>) -> Result<(), OpenError> {
        if segments.first() != Some(&0) && !self.gaps {
            let reason = "expected the tree's first segment, found none";
            return Err(damaged(segment::path(self.dir, 0), 0, reason));
        }
        let last = segments.last().copied();
        let resumed = self.contents.tail();
        let from = resumed.map_or(0, |(first, _)| first);
        for first in segments.into_iter().filter(|first| *first >= from) {
            let known = resumed.filter(|(tail, _)| *tail == first);
            self.segment(first, last == Some(first), known.map(|(_, end)| end))?;
        }
        Ok(())
    }

    /// One segment, from the end that a snapshot knows, else from its start.
    fn segment(&mut self, first: u64, last: bool, known: Option<u64>) -> Result<(), OpenError> {
        let path = segment::path(self.dir, first);
        let io = |source| OpenError::Io {
            path: path.clone(),
            source,
        };
        let mut file = self.disk.open(&path).map_err(io)?;
        let end = file.metadata().map_err(io)?.len();
        if self.gaps && first > self.contents.records {
            self.contents.skip_to(first);
        }
        if known.is_none() && first != self.contents.records {
            let reason = format!("expected record {} to be next", self.contents.records);
            return Err(damaged(path, 0, reason));
        }
        if !segment::has_header(&mut file, self.tree, first).map_err(io)? {
            // The header is durable before the first frame is written, so
            // only a segment without frames can have been caught at birth.
            if last && first > 0 && end <= HEADER {
                return self.unmake(&path, end).map_err(io);
            }
            return Err(damaged(path, 0, "expected the segment's header"));
        }
        if known.is_none() {
            self.contents.begin_segment();
        }
        match self.frames(&path, &file, known.unwrap_or(HEADER)..end)? {
            None => Ok(()),
            Some((offset, _)) if last && torn::is_torn(&file, offset, end).map_err(io)? => {
                self.cut(&file, offset, end).map_err(io)
            }
            Some((offset, bad)) => Err(damaged(path, offset, bad.to_string())),
        }
    }

    /// Every frame of a range, or the first bad one and where it begins.
    fn frames(
        &mut self,
        path: &Path,
        file: &File,
        range: Range<u64>,
    ) -> Result<Option<(u64, BadFrame)>, OpenError> {
        let copy = file.try_clone().map_err(OpenError::io(path))?;
        let frames = segment::frames(copy, range.start, range.end);
        let mut frames = frames.map_err(OpenError::io(path))?;
        loop {
            let offset = frames.offset();
            let time_ms = match frames.next() {
                Ok(None) => return Ok(None),
                Ok(Some(frame)) => self.follow(&frame, path, offset)?,
                Err(ReadError::Bad(bad)) => return Ok(Some((offset, bad))),
                Err(ReadError::Io(e)) => return Err(OpenError::io(path)(e)),
            };
            self.contents.push(frames.offset(), time_ms);
        }
    }

    /// Hands the next record to the follower and says its time.
    fn follow(&mut self, frame: &Frame<'_>, path: &Path, offset: u64) -> Result<u64, OpenError> {
        let index = self.contents.records;
        if let Some(past) = RawRecord::of(frame, self.tree, index)
            && past.place.time_ms >= self.contents.last_time_ms
            && self.follower.skim(&past)
        {
            return Ok(past.place.time_ms);
        }
        let entry = entry::decode(frame, self.tree, index)
            .map_err(|reason| damaged(path.into(), offset, reason))?;
        let (found, last) = (entry.place.time_ms, self.contents.last_time_ms);
        if found < last {
            let reason = format!("expected a time of at least {last} ms, found {found}");
            return Err(damaged(path.into(), offset, reason));
        }
        self.follower
            .replay(&entry)
            .map_err(|reason| OpenError::Follower { index, reason })?;
        Ok(found)
    }

    fn cut(&mut self, file: &File, offset: u64, end: u64) -> io::Result<()> {
        self.disk.truncate(file, offset)?;
        self.disk.sync(file)?;
        self.repaired += end - offset;
        Ok(())
    }

    fn unmake(&mut self, path: &Path, end: u64) -> io::Result<()> {
        fs::remove_file(path)?;
        self.disk.sync_dir(self.dir)?;
        self.repaired += end;
        Ok(())
    }
}

fn damaged(path: PathBuf, offset: u64, reason: impl Into<String>) -> OpenError {
    OpenError::Damaged {
        path,
        offset,
        reason: reason.into(),
    }
}
