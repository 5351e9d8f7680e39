//! Looking for records by what they say: texts are compared before anything is
//! decoded, so that what is passed over costs little more than its bytes.

use std::{io, ops::Range};

use super::entry::Entry;
use super::frame::Frame;
use super::reader::Reader;

/// Records of a range whose record or side record holds every text looked for;
/// see [`Reader::search`]. An error is the last item.
pub struct Search {
    reader: Reader,
    texts: Vec<String>,
    left: Range<u64>,
    newest_first: bool,
    ready: Vec<Entry>,
}

impl Reader {
    /// The records of a range that hold every one of the texts, each in the
    /// record's or the side record's canonical JSON, oldest first. What is
    /// found may hold a text elsewhere than expected: look at the entry.
    #[must_use]
    pub fn search(&self, range: Range<u64>, texts: Vec<String>) -> Search {
        Search {
            left: range.start..range.end.min(self.len()),
            reader: self.clone(),
            texts,
            newest_first: false,
            ready: Vec::new(),
        }
    }

    /// [`Reader::search`], newest first.
    #[must_use]
    pub fn search_back(&self, range: Range<u64>, texts: Vec<String>) -> Search {
        Search {
            newest_first: true,
            ..self.search(range, texts)
        }
    }
}

impl Search {
    /// The next block's finds, in the order in which they are popped.
    fn fill(&mut self) -> io::Result<()> {
        let at = if self.newest_first {
            self.left.end.saturating_sub(1)
        } else {
            self.left.start
        };
        let texts = &self.texts;
        let (found, block) = self.reader.keep(at, &self.left, |frame| {
            texts.iter().all(|t| holds(frame, t))
        })?;
        self.ready = found;
        if self.newest_first {
            self.left.end = block.start.max(self.left.start);
        } else {
            // Past what is missing in a copy.
            let next = if block.end > at {
                block.end
            } else {
                self.reader.after(at)
            };
            self.left.start = next.max(at + 1);
            self.ready.reverse();
        }
        Ok(())
    }
}

impl Iterator for Search {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.left.is_empty() {
            if let Err(e) = self.fill() {
                self.left = 0..0;
                return Some(Err(e));
            }
        }
        self.ready.pop().map(Ok)
    }
}

/// Whether a frame holds a text. Bytes that are no text hold none; decoding
/// says so where they matter.
fn holds(frame: &Frame<'_>, text: &str) -> bool {
    let within = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|whole| whole.contains(text));
    within(frame.record) || frame.side.is_some_and(within)
}
