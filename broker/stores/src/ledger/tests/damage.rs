use super::*;
use crate::ledger::segment::HEADER;
use std::fs;

fn damaged(world: &World) -> (PathBuf, u64) {
    match world.try_open() {
        Err(OpenError::Damaged { path, offset, .. }) => (path, offset),
        Err(other) => panic!("expected damage, found {other}"),
        Ok(_) => panic!("expected damage, found an open ledger"),
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

/// Where each of the frames of the first segment begins, and the end.
fn offsets(world: &World) -> Vec<u64> {
    let file = File::open(world.segment(0)).unwrap();
    let end = file.metadata().unwrap().len();
    let mut frames = segment::frames(file, HEADER, end).unwrap();
    let mut found = vec![HEADER];
    while frames.next().unwrap().is_some() {
        found.push(frames.offset());
    }
    found
}

#[test]
fn a_last_frame_torn_at_any_byte_is_cut_off_and_the_rest_intact() {
    let world = World::new();
    let ledger = world.open();
    for n in 0..3 {
        ledger.append_blocking(with_side(n)).unwrap();
    }
    ledger.close();
    let whole = fs::read(world.segment(0)).unwrap();
    let start = offsets(&world)[2] as usize;
    for end in start..whole.len() {
        fs::write(world.segment(0), &whole[..end]).unwrap();
        let (ledger, opened) = world.try_open().unwrap();
        assert_eq!(opened.records, 2);
        assert_eq!(opened.repaired_bytes, (end - start) as u64);
        assert_eq!(ledger.append_blocking(with_side(7)).unwrap().place.index, 2);
        ledger.close();
        assert_eq!(bodies(&world.open()), [0, 1, 7]);
    }
}

#[test]
fn a_last_frame_zeroed_from_any_byte_on_is_cut_off() {
    let world = World::new();
    let ledger = world.open();
    ledger.append_blocking(with_side(0)).unwrap();
    ledger.append_blocking(with_side(1)).unwrap();
    ledger.close();
    let whole = fs::read(world.segment(0)).unwrap();
    let start = offsets(&world)[1] as usize;
    for from in start..whole.len() {
        let mut torn = whole.clone();
        torn[from..].fill(0);
        torn.extend([0; 50]);
        fs::write(world.segment(0), &torn).unwrap();
        let (_ledger, opened) = world.try_open().unwrap();
        assert_eq!(opened.records, 1);
    }
}

#[test]
fn a_flipped_byte_in_any_frame_but_the_last_is_refused_where_it_is() {
    let world = World::new();
    let ledger = world.open();
    for n in 0..3 {
        ledger.append_blocking(with_side(n)).unwrap();
    }
    ledger.close();
    let offsets = offsets(&world);
    for at in HEADER..offsets[2] {
        flip(&world.segment(0), at as usize);
        let frame = if at < offsets[1] { HEADER } else { offsets[1] };
        assert_eq!(damaged(&world), (world.segment(0), frame), "byte {at}");
        flip(&world.segment(0), at as usize);
    }
    assert_eq!(bodies(&world.open()), [0, 1, 2]);
}

#[test]
fn a_torn_end_longer_than_any_commit_is_refused() {
    let world = World::with_records(1);
    let mut bytes = fs::read(world.segment(0)).unwrap();
    bytes.resize(bytes.len() + torn::TORN_MAX as usize + 1, 0);
    fs::write(world.segment(0), bytes).unwrap();
    damaged(&world);
}

#[test]
fn every_byte_of_a_header_counts() {
    let world = World::with_records(1);
    for at in 0..HEADER as usize {
        flip(&world.segment(0), at);
        assert_eq!(damaged(&world), (world.segment(0), 0));
        flip(&world.segment(0), at);
    }
}

/// Three records, each in its own segment.
fn three_segments() -> World {
    let mut world = World::new();
    world.segment_bytes = 1;
    let ledger = world.open();
    for n in 0..3 {
        ledger.append_blocking(draft(n)).unwrap();
    }
    ledger.close();
    assert_eq!(segment::list(&world.dir()).unwrap(), [0, 1, 2]);
    world
}

#[test]
fn a_torn_end_of_a_segment_that_is_not_the_last_is_refused() {
    let world = three_segments();
    let path = world.segment(1);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(damaged(&world), (path, HEADER));
}

#[test]
fn a_missing_segment_or_name_is_refused_and_nothing_is_founded_in_its_place() {
    let lost = [
        "00000000000000000000.seg",
        "00000000000000000001.seg",
        "tree",
    ];
    for name in lost {
        let world = three_segments();
        fs::remove_file(world.dir().join(name)).unwrap();
        damaged(&world);
        damaged(&world);
    }
    let world = World::with_records(0);
    fs::remove_file(world.segment(0)).unwrap();
    damaged(&world);
}

#[test]
fn a_segment_of_another_tree_is_refused() {
    let world = three_segments();
    let tree = identity::Tree::from_seed([9; 10]);
    let mut bytes = fs::read(world.segment(1)).unwrap();
    bytes[..HEADER as usize].copy_from_slice(&segment::header(&tree, 1));
    fs::write(world.segment(1), bytes).unwrap();
    assert_eq!(damaged(&world), (world.segment(1), 0));
}

#[test]
fn a_record_at_the_wrong_place_or_of_an_unknown_version_is_refused() {
    let good = r#"{"body":{},"index":1,"salt":"AAAAAAAAAAAAAAAAAAAAAA","tenant":"default","time_ms":1000,"tree":"a4dqobyha4dqobyh","type":"x","v":1}"#;
    let bad = [
        good.replace("\"index\":1", "\"index\":2"),
        good.replace("\"v\":1", "\"v\":2"),
        good.replace("a4dq", "b4dq"),
        good.replace("\"time_ms\":1000", "\"time_ms\":999"),
        good.replace('}', ""),
    ];
    for (record, ok) in bad
        .iter()
        .map(|b| (b.as_str(), false))
        .chain([(good, true)])
    {
        let world = World::with_records(1);
        let mut bytes = fs::read(world.segment(0)).unwrap();
        let offset = bytes.len() as u64;
        frame::encode(record.as_bytes(), b"", &mut bytes);
        fs::write(world.segment(0), bytes).unwrap();
        if ok {
            assert_eq!(world.try_open().unwrap().1.records, 2);
        } else {
            assert_eq!(damaged(&world), (world.segment(0), offset));
        }
    }
}

#[test]
fn a_crash_while_a_segment_or_the_ledger_was_born_is_repaired() {
    for len in 0..HEADER as usize {
        let world = three_segments();
        let tree = identity::Tree::from_seed([7; 10]);
        let header = segment::header(&tree, 3);
        fs::write(world.segment(3), &header[..len]).unwrap();
        let (ledger, opened) = world.try_open().unwrap();
        assert_eq!((opened.records, opened.repaired_bytes), (3, len as u64));
        ledger.append_blocking(draft(3)).unwrap();
        assert_eq!(bodies(&ledger), [0, 1, 2, 3]);
    }
    let world = World::with_records(0);
    fs::remove_file(world.dir().join("tree")).unwrap();
    assert_eq!(world.try_open().unwrap().1.records, 0);
}

#[test]
fn an_erased_side_record_leaves_its_record_whole() {
    let world = World::new();
    let ledger = world.open();
    ledger.append_blocking(with_side(0)).unwrap();
    ledger.append_blocking(with_side(1)).unwrap();
    ledger.close();
    let side = br#"{"name":"Ada"}"#;
    let mut bytes = fs::read(world.segment(0)).unwrap();
    let at = offsets(&world)[1] as usize - side.len();
    assert_eq!(&bytes[at..at + side.len()], side);
    bytes[at - 4..at].copy_from_slice(b"ERAS");
    bytes[at..at + side.len()].fill(0);
    fs::write(world.segment(0), bytes).unwrap();
    let reader = world.open().reader();
    assert_eq!(reader.get(0).unwrap().unwrap().side, None);
    assert!(reader.get(1).unwrap().unwrap().side.is_some());
}
