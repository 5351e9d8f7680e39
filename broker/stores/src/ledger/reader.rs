//! Reading while the writer writes: durable records only, a block of at most
//! 64 at a time.

use std::{
    fs::File,
    io,
    ops::{Range, RangeInclusive},
    path::Path,
    sync::Arc,
    vec::IntoIter,
};

use super::entry::Entry;
use super::{
    entry,
    frame::{self, Frame},
    identity::Tree,
    map::{Block, Map},
    segment,
};

/// Reads records; clones are cheap and share nothing but the map.
#[derive(Clone)]
pub struct Reader {
    dir: Arc<Path>,
    tree: Arc<Tree>,
    map: Arc<Map>,
}

impl Reader {
    pub(super) fn new(dir: &Path, tree: &Tree, map: &Arc<Map>) -> Self {
        Self {
            dir: dir.into(),
            tree: Arc::new(tree.clone()),
            map: map.clone(),
        }
    }

    /// The number of durable records: the index the next one will have.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.map.read().records
    }

    /// Whether there is no record yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record at an index, `None` beyond the newest.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub fn get(&self, index: u64) -> io::Result<Option<Entry>> {
        Ok(self.within(index, index..=index)?.into_iter().next())
    }

    /// Whole frames, the first of the record of that index: those of one block, with
    /// how many they are. `None` where there is no such record.
    ///
    /// # Errors
    /// When they cannot be read, or are damaged.
    pub fn frames(&self, index: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
        let Some(block) = self.map.read().block(index) else {
            return Ok(None);
        };
        let (mut count, mut out) = (0, Vec::new());
        self.walk(&block, |at, frame| {
            if at >= index {
                count += 1;
                frame::encode(frame.record, frame.side.unwrap_or_default(), &mut out);
            }
            Ok(())
        })?;
        Ok((count > 0).then_some((count, out)))
    }

    /// The first index from which every record up to the newest is here.
    #[must_use]
    pub fn whole_from(&self) -> u64 {
        self.map.read().whole_from()
    }

    /// The first index after this one at which a record may stand.
    pub(super) fn after(&self, index: u64) -> u64 {
        self.map.read().after(index)
    }

    /// The tree's name.
    #[must_use]
    pub fn tree(&self) -> &str {
        self.tree.as_str()
    }

    /// The records from an index on, oldest first. At the newest it ends;
    /// asked again, it goes on with what was appended meanwhile. An error is the
    /// last item.
    #[must_use]
    pub fn iter_from(&self, index: u64) -> Forward {
        Forward {
            reader: self.clone(),
            next: index,
            ready: Vec::new().into_iter(),
        }
    }

    /// The records from an index down to the first, newest first. An index
    /// beyond the newest stands for the newest. An error is the last item.
    #[must_use]
    pub fn iter_back(&self, index: u64) -> Backward {
        Backward {
            next: self.len().checked_sub(1).map(|last| last.min(index)),
            reader: self.clone(),
            ready: Vec::new().into_iter(),
        }
    }

    /// The first index whose record is of this time (Unix milliseconds) or
    /// later; the number of records when none is.
    ///
    /// # Errors
    /// When the records around it cannot be read.
    pub fn find_time(&self, time_ms: u64) -> io::Result<u64> {
        let (late, before) = self.map.read().around(time_ms);
        let Some(block) = before else {
            return Ok(late);
        };
        let mut found = None;
        self.walk(&block, |index, frame| {
            if found.is_none() && index < late && entry::time_ms(frame)? >= time_ms {
                found = Some(index);
            }
            Ok(())
        })?;
        Ok(found.unwrap_or(late))
    }

    /// The wanted records of the block that holds `index`.
    fn within(&self, index: u64, wanted: RangeInclusive<u64>) -> io::Result<Vec<Entry>> {
        let block = self.map.read().block(index);
        block.map_or(Ok(Vec::new()), |block| self.block(&block, wanted))
    }

    fn block(&self, block: &Block, wanted: RangeInclusive<u64>) -> io::Result<Vec<Entry>> {
        let (entries, _) = self.pick(block, |index, _| wanted.contains(&index))?;
        Ok(entries)
    }

    /// Of the block that holds `index`: the entries within `range` whose frame
    /// is kept, and the indexes that the block spans.
    pub(super) fn keep(
        &self,
        index: u64,
        range: &Range<u64>,
        keep: impl Fn(&Frame<'_>) -> bool,
    ) -> io::Result<(Vec<Entry>, Range<u64>)> {
        let block = self.map.read().block(index);
        let Some(block) = block else {
            return Ok((Vec::new(), 0..u64::MAX));
        };
        let kept = |index, frame: &Frame<'_>| range.contains(&index) && keep(frame);
        let (entries, end) = self.pick(&block, kept)?;
        Ok((entries, block.first..end))
    }

    /// The picked entries of a block, and the index after its last.
    fn pick(
        &self,
        block: &Block,
        picked: impl Fn(u64, &Frame<'_>) -> bool,
    ) -> io::Result<(Vec<Entry>, u64)> {
        let mut entries = Vec::new();
        let end = self.walk(block, |index, frame| {
            if picked(index, frame) {
                entries.push(entry::decode(frame, &self.tree, index)?);
            }
            Ok(())
        })?;
        Ok((entries, end))
    }

    /// Shows every frame of a block with its index; the index after the last.
    fn walk(
        &self,
        block: &Block,
        mut visit: impl FnMut(u64, &Frame<'_>) -> Result<(), String>,
    ) -> io::Result<u64> {
        let path = segment::path(&self.dir, block.segment);
        let file = File::open(&path)?;
        let mut frames = segment::frames(file, block.bytes.start, block.bytes.end)?;
        let mut index = block.first;
        loop {
            let offset = frames.offset();
            let damaged = |reason: String| {
                let path = path.display();
                let text = format!("`{path}` is damaged at byte {offset}: {reason}");
                io::Error::new(io::ErrorKind::InvalidData, text)
            };
            let Some(frame) = frames.next().map_err(|e| damaged(e.to_string()))? else {
                return Ok(index);
            };
            visit(index, &frame).map_err(damaged)?;
            index += 1;
        }
    }
}

/// Oldest first; see [`Reader::iter_from`].
pub struct Forward {
    reader: Reader,
    next: u64,
    ready: IntoIter<Entry>,
}

impl Iterator for Forward {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.as_slice().is_empty() {
            match self.reader.within(self.next, self.next..=u64::MAX) {
                Ok(entries) => self.ready = entries.into_iter(),
                Err(e) => {
                    self.next = u64::MAX;
                    return Some(Err(e));
                }
            }
        }
        let entry = self.ready.next()?;
        self.next = entry.place.index + 1;
        Some(Ok(entry))
    }
}

/// Newest first; see [`Reader::iter_back`].
pub struct Backward {
    reader: Reader,
    next: Option<u64>,
    ready: IntoIter<Entry>,
}

impl Iterator for Backward {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next?;
        if self.ready.as_slice().is_empty() {
            match self.reader.within(next, 0..=next) {
                Ok(entries) => self.ready = entries.into_iter(),
                Err(e) => {
                    self.next = None;
                    return Some(Err(e));
                }
            }
        }
        let entry = self.ready.next_back()?;
        self.next = entry.place.index.checked_sub(1);
        Some(Ok(entry))
    }
}
