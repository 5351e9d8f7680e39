//! Where records lie: one entry per 64 records, so that ten million records
//! cost five megabytes. It knows durable records only, and thereby is what
//! readers may see.

use std::{
    ops::Range,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::segment::HEADER;

mod saved;

/// Records between two remembered places; also the most a reader decodes for
/// one.
pub(super) const STRIDE: u64 = 64;

#[derive(Debug, Clone, Copy)]
struct Anchor {
    index: u64,
    time_ms: u64,
    segment: usize,
    offset: u64,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    first: u64,
    end: u64,
}

/// A run of at most [`STRIDE`] records in one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// First index of the segment that holds it.
    pub(super) segment: u64,
    /// Its bytes in the segment.
    pub(super) bytes: Range<u64>,
    /// Index of its first record.
    pub(super) first: u64,
}

/// What is durable, and where.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    segments: Vec<Segment>,
    anchors: Vec<Anchor>,
    pub(super) records: u64,
    pub(super) last_time_ms: u64,
    closed_bytes: u64,
    /// Where the newest run of records without a gap begins.
    whole_from: u64,
}

impl Contents {
    /// A segment whose first record will be the next one.
    pub(super) fn begin_segment(&mut self) {
        self.closed_bytes = self.bytes();
        self.segments.push(Segment {
            first: self.records,
            end: HEADER,
        });
    }

    /// The next record, which ends at this offset of the newest segment.
    pub(super) fn push(&mut self, end: u64, time_ms: u64) {
        let place = self.segments.len().saturating_sub(1);
        let Some(segment) = self.segments.last_mut() else {
            return;
        };
        let offset = std::mem::replace(&mut segment.end, end);
        let due = self
            .anchors
            .last()
            .is_none_or(|last| last.segment != place || self.records - last.index >= STRIDE);
        if due {
            self.anchors.push(Anchor {
                index: self.records,
                time_ms,
                segment: place,
                offset,
            });
        }
        self.records += 1;
        self.last_time_ms = time_ms;
    }

    /// The next record has this index: those before it are missing here. The next
    /// segment begins with it.
    pub(super) fn skip_to(&mut self, index: u64) {
        if index > self.records {
            self.records = index;
            self.whole_from = index;
        }
    }

    /// Forgets the oldest segment, unless it is the newest; its first index.
    pub(super) fn forget_first(&mut self) -> Option<u64> {
        if self.segments.len() < 2 {
            return None;
        }
        let Segment { first, end } = self.segments.remove(0);
        self.closed_bytes -= end;
        self.anchors.retain(|anchor| anchor.segment > 0);
        for anchor in &mut self.anchors {
            anchor.segment -= 1;
        }
        Some(first)
    }

    /// When the second oldest segment begins, Unix milliseconds.
    pub(super) fn second_begins_ms(&self) -> Option<u64> {
        let anchor = self.anchors.iter().find(|anchor| anchor.segment == 1)?;
        Some(anchor.time_ms)
    }

    /// The first index from which records are whole up to the newest.
    pub(super) fn whole_from(&self) -> u64 {
        self.whole_from
    }

    /// The first index after this one at which a record may stand.
    pub(super) fn after(&self, index: u64) -> u64 {
        let after = self.anchors.partition_point(|a| a.index <= index);
        self.anchors.get(after).map_or(self.records, |a| a.index)
    }

    /// Bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.closed_bytes + self.tail().map_or(0, |(_, end)| end)
    }

    /// First index and durable end of the newest segment.
    pub(super) fn tail(&self) -> Option<(u64, u64)> {
        self.segments.last().map(|s| (s.first, s.end))
    }

    /// The block that holds a record.
    pub(super) fn block(&self, index: u64) -> Option<Block> {
        if index >= self.records {
            return None;
        }
        let after = self.anchors.partition_point(|a| a.index <= index);
        self.block_before(after)
    }

    fn block_before(&self, after: usize) -> Option<Block> {
        let anchor = self.anchors.get(after.checked_sub(1)?)?;
        let segment = self.segments.get(anchor.segment)?;
        let next = self.anchors.get(after);
        let end = next
            .filter(|next| next.segment == anchor.segment)
            .map_or(segment.end, |next| next.offset);
        Some(Block {
            segment: segment.first,
            bytes: anchor.offset..end,
            first: anchor.index,
        })
    }

    /// The first index at which an entry of the map is this late (else the
    /// number of records), and the block before it, which may hold an earlier
    /// one.
    pub(super) fn around(&self, time_ms: u64) -> (u64, Option<Block>) {
        let late = self.anchors.partition_point(|a| a.time_ms < time_ms);
        let index = self.anchors.get(late).map_or(self.records, |a| a.index);
        (index, self.block_before(late))
    }
}

/// The contents, shared by the one writer and all readers.
#[derive(Debug, Default)]
pub(super) struct Map(RwLock<Contents>);

impl Map {
    pub(super) fn new(contents: Contents) -> Self {
        Self(RwLock::new(contents))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Contents> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a commit: a new segment first, if one was begun for it, then
    /// end offset and time of every record.
    pub(super) fn publish(&self, segment: u64, ends: impl Iterator<Item = (u64, u64)>) {
        let mut contents = self.write();
        if contents.tail().map(|(first, _)| first) != Some(segment) {
            contents.begin_segment();
        }
        for (end, time_ms) in ends {
            contents.push(end, time_ms);
        }
    }
}
