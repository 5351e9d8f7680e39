#![allow(clippy::panic, reason = "tests")]
use super::*;

const NOON_MS: u64 = 1_795_435_200_000;

fn summary(minutes: &Minutes, client: &str, now_ms: u64) -> Arc<Summary> {
    match minutes.place(client, now_ms, false) {
        RecordedIn::In(summary) => summary,
        RecordedIn::Singly => panic!("expected a summary"),
    }
}

fn singly(minutes: &Minutes, client: &str, now_ms: u64) -> u32 {
    let mut count = 0;
    while matches!(minutes.place(client, now_ms, false), RecordedIn::Singly) {
        count += 1;
    }
    count
}

#[test]
fn sixty_refusals_a_client_and_minute_stand_alone_and_the_rest_in_one_summary() {
    let minutes = Minutes::default();
    assert_eq!(singly(&minutes, "a", NOON_MS), SINGLY_MAX);
    let one = summary(&minutes, "a", NOON_MS + MINUTE_MS - 1);
    assert!(Arc::ptr_eq(&one, &summary(&minutes, "a", NOON_MS)));
    assert_eq!(singly(&minutes, "b", NOON_MS), SINGLY_MAX, "another client");
    let next = NOON_MS + MINUTE_MS;
    assert_eq!(singly(&minutes, "a", next), SINGLY_MAX, "another minute");
    assert!(!Arc::ptr_eq(&one, &summary(&minutes, "a", next)));
    assert_eq!(minutes.open().len(), 3);
}

#[test]
fn what_is_on_record_already_stands_in_a_summary_at_once() {
    let minutes = Minutes::default();
    let RecordedIn::In(one) = minutes.place("a", NOON_MS, true) else {
        panic!("expected a summary")
    };
    assert_eq!(singly(&minutes, "a", NOON_MS), SINGLY_MAX);
    assert!(Arc::ptr_eq(&one, &summary(&minutes, "a", NOON_MS)));
}

#[test]
fn nothing_is_counted_in_a_summary_that_is_over() {
    let minutes = Minutes::default();
    singly(&minutes, "a", NOON_MS);
    let one = summary(&minutes, "a", NOON_MS);
    one.lock().over = true;
    assert!(!Arc::ptr_eq(&one, &summary(&minutes, "a", NOON_MS)));
}

#[test]
fn the_clients_counted_are_bounded() {
    let minutes = Minutes::default();
    for number in 0..=CLIENTS_MAX {
        minutes.place(&number.to_string(), NOON_MS, false);
    }
    assert!(minutes.lock().clients.len() <= CLIENTS_MAX);
    minutes.place("a", NOON_MS + MINUTE_MS, false);
    assert_eq!(minutes.lock().clients.len(), 1);
}
