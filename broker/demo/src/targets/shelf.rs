//! The few things a demo target holds, in memory only.

use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

/// Most things a target holds; beyond that the oldest goes.
const MOST: usize = 1000;

/// JSON objects with a member `id`.
pub(crate) struct Shelf(Mutex<VecDeque<Value>>);

impl Shelf {
    /// A shelf with these on it.
    pub(crate) fn new(things: impl IntoIterator<Item = Value>) -> Self {
        Self(Mutex::new(things.into_iter().collect()))
    }

    /// The thing of that id.
    pub(crate) fn get(&self, id: &str) -> Option<Value> {
        self.things().iter().find(|t| is(t, id)).cloned()
    }

    /// Everything, oldest first.
    pub(crate) fn all(&self) -> Vec<Value> {
        self.things().iter().cloned().collect()
    }

    /// Puts a thing in the place of the one with that id, or behind all.
    pub(crate) fn put(&self, id: &str, thing: Value) {
        let mut things = self.things();
        if let Some(place) = things.iter_mut().find(|t| is(t, id)) {
            *place = thing;
            return;
        }
        if things.len() >= MOST {
            things.pop_front();
        }
        things.push_back(thing);
    }

    /// A number that no thing here bears yet as its id.
    pub(crate) fn next_id(&self) -> String {
        let taken = |t: &Value| {
            t.get("id")
                .and_then(Value::as_str)
                .and_then(|id| id.parse().ok())
        };
        let highest: u64 = self
            .things()
            .iter()
            .filter_map(taken)
            .max()
            .unwrap_or_default();
        highest.saturating_add(1).to_string()
    }

    fn things(&self) -> MutexGuard<'_, VecDeque<Value>> {
        // A thing is put in whole: what a panicking holder left is whole too.
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn is(thing: &Value, id: &str) -> bool {
    thing.get("id").and_then(Value::as_str) == Some(id)
}
