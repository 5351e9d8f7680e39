#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::ledger::{Ledger, LedgerOptions, name_of};
use crate::state::State;
use locum_core::decide::DECISION;
use locum_core::ids::GrantId;
use locum_core::record::Draft;
use locum_core::testing::{Names, uuid};
use serde_json::json;
use std::path::Path;

const GRANT: u64 = 7;

/// A tree of so many decisions, each of which took one use of a grant.
fn tree(folder: &Path, many: u64) -> Reader {
    let state = Shared::new(State::new(Arc::new(Names)));
    let options = LedgerOptions::new(folder.join("own"), [7; 10]);
    let (ledger, _) = Ledger::open(options, Arc::new(|| 1_000), Box::new(state)).unwrap();
    for n in 0..many {
        let body = json!({ "n": n, "outcome": "permit", "uses": GrantId(uuid(1, GRANT)) });
        let draft = Draft::new(DECISION, [1; 16], body, None);
        ledger.append_blocking(draft).unwrap();
    }
    ledger.reader()
}

fn frames(reader: &Reader, from: u64, many: u64) -> Vec<u8> {
    let (_, all) = reader.frames(from).unwrap().unwrap();
    first_frames(&all, many).to_vec()
}

fn copy(folder: &Path) -> CopiedTree {
    let place = CopyPlace {
        folder: folder.join("copy"),
        tree: name_of([7; 10]),
        segment_bytes: 1 << 20,
        state: Shared::new(State::new(Arc::new(Names))),
    };
    CopiedTree::open(place, "a").unwrap()
}

/// The numbers of the records that are here, run by run.
fn numbers(copy: &CopiedTree) -> Vec<Vec<u64>> {
    let of = |reader: Reader| {
        let all = reader.iter_from(reader.whole_from());
        all.map(|entry| entry.unwrap().body["n"].as_u64().unwrap())
            .collect()
    };
    copy.readers().into_iter().map(of).collect()
}

fn uses(copy: &CopiedTree) -> u64 {
    let state = copy.place.state.read();
    state.foreign_uses[&GrantId(uuid(1, GRANT))].values().sum()
}

#[test]
fn what_is_missing_is_filled_up_to_what_is_here_and_counts_once() {
    let home = tempfile::tempdir().unwrap();
    let reader = tree(home.path(), 10);
    let copied = copy(home.path());
    copied.take(4, &frames(&reader, 4, 3)).unwrap();
    copied.take(9, &frames(&reader, 9, 1)).unwrap();
    let hole = |from, until| Hole { from, until };
    assert_eq!(copied.holes(), [hole(0, 4), hole(7, 9)]);
    // A node answers with more than was asked for.
    assert_eq!(
        copied.fill(hole(0, 4), 0, &frames(&reader, 0, 10)).unwrap(),
        4
    );
    assert_eq!(
        copied.fill(hole(7, 9), 7, &frames(&reader, 7, 3)).unwrap(),
        2
    );
    assert_eq!(copied.holes(), []);
    let all: Vec<u64> = numbers(&copied).concat();
    assert_eq!(all, (0..10).collect::<Vec<_>>());
    assert_eq!(uses(&copied), 10);
    // A commit that comes again changes nothing.
    copied.take(9, &frames(&reader, 9, 1)).unwrap();
    assert_eq!(uses(&copied), 10);
    drop(copied);
    let again = copy(home.path());
    assert_eq!(numbers(&again).concat(), all);
    assert_eq!((again.holes(), again.next()), (Vec::new(), 10));
    assert_eq!(uses(&again), 10);
}

#[test]
fn a_copy_with_a_gap_is_not_whole_until_what_follows_it_is_old_enough() {
    let home = tempfile::tempdir().unwrap();
    let reader = tree(home.path(), 10);
    let copied = copy(home.path());
    copied.take(4, &frames(&reader, 4, 6)).unwrap();
    assert!(!copied.is_whole(1_000).unwrap());
    assert!(copied.is_whole(1_000 + LIVES_MS + 1).unwrap());
    copied
        .fill(copied.holes()[0], 0, &frames(&reader, 0, 4))
        .unwrap();
    assert!(copied.is_whole(1_000).unwrap());
}
