//! A snapshot holds what the records say, and nothing that they do not.

use super::change::{every, remembered};
use super::fold::{decision, paid, uses, with_mark};
use super::{empty, live, place, record, shown, snapshot};
use crate::ledger::{Follower, RawRecord};
use crate::state::marks::Replayed;
use crate::state::{Change, Shared};
use locum_core::testing::NOW_S;

const KEY: [u8; 16] = [7; 16];
const ONE: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];
const UNTIL: u64 = NOW_S + 300;

fn restored(from: &Shared) -> Shared {
    let mut shared = empty();
    shared.restore(&snapshot(from)).unwrap();
    shared
}

#[test]
fn every_kind_of_change_survives_a_snapshot() {
    let before = live(&[record(&every())]);
    let after = restored(&before);
    assert_eq!(shown(&before), shown(&after));
    assert_eq!(snapshot(&before).len(), snapshot(&after).len());
}

#[test]
fn a_reserved_use_is_in_no_snapshot_and_a_recorded_one_is() {
    let (scene, grant) = paid();
    let written = record(&[Change::Grant {
        grant: grant.clone(),
    }]);
    let mut shared = live(&[written]);
    shared.write().registry.use_grant(grant.id);
    assert_eq!(uses(&restored(&shared), &grant), 0);
    shared.appended(&place(1), &decision(&scene)).unwrap();
    let mut again = restored(&shared);
    assert_eq!(uses(&again, &grant), 1);
    again.restore(&snapshot(&again)).unwrap();
    assert_eq!(uses(&again, &grant), 1);
}

#[test]
fn an_answered_mark_stays_answered_and_one_in_flight_may_end() {
    let shared = live(&[record(&[])]);
    let taken = |shared: &Shared, request| shared.write().marks.take(KEY, request, UNTIL, NOW_S);
    taken(&shared, ONE).unwrap();
    let after = restored(&shared);
    assert_eq!(taken(&after, OTHER), Err(Replayed));
    assert_eq!(taken(&after, ONE), Ok(()));
    shared.write().marks.answered(KEY, UNTIL);
    let after = restored(&shared);
    assert_eq!(taken(&after, ONE), Err(Replayed));
    assert_eq!(after.read().marks.len(), 1);
}

#[test]
fn marks_and_answers_whose_time_is_over_are_left_out() {
    let change = remembered("k", NOW_S - 1);
    let shared = live(&[record(&[change])]);
    // A mark counts until the end of its minute.
    shared.write().marks.answered(KEY, NOW_S - 60);
    let after = restored(&shared);
    assert!(after.read().marks.is_empty());
    assert!(after.read().answer("k", NOW_S - 2).is_none());
}

#[test]
fn bytes_that_are_no_snapshot_change_nothing() {
    let shared = live(&[record(&every())]);
    let bytes = snapshot(&shared);
    let mut other = live(&[record(&[])]);
    let before = shown(&other);
    for end in [0, 7, 8, bytes.len() / 2] {
        assert!(other.restore(&bytes[..end]).is_err());
    }
    assert_eq!(shown(&other), before);
}

#[test]
fn a_skimmed_decision_does_what_a_replayed_one_does() {
    let (scene, grant) = paid();
    let written = record(&[Change::Grant {
        grant: grant.clone(),
    }]);
    let draft = with_mark(&scene, KEY, None);
    let mut skimmed = live(&[written]);
    let past = RawRecord {
        place: place(1),
        kind: draft.kind().to_owned(),
        body: draft.body().as_bytes(),
    };
    assert!(skimmed.skim(&past));
    assert_eq!(uses(&skimmed, &grant), 1);
    assert_eq!(skimmed.read().last_time_ms, place(1).time_ms);
    let taken = skimmed.write().marks.take(KEY, ONE, UNTIL, NOW_S);
    assert_eq!(taken, Err(Replayed));
}

/// Others fill parts of a decision's body: what looks like its marks there is
/// none.
#[test]
fn marks_are_read_where_the_record_has_them_and_nowhere_else() {
    let body = br#"{"a":{"marks":[],"uses":null},"marks":[["BwcHBwcHBwcHBwcHBwcHBw",9999999999,null]],"z":"\"marks\":[]"}"#;
    let mut shared = empty();
    let past = RawRecord {
        place: place(0),
        kind: "decision".into(),
        body,
    };
    assert!(shared.skim(&past));
    assert_eq!(shared.read().marks.len(), 1);
    let past = RawRecord {
        kind: "change".into(),
        ..past
    };
    assert!(!shared.skim(&past));
}
