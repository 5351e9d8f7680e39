//! Targets that fail, and targets that want to be left alone.

use super::vendor::{Act, answer};
use super::*;
use tokio::sync::Semaphore;

/// Five failures in a row.
async fn failed(caller: &Caller, url: &str) {
    for _ in 0..5 {
        assert_eq!(caller.post(url).await.unwrap().status(), 500);
    }
    assert_eq!(caller.state().breaker, BreakerState::Open);
}

fn status(status: u16, headers: &'static str) -> Act {
    Act::Answer(answer(status, headers, ""))
}

#[tokio::test]
async fn a_target_that_fails_five_times_in_a_row_is_not_called_for_ten_seconds() {
    let act = |number| match number {
        0..5 => status(500, ""),
        _ => status(200, ""),
    };
    let mut vendor = Vendor::start(act).await;
    let (caller, url) = (Caller::new(), vendor.url());
    failed(&caller, &url).await;
    let flaw = flaw(caller.post(&url).await);
    assert_eq!((flaw.sent, flaw.why), (Sent::No, FlawKind::BreakerOpen));
    assert_eq!(flaw.retry_after_s, Some(10));
    assert_eq!(vendor.seen().len(), 5);
    // Other targets are called, also at the same address.
    let other = caller.downstream.send("other", post(&url), None).await;
    assert_eq!(other.unwrap().status(), 200);
    caller.passes(10_000);
    assert_eq!(caller.state().breaker, BreakerState::HalfOpen);
    assert_eq!(caller.post(&url).await.unwrap().status(), 200);
    assert_eq!(caller.state(), TargetState::IDLE);
}

#[tokio::test]
async fn refusals_of_a_target_are_no_failures() {
    let statuses = [400, 401, 403, 404, 429, 302];
    let act = move |number: usize| status(statuses[number % statuses.len()], "");
    let vendor = Vendor::start(act).await;
    let caller = Caller::new();
    for _ in 0..3 * statuses.len() {
        caller.post(&vendor.url()).await.unwrap();
    }
    assert_eq!(caller.state(), TargetState::IDLE);
}

#[tokio::test]
async fn calls_without_an_answer_are_failures() {
    let vendor = Vendor::start(|number| match number {
        0 => Act::Close,
        1 => Act::AnswerAndClose("nonsense\r\n\r\n".to_owned()),
        2 => status(200, "content-encoding: br\r\n"),
        3 => status(599, ""),
        _ => Act::Nothing,
    });
    let vendor = vendor.await;
    let caller = Caller::new();
    for _ in 0..4 {
        let _ = caller.post(&vendor.url()).await;
    }
    assert_eq!(caller.state().breaker, BreakerState::Closed);
    let (request, within) = (post(&vendor.url()), Duration::from_millis(100));
    let found = caller.downstream.send_within(TARGET, request, None, within);
    assert_eq!(why(found.await), (Sent::Unknown, "timeout"));
    assert_eq!(caller.state().breaker, BreakerState::Open);
}

#[tokio::test]
async fn one_call_finds_out_whether_the_target_answers_again() {
    let until = Arc::new(Semaphore::new(0));
    let held = until.clone();
    let act = move |number| match number {
        0..5 => status(500, ""),
        5 | 6 => Act::Hold(held.clone(), answer(200, "", "")),
        _ => status(200, ""),
    };
    let mut vendor = Vendor::start(act).await;
    let (caller, url) = (Caller::new(), vendor.url());
    failed(&caller, &url).await;
    assert_eq!(vendor.seen().len(), 5);
    caller.passes(10_000);
    let probe = caller.begin(&url);
    vendor.requests.recv().await.unwrap();
    let refused = flaw(caller.post(&url).await);
    assert_eq!(refused.why, FlawKind::BreakerOpen);
    assert_eq!(refused.retry_after_s, Some(1));
    // Its caller gives up: the next call takes its place.
    probe.abort();
    assert!(probe.await.unwrap_err().is_cancelled());
    assert_eq!(caller.state().breaker, BreakerState::HalfOpen);
    let probe = caller.begin(&url);
    vendor.requests.recv().await.unwrap();
    assert_eq!(why(caller.post(&url).await), (Sent::No, "breaker_open"));
    until.add_permits(2);
    assert_eq!(probe.await.unwrap().unwrap().status(), 200);
    assert_eq!(caller.post(&url).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_target_that_asks_for_a_pause_is_left_alone() {
    for code in [429, 503] {
        let act = move |number| match number {
            0 => status(code, "retry-after: 600\r\n"),
            _ => status(200, ""),
        };
        let mut vendor = Vendor::start(act).await;
        let (caller, url) = (Caller::new(), vendor.url());
        let found = caller.post(&url).await.unwrap();
        let said = found.extensions().get::<RetryAfter>();
        assert_eq!(said, Some(&RetryAfter { seconds: 300 }));
        caller.passes(1_000);
        assert_eq!(caller.state().left_alone_s, 299);
        let flaw = flaw(caller.post(&url).await);
        assert_eq!((flaw.sent, flaw.why), (Sent::No, FlawKind::LeftAlone));
        assert_eq!(flaw.retry_after_s, Some(299));
        assert_eq!(vendor.seen().len(), 1);
        caller.passes(299_000);
        assert_eq!(caller.post(&url).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn calls_that_waited_are_not_sent_to_a_target_that_meanwhile_asks_for_a_pause() {
    let until = Arc::new(Semaphore::new(0));
    let held = until.clone();
    let act = move |_| Act::Hold(held.clone(), answer(429, "retry-after: 7\r\n", ""));
    let mut vendor = Vendor::start(act).await;
    let (caller, url) = (Caller::new(), vendor.url());
    let begun: Vec<_> = (0..target::UNDER_WAY_MAX)
        .map(|_| caller.begin(&url))
        .collect();
    for _ in &begun {
        vendor.requests.recv().await.unwrap();
    }
    let waits = caller.begin(&url);
    caller.until_waiting(1).await;
    until.add_permits(begun.len());
    let flaw = flaw(waits.await.unwrap());
    assert_eq!((flaw.sent, flaw.why), (Sent::No, FlawKind::LeftAlone));
    assert!(vendor.seen().is_empty());
}
