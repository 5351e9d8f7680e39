//! How many calls there are at one time, and what is left of one that its caller
//! gives up.

use super::target::{UNDER_WAY_MAX, WAITING_MAX};
use super::vendor::{Act, answer};
use super::*;
use tokio::sync::Semaphore;

/// A server that answers each request once a permit is added.
async fn holding() -> (Vendor, Arc<Semaphore>) {
    let until = Arc::new(Semaphore::new(0));
    let held = until.clone();
    let act = move |_| Act::Hold(held.clone(), answer(200, "", ""));
    (Vendor::start(act).await, until)
}

/// As many calls as there may be under way, all of them arrived.
async fn full(caller: &Caller, vendor: &mut Vendor) -> Vec<Begun> {
    let url = vendor.url();
    let calls = (0..UNDER_WAY_MAX).map(|_| caller.begin(&url)).collect();
    for _ in 0..UNDER_WAY_MAX {
        vendor.requests.recv().await.unwrap();
    }
    calls
}

#[tokio::test]
async fn so_many_calls_are_under_way_so_many_wait_and_more_are_refused() {
    let (mut vendor, until) = holding().await;
    let (caller, url) = (Caller::new(), vendor.url());
    let mut calls = full(&caller, &mut vendor).await;
    calls.extend((0..WAITING_MAX).map(|_| caller.begin(&url)));
    caller.until_waiting(WAITING_MAX).await;
    assert_eq!(caller.state().under_way, UNDER_WAY_MAX);
    assert!(vendor.seen().is_empty());
    assert_eq!(why(caller.post(&url).await), (Sent::No, "busy"));
    // One ends, one of those that wait is sent.
    until.add_permits(1);
    vendor.requests.recv().await.unwrap();
    caller.until_waiting(WAITING_MAX - 1).await;
    // Another target has places of its own.
    let other = caller.downstream.send("other", post(&url), None);
    until.add_permits(UNDER_WAY_MAX + WAITING_MAX);
    assert_eq!(other.await.unwrap().status(), 200);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!(caller.state(), TargetState::IDLE);
}

#[tokio::test]
async fn calls_that_are_given_up_make_way() {
    let (mut vendor, until) = holding().await;
    let (caller, url) = (Caller::new(), vendor.url());
    let calls = full(&caller, &mut vendor).await;
    let waiting: Vec<_> = (0..5).map(|_| caller.begin(&url)).collect();
    caller.until_waiting(5).await;
    for call in waiting {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    assert_eq!(caller.state().waiting, 0);
    for call in calls {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    assert_eq!(caller.state(), TargetState::IDLE);
    until.add_permits(UNDER_WAY_MAX + 1);
    assert_eq!(caller.post(&url).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_call_that_waits_too_long_was_not_sent_and_tells_nothing_of_the_target() {
    let (mut vendor, until) = holding().await;
    let (caller, url) = (Caller::new(), vendor.url());
    let calls = full(&caller, &mut vendor).await;
    for _ in 0..6 {
        let (request, within) = (post(&url), Duration::from_millis(1));
        let found = caller.downstream.send_within(TARGET, request, None, within);
        assert_eq!(why(found.await), (Sent::No, "busy"));
    }
    until.add_permits(UNDER_WAY_MAX);
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
    assert_eq!(caller.state(), TargetState::IDLE);
    assert!(vendor.seen().is_empty());
}
