//! How every backend of [`Tickets`] behaves.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::{NotKept, Ticket, TicketBounds, Tickets};
use locum_core::testing::NOW_S;
use std::sync::Arc;

const BOUNDS: TicketBounds = TicketBounds {
    of_one: 2,
    in_all: 5,
    bytes: 100,
};

const fn key(number: u8) -> [u8; 32] {
    [number; 32]
}

/// One that lasts a minute.
const fn ticket(number: u8, owner: u8, bytes: Vec<u8>, now_s: u64) -> Ticket {
    Ticket {
        key: key(number),
        owner: [owner; 16],
        bytes,
        until_s: now_s + 60,
    }
}

/// Runs everything; `new` makes a backend without tickets.
pub(crate) async fn behaves(new: impl Fn(TicketBounds) -> Arc<dyn Tickets>) {
    a_ticket_is_read_until_it_is_over(&*new(BOUNDS)).await;
    a_ticket_is_taken_once(&*new(BOUNDS)).await;
    a_name_that_is_taken_keeps_its_ticket(&*new(BOUNDS)).await;
    one_owner_has_no_more_than_one_may_have(&*new(BOUNDS)).await;
    there_are_no_more_than_may_be_in_all(&*new(BOUNDS)).await;
    there_are_no_more_bytes_than_may_be(&*new(BOUNDS)).await;
}

async fn a_ticket_is_read_until_it_is_over(tickets: &dyn Tickets) {
    let put = tickets.put(ticket(1, 1, b"a".to_vec(), NOW_S), NOW_S);
    put.await.unwrap();
    for now_s in [NOW_S, NOW_S + 59] {
        assert_eq!(
            tickets.get(key(1), now_s).await.unwrap(),
            Some(b"a".to_vec())
        );
    }
    assert_eq!(tickets.get(key(2), NOW_S).await.unwrap(), None);
    assert_eq!(tickets.get(key(1), NOW_S + 60).await.unwrap(), None);
    assert_eq!(tickets.take(key(1), NOW_S + 60).await.unwrap(), None);
}

async fn a_ticket_is_taken_once(tickets: &dyn Tickets) {
    let put = tickets.put(ticket(1, 1, b"a".to_vec(), NOW_S), NOW_S);
    put.await.unwrap();
    let both = tokio::join!(tickets.take(key(1), NOW_S), tickets.take(key(1), NOW_S));
    let both = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(both.iter().flatten().count(), 1);
    assert_eq!(tickets.get(key(1), NOW_S).await.unwrap(), None);
}

async fn a_name_that_is_taken_keeps_its_ticket(tickets: &dyn Tickets) {
    let put = |text: &str| tickets.put(ticket(1, 1, text.into(), NOW_S), NOW_S);
    put("a").await.unwrap();
    assert_eq!(put("b").await, Err(NotKept::Taken));
    assert_eq!(
        tickets.get(key(1), NOW_S).await.unwrap(),
        Some(b"a".to_vec())
    );
}

async fn one_owner_has_no_more_than_one_may_have(tickets: &dyn Tickets) {
    let put = |number, owner, now_s| tickets.put(ticket(number, owner, vec![0], now_s), now_s);
    put(1, 1, NOW_S).await.unwrap();
    put(2, 1, NOW_S).await.unwrap();
    assert_eq!(put(3, 1, NOW_S).await, Err(NotKept::OwnerFull));
    put(4, 2, NOW_S).await.unwrap();
    tickets.take(key(1), NOW_S).await.unwrap();
    put(5, 1, NOW_S).await.unwrap();
    // What is over makes room.
    put(6, 1, NOW_S + 60).await.unwrap();
}

async fn there_are_no_more_than_may_be_in_all(tickets: &dyn Tickets) {
    let put = |number: u8| tickets.put(ticket(number, number, vec![0], NOW_S), NOW_S);
    for number in 0..5 {
        put(number).await.unwrap();
    }
    assert_eq!(put(5).await, Err(NotKept::Full));
    tickets.take(key(0), NOW_S).await.unwrap();
    put(5).await.unwrap();
}

async fn there_are_no_more_bytes_than_may_be(tickets: &dyn Tickets) {
    let put = |number: u8, bytes| tickets.put(ticket(number, number, vec![0; bytes], NOW_S), NOW_S);
    put(1, 60).await.unwrap();
    assert_eq!(put(2, 41).await, Err(NotKept::Full));
    put(2, 40).await.unwrap();
}

/// Fills a backend in every way, passes all ends by, and looks.
pub(crate) async fn fill_and_pass<T: Tickets>(
    new: impl Fn(TicketBounds) -> T,
    look: impl FnOnce(&T),
) {
    let tickets = new(BOUNDS);
    for number in 0..8 {
        let put = tickets.put(ticket(number, number / 2, vec![0; 9], NOW_S), NOW_S);
        let _ = put.await;
    }
    tickets.take(key(0), NOW_S).await.unwrap();
    look(&tickets);
}
