//! Tells a torn last write from damage: a write that was cut short leaves
//! nothing valid after the cut, and is no longer than one commit.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::frame::{FRAME_HEAD, Frames};

/// Most bytes that one interrupted commit can leave: its bound, its last
/// record beyond the bound, and a margin.
pub(super) const TORN_MAX: u64 = 2 * super::options::COMMIT_BYTES as u64;
/// How every record begins: the members are in JCS order.
const RECORD_START: &[u8] = b"{\"body\":";

/// Whether what lies between a bad frame's start and the file's end can be a
/// torn write.
pub(super) fn is_torn(file: &File, start: u64, end: u64) -> io::Result<bool> {
    let len = end.saturating_sub(start);
    if len > TORN_MAX {
        return Ok(false);
    }
    let mut rest = vec![0; len as usize];
    file.read_exact_at(&mut rest, start)?;
    Ok(!holds_frame(rest.get(1..).unwrap_or_default()))
}

/// Whether a valid frame begins anywhere in the bytes.
pub(super) fn holds_frame(bytes: &[u8]) -> bool {
    (0..bytes.len())
        .filter_map(|at| bytes.get(at..))
        .filter(|rest| {
            rest.get(FRAME_HEAD..)
                .is_some_and(|record| record.starts_with(RECORD_START))
        })
        .any(|rest| Frames::new(rest, 0, rest.len() as u64).next().is_ok())
}
