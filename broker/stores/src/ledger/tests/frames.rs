use super::*;
use crate::ledger::frame::{FRAME_HEAD, Frames, encode};
use locum_core::record::RECORD_MAX;
use proptest::prelude::*;

/// Reads all frames; every one moves on, and the buffer stays bounded.
fn drain(bytes: &[u8]) -> usize {
    let mut frames = Frames::new(bytes, 0, bytes.len() as u64);
    let mut count = 0;
    while let Ok(Some(_)) = frames.next() {
        count += 1;
    }
    assert!(frames.offset() <= bytes.len() as u64);
    assert!(frames.capacity() <= RECORD_MAX + SIDE_MAX + 4);
    count
}

proptest! {
    #[test]
    fn random_bytes_neither_panic_nor_reserve_beyond_a_frame(
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
    ) {
        prop_assert_eq!(drain(&bytes), 0);
        torn::holds_frame(&bytes);
    }

    #[test]
    fn random_lengths_reserve_at_most_a_frame(record: u32, side: u32, end: u64) {
        let mut bytes = vec![0; 200_000];
        bytes[..4].copy_from_slice(&record.to_le_bytes());
        bytes[4..8].copy_from_slice(&side.to_le_bytes());
        let mut frames = Frames::new(&*bytes, 0, end);
        prop_assert!(end == 0 || frames.next().is_err());
        prop_assert!(frames.capacity() <= RECORD_MAX + SIDE_MAX + 4);
    }

    #[test]
    fn what_is_encoded_is_read_back_and_any_flipped_bit_is_noticed(
        record in proptest::collection::vec(any::<u8>(), 1..300),
        side in proptest::collection::vec(any::<u8>(), 0..300),
        at: prop::sample::Index,
        bit in 0u8..8,
    ) {
        let mut bytes = Vec::new();
        encode(&record, &side, &mut bytes);
        let mut frames = Frames::new(&*bytes, 0, bytes.len() as u64);
        let frame = frames.next().unwrap().unwrap();
        prop_assert_eq!(frame.record, &record[..]);
        prop_assert_eq!(frame.side.unwrap_or_default(), &side[..]);
        prop_assert_eq!(drain(&bytes), 1);
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        prop_assert_eq!(drain(&bytes), 0);
    }

    #[test]
    fn a_record_is_found_wherever_it_begins(
        ahead in proptest::collection::vec(any::<u8>(), 0..500),
        behind in proptest::collection::vec(any::<u8>(), 0..50),
    ) {
        let mut bytes = ahead;
        encode(br#"{"body":{}}"#, b"side", &mut bytes);
        bytes.extend(behind);
        prop_assert!(torn::holds_frame(&bytes));
    }
}

#[test]
fn a_side_whose_checksum_is_the_mark_of_erasure_is_not_taken_for_erased() {
    let side = forged(frame::ERASED);
    assert_eq!(crc32fast::hash(&side), frame::ERASED);
    let mut bytes = Vec::new();
    encode(b"{}", &side, &mut bytes);
    let mut frames = Frames::new(&*bytes, 0, bytes.len() as u64);
    assert_eq!(frames.next().unwrap().unwrap().side, Some(&side[..]));
}

/// Four bytes with this CRC-32: the register run backwards, bit by bit.
fn forged(crc: u32) -> [u8; 4] {
    let back = |register: u32, _| match register >> 31 {
        0 => register << 1,
        _ => (register ^ 0xedb8_8320) << 1 | 1,
    };
    (!(0..32).fold(!crc, back)).to_le_bytes()
}

#[test]
fn a_frame_is_laid_out_as_documented() {
    let mut bytes = Vec::new();
    encode(b"{}", b"{\"a\":1}", &mut bytes);
    assert_eq!(bytes[..8], [2, 0, 0, 0, 7, 0, 0, 0]);
    let crc = crc32fast::hash(&[&bytes[..8], b"{}"].concat());
    assert_eq!(bytes[8..FRAME_HEAD], crc.to_le_bytes());
    assert_eq!(&bytes[12..14], b"{}");
    assert_eq!(bytes[14..18], crc32fast::hash(b"{\"a\":1}").to_le_bytes());
    assert_eq!(&bytes[18..], b"{\"a\":1}");
}

#[test]
fn a_header_is_laid_out_as_documented() {
    let header = segment::header(&identity::Tree::from_seed([0; 10]), 258);
    assert_eq!(header.len() as u64, segment::HEADER);
    assert_eq!(&header[..8], b"LOCUMLDG");
    assert_eq!(header[8..12], [1, 0, 0, 0]);
    assert_eq!(&header[12..28], b"aaaaaaaaaaaaaaaa");
    assert_eq!(header[28..36], [2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(header[36..], crc32fast::hash(&header[..36]).to_le_bytes());
}
