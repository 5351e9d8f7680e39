//! How every backend of [`Changes`] behaves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::{Changes, Confirmed, Expect, NotOrdered};
use crate::state::{Author, Change, Shared, draft};
use locum_core::record::Draft;
use locum_core::testing::{Names, agent};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A backend and the state that it keeps.
pub(crate) struct Backend {
    pub(crate) changes: Arc<dyn Changes>,
    pub(crate) state: Shared,
}

fn declares(id: &str) -> Arc<Draft> {
    let agent = agent(id, json!({}));
    let changes = [Change::Agent { agent }];
    let author = Author::itself("suite");
    // No two records have one salt.
    let mut salt = [1; 16];
    salt.iter_mut()
        .zip(id.bytes())
        .for_each(|(to, of)| *to = of);
    Arc::new(draft(&changes, &author, [salt, [2; 16]], &Names).unwrap())
}

/// Runs everything; `new` makes a backend that knows nothing yet.
pub(crate) async fn behaves(new: impl Fn() -> Backend) {
    a_change_that_came_is_in_the_state_and_on_record(&new()).await;
    a_change_planned_on_an_older_state_is_not_made(&new()).await;
    a_change_that_rests_on_nothing_is_made_and_moves_nobody(&new()).await;
    of_two_planned_at_once_one_is_made(&new()).await;
    followers_hear_each_planned_change_in_order_once_it_is_in_the_state(&new()).await;
    a_follower_that_panics_keeps_no_change_from_others(&new()).await;
    what_is_on_record_is_confirmed(&new()).await;
}

async fn a_change_that_came_is_in_the_state_and_on_record(new: &Backend) {
    let head = new.changes.head().await;
    let made = new
        .changes
        .append(Expect::At(head), declares("a"))
        .await
        .unwrap();
    assert!(new.state.read().registry.agent("a").is_some());
    assert_eq!(made.head, head + 1);
    assert_eq!(new.changes.head().await, made.head);
    let entry = new.changes.reader().get(made.appended.place.index).unwrap();
    assert_eq!(entry.unwrap().place, made.appended.place);
    assert!(new.changes.fresh());
}

async fn a_change_planned_on_an_older_state_is_not_made(new: &Backend) {
    let head = new.changes.head().await;
    new.changes
        .append(Expect::At(head), declares("a"))
        .await
        .unwrap();
    let late = new.changes.append(Expect::At(head), declares("b")).await;
    let moved = NotOrdered::Moved {
        expected: head,
        found: head + 1,
    };
    assert_eq!(late, Err(moved));
    assert!(new.state.read().registry.agent("b").is_none());
}

async fn a_change_that_rests_on_nothing_is_made_and_moves_nobody(new: &Backend) {
    let head = new.changes.head().await;
    new.changes
        .append(Expect::Any, declares("a"))
        .await
        .unwrap();
    assert!(new.state.read().registry.agent("a").is_some());
    new.changes
        .append(Expect::At(head), declares("b"))
        .await
        .unwrap();
}

async fn of_two_planned_at_once_one_is_made(new: &Backend) {
    let head = new.changes.head().await;
    let (first, second) = tokio::join!(
        new.changes.append(Expect::At(head), declares("a")),
        new.changes.append(Expect::At(head), declares("b")),
    );
    assert_eq!(
        [first, second].iter().filter(|made| made.is_ok()).count(),
        1
    );
    assert_eq!(new.changes.head().await, head + 1);
}

async fn followers_hear_each_planned_change_in_order_once_it_is_in_the_state(new: &Backend) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (to, state) = (heard.clone(), new.state.clone());
    new.changes.follow(Box::new(move |changed| {
        for id in &changed.callers {
            assert!(state.read().registry.agent(id).is_some());
            to.lock().unwrap().push(id.clone());
        }
    }));
    for id in ["a", "b", "c"] {
        let head = new.changes.head().await;
        let made = new.changes.append(Expect::At(head), declares(id)).await;
        made.unwrap();
        assert_eq!(heard.lock().unwrap().last().map(String::as_str), Some(id));
    }
    assert_eq!(*heard.lock().unwrap(), ["a", "b", "c"]);
}

async fn a_follower_that_panics_keeps_no_change_from_others(new: &Backend) {
    let heard = Arc::new(Mutex::new(0));
    let to = heard.clone();
    new.changes
        .follow(Box::new(|_| panic!("a follower that panics")));
    new.changes
        .follow(Box::new(move |_| *to.lock().unwrap() += 1));
    let head = new.changes.head().await;
    let made = new.changes.append(Expect::At(head), declares("a")).await;
    assert_eq!(made.unwrap().head, head + 1);
    assert_eq!(new.changes.head().await, head + 1);
    assert_eq!(*heard.lock().unwrap(), 1);
}

async fn what_is_on_record_is_confirmed(new: &Backend) {
    let made = new.changes.append(Expect::Any, declares("a")).await;
    let confirmed = new
        .changes
        .confirm(made.unwrap().appended.place.index, Duration::from_secs(5));
    let Confirmed { replicas, of } = confirmed.await;
    assert!(replicas >= 1 && replicas == of);
}
