//! The frames of a ledger segment: lengths bound what is reserved, and what
//! passes its checksums is what was written.
#![no_main]

#[path = "../../../broker/stores/src/ledger/frame.rs"]
#[allow(dead_code, unreachable_pub, reason = "the ledger uses the rest")]
mod frame;

use frame::{Frames, SIDE_MAX, encode};
use libfuzzer_sys::fuzz_target;
use locum_core::record::RECORD_MAX;

fuzz_target!(|data: &[u8]| {
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
        let found = frames.next().unwrap().unwrap();
        assert_eq!((found.record, found.side.unwrap_or_default()), (record, side));
    }
});
