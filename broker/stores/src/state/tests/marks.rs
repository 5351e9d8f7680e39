//! Contract §6, "Repeating".

use super::{live, replayed};
use crate::state::Marks;
use crate::state::marks::Replayed;
use locum_core::decide;
use locum_core::ids::RequestId;
use locum_core::testing::uuid;

const KEY: [u8; 16] = [7; 16];
const ONE: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];
const NOW: u64 = 1_000;
const UNTIL: u64 = NOW + 300;

fn taken() -> Marks {
    let mut marks = Marks::default();
    assert_eq!(marks.take(KEY, ONE, UNTIL, NOW), Ok(()));
    marks
}

#[test]
fn a_mark_in_flight_or_answered_is_refused_also_for_the_identical_request() {
    let mut marks = taken();
    assert_eq!(marks.take(KEY, ONE, UNTIL, NOW), Err(Replayed));
    assert_eq!(marks.take(KEY, OTHER, UNTIL, NOW), Err(Replayed));
    marks.answered(KEY, UNTIL);
    assert_eq!(marks.take(KEY, ONE, UNTIL, NOW), Err(Replayed));
    assert_eq!(marks.take(KEY, OTHER, UNTIL, NOW), Err(Replayed));
    assert_eq!(marks.take([8; 16], ONE, UNTIL, NOW), Ok(()));
}

#[test]
fn after_a_fault_only_the_identical_request_may_run_again() {
    let mut marks = taken();
    marks.failed(&KEY);
    assert_eq!(marks.take(KEY, OTHER, UNTIL, NOW), Err(Replayed));
    assert_eq!(marks.take(KEY, ONE, UNTIL, NOW), Ok(()));
    assert_eq!(
        marks.take(KEY, ONE, UNTIL, NOW),
        Err(Replayed),
        "it runs again"
    );
    marks.failed(&KEY);
    assert_eq!(
        marks.take(KEY, ONE, UNTIL, NOW),
        Ok(()),
        "and may fail again"
    );
}

#[test]
fn what_was_answered_never_becomes_a_fault() {
    let mut marks = taken();
    marks.answered(KEY, UNTIL);
    marks.failed(&KEY);
    assert_eq!(marks.take(KEY, ONE, UNTIL, NOW), Err(Replayed));
    marks.failed(&[9; 16]);
    assert_eq!(marks.len(), 1);
}

#[test]
fn a_fault_on_the_record_binds_the_mark_to_its_request() {
    let mut marks = Marks::default();
    marks.failed_with(KEY, ONE, UNTIL);
    assert_eq!(marks.take(KEY, OTHER, UNTIL, NOW), Err(Replayed));
    assert_eq!(marks.take(KEY, ONE, UNTIL, NOW), Ok(()));
}

#[test]
fn a_mark_counts_until_its_assertion_has_expired_and_is_then_swept() {
    let mut marks = taken();
    assert_eq!(
        marks.take(KEY, ONE, UNTIL, UNTIL),
        Err(Replayed),
        "its last second"
    );
    assert_eq!(marks.take([8; 16], ONE, UNTIL + 600, UNTIL + 60), Ok(()));
    assert_eq!(marks.len(), 1);
    assert!(!marks.is_empty() && Marks::default().is_empty());
}

#[test]
fn a_mark_beside_a_summary_counts_live_and_in_replay() {
    let (now, until) = (super::NOW_S, super::NOW_S + 300);
    let open = decide::opened("a", 1_795_400_040_000, [1; 16]);
    let place = super::place(0);
    let request = RequestId(uuid(1_795_400_040_000, 1));
    let drafts = [
        open.clone(),
        decide::marked("a", request, (Some((KEY, until, None)), &[]), [2; 16]),
        decide::marked(
            "a",
            request,
            (Some(([8; 16], until, Some(ONE))), &[]),
            [3; 16],
        ),
        decide::closed((&open, &place), &decide::Counts::default(), [4; 16]),
    ];
    for shared in [live(&drafts), replayed(&drafts)] {
        let marks = &mut shared.write().marks;
        assert_eq!(marks.len(), 2);
        assert_eq!(marks.take(KEY, ONE, until, now), Err(Replayed), "answered");
        assert_eq!(marks.take([8; 16], OTHER, until, now), Err(Replayed));
        assert_eq!(marks.take([8; 16], ONE, until, now), Ok(()), "a fault");
    }
}
