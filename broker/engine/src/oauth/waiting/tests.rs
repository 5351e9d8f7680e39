#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn stranger(all: &Arc<WaitingRequests>, number: u32, body: usize) -> Waiter {
    Waiter::stranger(all, IpAddr::from(number.to_be_bytes()), body)
}

/// Waiters of these kinds until one may not wait; how many may.
fn fill(make: impl Fn(u32) -> Waiter) -> Vec<Waiter> {
    let mut held = Vec::new();
    loop {
        let next = make(u32::try_from(held.len()).unwrap());
        if next.waits().is_err() {
            return held;
        }
        held.push(next);
    }
}

#[test]
fn what_does_not_wait_is_not_counted() {
    let all = Arc::default();
    let idle: Vec<_> = (0..10_000)
        .map(|_| Waiter::client(&all, "a", 100))
        .collect();
    assert_eq!(all.lock().all, Load::default());
    drop(idle);
    Waiter::client(&all, "a", 100).waits().unwrap();
}

#[test]
fn one_source_takes_its_own_share_and_no_more_by_count_and_by_bytes() {
    let all = Arc::default();
    assert_eq!(fill(|_| Waiter::client(&all, "a", 0)).len(), SOURCE_MAX);
    let held = fill(|_| Waiter::client(&all, "a", 65_536));
    assert_eq!(held.len(), SOURCE_BYTES_MAX / (OVERHEAD + 2 * 65_536));
    Waiter::client(&all, "b", 0).waits().unwrap();
}

#[test]
fn strangers_from_everywhere_leave_room_for_clients() {
    let all = Arc::default();
    let strangers = fill(|number| stranger(&all, number, 0));
    assert_eq!(strangers.len(), STRANGERS_BYTES_MAX / OVERHEAD);
    assert!(strangers.len() <= STRANGERS_MAX);
    Waiter::client(&all, "a", 65_536).waits().unwrap();
}

#[test]
fn all_clients_together_hold_what_all_may() {
    let all = Arc::default();
    let held = fill(|number| Waiter::client(&all, &format!("c{}", number % 64), 65_536));
    assert_eq!(held.len(), WAITING_BYTES_MAX / (OVERHEAD + 2 * 65_536));
    assert!(all.lock().all.bytes <= WAITING_BYTES_MAX);
}

#[test]
fn who_ends_makes_room_and_leaves_nothing_behind() {
    let all: Arc<WaitingRequests> = Arc::default();
    let held = fill(|_| stranger(&all, 1, 10));
    assert!(stranger(&all, 1, 10).waits().is_err());
    held.last().unwrap().waits().unwrap();
    drop(held);
    let loads = all.lock();
    assert_eq!(
        (loads.all, loads.strangers),
        (Load::default(), Load::default())
    );
    assert!(loads.sources.is_empty());
}

#[test]
fn who_is_authenticated_waits_in_its_own_name_unless_it_waited_before() {
    let all = Arc::default();
    let known = stranger(&all, 1, 10);
    known.authenticated_as("a");
    known.waits().unwrap();
    assert_eq!(all.lock().strangers, Load::default());
    let waited = stranger(&all, 1, 10);
    waited.waits().unwrap();
    waited.authenticated_as("a");
    drop((known, waited));
    assert_eq!(all.lock().all, Load::default());
}

#[test]
fn addresses_of_one_ipv6_network_are_one_source() {
    let of = |text: &str| network(text.parse().unwrap());
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
}

#[tokio::test]
async fn what_is_quick_never_counts_and_what_is_slow_counts_until_it_ends() {
    let all = Arc::default();
    let full = fill(|_| Waiter::client(&all, "a", 0));
    let late = Waiter::client(&all, "a", 0);
    assert_eq!(late.patiently(async { Ok(7) }).await.unwrap(), 7);
    let never = std::future::pending::<Result<(), Unavailable>>();
    assert!(late.patiently(never).await.is_err());
    drop(full);
}
