#![allow(clippy::panic, reason = "tests")]
use super::*;

const NOON_MS: u64 = 1_795_435_200_000;

fn summary(summaries: &Summaries, client: &str, now_ms: u64) -> Arc<Summary> {
    match summaries.place(client, now_ms, false) {
        Place::In(summary) => summary,
        Place::Singly => panic!("expected a summary"),
    }
}

fn singly(summaries: &Summaries, client: &str, now_ms: u64) -> u32 {
    let mut count = 0;
    while matches!(summaries.place(client, now_ms, false), Place::Singly) {
        count += 1;
    }
    count
}

#[test]
fn sixty_refusals_a_client_and_minute_stand_alone_and_the_rest_in_one_summary() {
    let summaries = Summaries::default();
    assert_eq!(singly(&summaries, "a", NOON_MS), SINGLY_MAX);
    let one = summary(&summaries, "a", NOON_MS + MINUTE_MS - 1);
    assert!(Arc::ptr_eq(&one, &summary(&summaries, "a", NOON_MS)));
    assert_eq!(
        singly(&summaries, "b", NOON_MS),
        SINGLY_MAX,
        "another client"
    );
    let next = NOON_MS + MINUTE_MS;
    assert_eq!(singly(&summaries, "a", next), SINGLY_MAX, "another minute");
    assert!(!Arc::ptr_eq(&one, &summary(&summaries, "a", next)));
    assert_eq!(summaries.open().len(), 3);
}

#[test]
fn what_is_on_record_already_stands_in_a_summary_at_once() {
    let summaries = Summaries::default();
    let Place::In(one) = summaries.place("a", NOON_MS, true) else {
        panic!("expected a summary")
    };
    assert_eq!(singly(&summaries, "a", NOON_MS), SINGLY_MAX);
    assert!(Arc::ptr_eq(&one, &summary(&summaries, "a", NOON_MS)));
}

#[test]
fn nothing_is_counted_in_a_summary_that_is_over() {
    let summaries = Summaries::default();
    singly(&summaries, "a", NOON_MS);
    let one = summary(&summaries, "a", NOON_MS);
    one.lock().over = true;
    assert!(!Arc::ptr_eq(&one, &summary(&summaries, "a", NOON_MS)));
}

#[test]
fn the_clients_counted_are_bounded() {
    let summaries = Summaries::default();
    for number in 0..=CLIENTS_MAX {
        summaries.place(&number.to_string(), NOON_MS, false);
    }
    assert!(summaries.lock().clients.len() <= CLIENTS_MAX);
    summaries.place("a", NOON_MS + MINUTE_MS, false);
    assert_eq!(summaries.lock().clients.len(), 1);
}
