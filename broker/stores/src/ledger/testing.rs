//! Frames of a segment, read and written: for a fuzz target.

use super::frame::{Frame, Frames, SIDE_MAX, encode};
use locum_core::record::RECORD_MAX;

/// Reads bytes as frames, and writes them as record and side.
///
/// # Panics
/// Where more was read than lengths allow, or what passed its checksums is not
/// what was written.
pub fn frames(data: &[u8]) {
    let mut frames = Frames::new(data, 0, data.len() as u64);
    let mut start = 0;
    while let Ok(Some(found)) = frames.next() {
        assert!((1..=RECORD_MAX).contains(&found.record.len()));
        assert!(found.side.is_none_or(|side| side.len() <= SIDE_MAX));
        let mut written = Vec::new();
        encode(found.record, found.side.unwrap_or_default(), &mut written);
        let end = frames.offset() as usize;
        assert!(end > start && end <= data.len());
        let read = &data[start..end];
        // An erased side is read as none, and is longer than none.
        assert!(written == read || written.len() <= read.len());
        start = end;
    }
    // The same bytes as record and side: what is written is read back.
    let (record, side) = data.split_at(data.len().min(100));
    if !record.is_empty() {
        let mut written = Vec::new();
        encode(record, side, &mut written);
        let mut frames = Frames::new(written.as_slice(), 0, written.len() as u64);
        let found = frames.next();
        let same =
            |found: &Frame<'_>| (found.record, found.side.unwrap_or_default()) == (record, side);
        assert!(matches!(&found, Ok(Some(found)) if same(found)));
    }
}
