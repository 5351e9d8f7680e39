//! The map as bytes, for snapshots (`docs/reference/ledger-format.md`,
//! "Snapshot").

use super::{Anchor, Contents, Segment};

impl Contents {
    /// The bytes of the map.
    pub(in crate::ledger) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + 16 * self.segments.len() + 32 * self.anchors.len());
        let mut put = |number: u64| out.extend_from_slice(&number.to_le_bytes());
        put(self.records);
        put(self.last_time_ms);
        put(self.segments.len() as u64);
        for segment in &self.segments {
            put(segment.first);
            put(segment.end);
        }
        put(self.anchors.len() as u64);
        for anchor in &self.anchors {
            put(anchor.index);
            put(anchor.time_ms);
            put(anchor.segment as u64);
            put(anchor.offset);
        }
        out
    }

    /// The map of these bytes, `None` when they are not exactly one.
    pub(in crate::ledger) fn decode(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return None;
        }
        let mut numbers = numbers.iter().map(|n| u64::from_le_bytes(*n));
        let mut next = || numbers.next();
        let (records, last_time_ms) = (next()?, next()?);
        let mut segments = Vec::new();
        for _ in 0..next()? {
            segments.push(Segment {
                first: next()?,
                end: next()?,
            });
        }
        let mut anchors = Vec::new();
        for _ in 0..next()? {
            anchors.push(Anchor {
                index: next()?,
                time_ms: next()?,
                segment: usize::try_from(next()?).ok()?,
                offset: next()?,
            });
        }
        if next().is_some() {
            return None;
        }
        let closed = segments.iter().rev().skip(1).map(|s| s.end).sum();
        Some(Self {
            segments,
            anchors,
            records,
            last_time_ms,
            closed_bytes: closed,
            whole_from: 0,
        })
    }

    /// First index and end of every segment.
    pub(in crate::ledger) fn segments(&self) -> impl Iterator<Item = (u64, u64)> {
        self.segments.iter().map(|s| (s.first, s.end))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn contents() -> Contents {
        let mut contents = Contents::default();
        for end in [100, 200] {
            contents.begin_segment();
            for n in 0..70 {
                contents.push(end + n, 5 + n);
            }
        }
        contents
    }

    #[test]
    fn a_map_comes_back_from_its_bytes() {
        let bytes = contents().encode();
        let back = Contents::decode(&bytes).unwrap();
        assert_eq!(format!("{back:?}"), format!("{:?}", contents()));
    }

    #[test]
    fn bytes_cut_short_or_long_are_no_map() {
        let bytes = contents().encode();
        assert!((0..bytes.len()).all(|n| Contents::decode(bytes.get(..n).unwrap()).is_none()));
        assert!(Contents::decode(&[&bytes[..], &[0; 8]].concat()).is_none());
    }
}
