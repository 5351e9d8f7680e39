//! How every backend of [`Decisions`] behaves.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Decisions, Position, Sought, folded};
use crate::ledger::Entry;
use crate::state::Shared;
use locum_core::decide::DECISION;
use locum_core::ids::{Jti, RequestId};
use locum_core::record::Draft;
use locum_core::testing::{NOW_S, uuid};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const NOW_MS: u64 = NOW_S * 1000;

/// A backend, the state that it keeps, and its clock in Unix milliseconds.
pub(crate) struct Backend {
    pub(crate) decisions: Arc<dyn Decisions>,
    pub(crate) state: Shared,
    pub(crate) now_ms: Arc<AtomicU64>,
}

impl Backend {
    /// Puts one on record, whose request began at that millisecond.
    async fn decided(&self, ms: u64, number: u64, outcome: &str) -> u64 {
        self.now_ms.store(ms, Ordering::Relaxed);
        let body = json!({
            "outcome": outcome,
            "jti": Jti(uuid(ms, number)),
            "request_id": RequestId(uuid(ms, number)),
            "marks": [],
        });
        let draft = Draft::new(DECISION, [3; 16], body, None);
        let appended = self.decisions.append(Arc::new(draft)).await.unwrap();
        appended.place.index
    }

    /// What is found, at most so many.
    async fn some(&self, sought: Sought, most: usize) -> (Vec<u64>, Option<Position>) {
        let each = move |found: &mut Vec<u64>, entry: Entry| {
            if found.len() == most {
                return ControlFlow::Break(());
            }
            found.push(entry.place.index);
            ControlFlow::Continue(())
        };
        let found = folded(&*self.decisions, sought, Vec::new(), each);
        found.await.unwrap()
    }

    async fn found(&self, sought: Sought) -> (Vec<u64>, Option<Position>) {
        self.some(sought, usize::MAX).await
    }
}

fn permits() -> Sought {
    Sought::newest(vec!["\"outcome\":\"permit\"".into()])
}

/// Runs everything; `new` makes a backend that knows nothing yet.
pub(crate) async fn behaves(new: impl Fn() -> Backend) {
    what_came_is_durable_and_its_marks_are_taken(&new()).await;
    a_permit_is_found_by_its_token_and_nothing_else_is(&new()).await;
    a_search_finds_what_holds_the_texts_in_either_order(&new()).await;
    a_search_goes_on_where_the_one_before_stopped(&new()).await;
    a_search_looks_at_no_more_records_than_it_may(&new()).await;
    a_search_by_time_finds_what_got_its_id_then(&new()).await;
}

async fn what_came_is_durable_and_its_marks_are_taken(new: &Backend) {
    let body = json!({"outcome": "refusal", "marks": [["AQEBAQEBAQEBAQEBAQEBAQ", NOW_S + 60]]});
    let draft = Draft::new(DECISION, [3; 16], body, None);
    new.decisions.append(Arc::new(draft)).await.unwrap();
    assert_eq!(new.state.read().marks.len(), 1);
}

async fn a_permit_is_found_by_its_token_and_nothing_else_is(new: &Backend) {
    new.decided(NOW_MS, 1, "refusal").await;
    let place = new.decided(NOW_MS, 2, "permit").await;
    new.decided(NOW_MS + 5, 3, "permit").await;
    let by = |number| new.decisions.by_jti(Jti(uuid(NOW_MS, number)));
    let found = by(2).await.unwrap().unwrap();
    assert_eq!(found.place.index, place);
    assert_eq!(found.body.get("outcome"), Some(&Value::from("permit")));
    assert_eq!(by(1).await.unwrap(), None);
    assert_eq!(by(3).await.unwrap(), None);
}

async fn a_search_finds_what_holds_the_texts_in_either_order(new: &Backend) {
    let first = new.decided(NOW_MS, 1, "permit").await;
    new.decided(NOW_MS, 2, "refusal").await;
    let last = new.decided(NOW_MS, 3, "permit").await;
    assert_eq!(new.found(permits()).await.0, [last, first]);
    let oldest = Sought {
        newest_first: false,
        ..permits()
    };
    assert_eq!(new.found(oldest).await.0, [first, last]);
}

async fn a_search_goes_on_where_the_one_before_stopped(new: &Backend) {
    let mut places = Vec::new();
    for number in 0..200 {
        places.push(new.decided(NOW_MS, number, "permit").await);
    }
    for newest_first in [false, true] {
        let mut all = Vec::new();
        let mut sought = Sought {
            newest_first,
            ..permits()
        };
        loop {
            let (some, next) = new.some(sought.clone(), 2).await;
            all.extend(some);
            let Some(next) = next else { break };
            let text = next.to_string();
            sought.from = Some(text.parse::<Position>().unwrap());
        }
        if newest_first {
            all.reverse();
        }
        assert_eq!(all, places);
    }
}

async fn a_search_looks_at_no_more_records_than_it_may(new: &Backend) {
    let permit = new.decided(NOW_MS, 1, "permit").await;
    for number in 2..10 {
        new.decided(NOW_MS, number, "refusal").await;
    }
    let mut sought = Sought {
        look_at: 4,
        ..permits()
    };
    let (none, next) = new.found(sought.clone()).await;
    assert!(none.is_empty() && next.is_some());
    sought.from = next;
    // Of nine records four were looked at.
    let (none, next) = new.found(sought.clone()).await;
    assert!(none.is_empty() && next.is_some());
    sought.from = next;
    assert_eq!(new.found(sought).await, (vec![permit], None));
}

async fn a_search_by_time_finds_what_got_its_id_then(new: &Backend) {
    new.decided(NOW_MS, 1, "permit").await;
    let then = new.decided(NOW_MS + 1_000, 2, "permit").await;
    // It cannot be older than the request behind it, which began much later.
    new.decided(NOW_MS + 600_000, 3, "permit").await;
    let found = new.found(permits().made_at(NOW_MS + 1_000)).await;
    assert_eq!(found.0, [then]);
}
