//! How every backend of [`Claims`] behaves.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Claims, Mark, NotClaimed};
use locum_core::registry::Grant;
use locum_core::testing::{NOW_S, grant};
use serde_json::json;
use std::sync::Arc;

const KEY: [u8; 16] = [7; 16];

const fn mark(request: u8) -> Mark {
    Mark {
        key: KEY,
        request: [request; 32],
        until_s: NOW_S + 60,
        issued_s: NOW_S,
    }
}

/// A grant that may be used that often.
fn usable(times: u64) -> Grant {
    let mut grant = grant(1, "agent", json!([{ "target": "sap", "scopes": ["read"] }]));
    grant.spec.max_uses = Some(times);
    grant
}

/// Runs everything; `with` makes a backend that knows these grants.
pub(crate) async fn behaves(with: impl Fn(&[Grant]) -> Arc<dyn Claims>) {
    a_mark_is_taken_once(&*with(&[])).await;
    a_mark_that_failed_is_taken_again_by_the_identical_request_alone(&*with(&[])).await;
    a_grant_gives_as_many_uses_as_it_has(&*with(&[usable(2)])).await;
    a_token_is_first_seen_once(&*with(&[])).await;
}

async fn a_mark_is_taken_once(claims: &dyn Claims) {
    claims.take(mark(1), NOW_S).await.unwrap();
    for request in [1, 2] {
        let again = claims.take(mark(request), NOW_S).await;
        assert_eq!(again, Err(NotClaimed::Taken));
    }
}

async fn a_mark_that_failed_is_taken_again_by_the_identical_request_alone(claims: &dyn Claims) {
    claims.take(mark(1), NOW_S).await.unwrap();
    claims.failed(KEY).await;
    assert_eq!(claims.take(mark(2), NOW_S).await, Err(NotClaimed::Taken));
    claims.take(mark(1), NOW_S).await.unwrap();
    assert_eq!(claims.take(mark(1), NOW_S).await, Err(NotClaimed::Taken));
}

async fn a_grant_gives_as_many_uses_as_it_has(claims: &dyn Claims) {
    let id = usable(2).id;
    assert!(claims.reserve(id, NOW_S).await.unwrap());
    assert!(claims.reserve(id, NOW_S).await.unwrap());
    assert!(!claims.reserve(id, NOW_S).await.unwrap());
    claims.release(id).await;
    assert!(claims.reserve(id, NOW_S).await.unwrap());
    assert!(!claims.reserve(id, NOW_S).await.unwrap());
}

async fn a_token_is_first_seen_once(claims: &dyn Claims) {
    let see = |now_ms| claims.see(KEY, now_ms, NOW_S + 60);
    assert_eq!(see(NOW_S * 1_000).await, Ok(NOW_S * 1_000));
    assert_eq!(see(NOW_S * 1_000 + 5).await, Ok(NOW_S * 1_000));
}
