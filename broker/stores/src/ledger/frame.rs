//! One frame: a record and its side record, each under its own checksum, so
//! that a side record can be erased without touching the record
//! (`docs/reference/ledger-format.md`, "Frame").

use std::io::{self, Read};

use locum_core::record::RECORD_MAX;

/// Largest side record in bytes.
pub const SIDE_MAX: usize = 4 * 1024 * 1024;
/// Lengths and record checksum ahead of the record.
pub(super) const FRAME_HEAD: usize = 12;
/// The side's checksum between record and side.
const SIDE_HEAD: usize = 4;
/// Stands for the checksum when the side was erased: `ERAS`. Not zero, which
/// an interrupted write can leave.
pub(super) const ERASED: u32 = u32::from_le_bytes(*b"ERAS");

/// What is wrong with a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadFrame {
    #[error("expected a whole frame, found the end of the file")]
    Incomplete,
    #[error("expected a record of 1 to {RECORD_MAX} bytes, found length {0}")]
    RecordLength(u32),
    #[error("expected a side record of at most {SIDE_MAX} bytes, found length {0}")]
    SideLength(u32),
    #[error("expected the record's checksum, found another")]
    RecordChecksum,
    #[error("expected the side record's checksum, found another")]
    SideChecksum,
}

/// A whole frame that passed its checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) record: &'a [u8],
    /// Absent when there is none and when it was erased.
    pub(super) side: Option<&'a [u8]>,
}

/// Adds a frame to `out`. Lengths are within their limits: the writer checks.
pub(super) fn encode(record: &[u8], side: &[u8], out: &mut Vec<u8>) {
    // INVARIANT: both are at most 60,000 bytes.
    let lengths = lengths(record.len() as u32, side.len() as u32);
    out.extend_from_slice(&lengths);
    out.extend_from_slice(&record_crc(&lengths, record).to_le_bytes());
    out.extend_from_slice(record);
    out.extend_from_slice(&side_crc(side).to_le_bytes());
    out.extend_from_slice(side);
}

fn lengths(record: u32, side: u32) -> [u8; 8] {
    (u64::from(record) | u64::from(side) << 32).to_le_bytes()
}

fn record_crc(lengths: &[u8; 8], record: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(lengths);
    crc.update(record);
    crc.finalize()
}

/// A checksum that happens to be the mark of erasure is written inverted.
fn side_crc(side: &[u8]) -> u32 {
    match crc32fast::hash(side) {
        ERASED => !ERASED,
        crc => crc,
    }
}

/// A frame's first twelve bytes, lengths within their limits.
struct Head {
    lengths: [u8; 8],
    record: usize,
    side: usize,
    crc: u32,
}

impl Head {
    fn parse(bytes: [u8; FRAME_HEAD]) -> Result<Self, BadFrame> {
        let [l0, l1, l2, l3, s0, s1, s2, s3, c0, c1, c2, c3] = bytes;
        let record = u32::from_le_bytes([l0, l1, l2, l3]);
        let side = u32::from_le_bytes([s0, s1, s2, s3]);
        if record == 0 || record as usize > RECORD_MAX {
            return Err(BadFrame::RecordLength(record));
        }
        if side as usize > SIDE_MAX {
            return Err(BadFrame::SideLength(side));
        }
        Ok(Self {
            lengths: lengths(record, side),
            record: record as usize,
            side: side as usize,
            crc: u32::from_le_bytes([c0, c1, c2, c3]),
        })
    }

    const fn rest(&self) -> usize {
        self.record + SIDE_HEAD + self.side
    }

    /// Splits and checks the bytes after the head.
    fn open<'a>(&self, rest: &'a [u8]) -> Result<Frame<'a>, BadFrame> {
        let (record, rest) = rest
            .split_at_checked(self.record)
            .ok_or(BadFrame::Incomplete)?;
        let (crc, side) = rest
            .split_first_chunk::<SIDE_HEAD>()
            .ok_or(BadFrame::Incomplete)?;
        if record_crc(&self.lengths, record) != self.crc {
            return Err(BadFrame::RecordChecksum);
        }
        let crc = u32::from_le_bytes(*crc);
        let erased = crc == ERASED;
        if !erased && side_crc(side) != crc {
            return Err(BadFrame::SideChecksum);
        }
        let side = (!erased && !side.is_empty()).then_some(side);
        Ok(Frame { record, side })
    }
}

/// Why the next frame could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Bad(#[from] BadFrame),
}

/// Reads frame after frame with one buffer, which never grows beyond the
/// largest frame: lengths are checked before anything is reserved.
pub(super) struct Frames<R> {
    source: R,
    offset: u64,
    end: u64,
    buffer: Vec<u8>,
}

impl<R: Read> Frames<R> {
    /// Frames of `source`, which stands at `offset`, up to `end`.
    pub(super) const fn new(source: R, offset: u64, end: u64) -> Self {
        Self {
            source,
            offset,
            end,
            buffer: Vec::new(),
        }
    }

    /// Where the next frame begins, or the bad one did.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame, `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'_>>, ReadError> {
        let left = self.end.saturating_sub(self.offset);
        if left == 0 {
            return Ok(None);
        }
        if left < FRAME_HEAD as u64 {
            return Err(BadFrame::Incomplete.into());
        }
        let mut head = [0; FRAME_HEAD];
        self.source.read_exact(&mut head)?;
        let head = Head::parse(head)?;
        let whole = (FRAME_HEAD + head.rest()) as u64;
        if left < whole {
            return Err(BadFrame::Incomplete.into());
        }
        self.buffer.resize(head.rest(), 0);
        self.source.read_exact(&mut self.buffer)?;
        let frame = head.open(&self.buffer)?;
        self.offset += whole;
        Ok(Some(frame))
    }

    #[cfg(test)]
    pub(super) const fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
}
