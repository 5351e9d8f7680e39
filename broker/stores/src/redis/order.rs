//! The order of changes, as the journal of a node has it, and what may come next.

use super::change_entry::{after, at_ms};
use crate::ledger::{Entry, Follower};
use crate::state::{CHANGE, Shared};
use locum_core::record::{Draft, Place, leaf_hash};
use serde_json::Value;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long before the one ahead of it a change may have been made, in milliseconds:
/// what is older was there before, or was held back. Ids are known for that long.
const BEHIND_MS: u64 = 600_000;
/// Most places that are known of changes that are not in force.
const VOID_MAX: usize = 1_024;

/// What the journal has come to.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// What may come next.
    pub(super) tip: Tip,
    /// A hash over the leaf hashes of all, in order.
    pub(super) chain: [u8; 32],
    void: BTreeSet<u64>,
}

/// The end of the order, and what may come next.
#[derive(Debug, Default)]
pub(super) struct Tip {
    /// How many changes there are.
    pub(super) seq: u64,
    /// How many of them were planned, those that are not in force among them: Redis
    /// cannot know.
    pub(super) planned: u64,
    /// The newest planned one that is in force.
    pub(super) last: [u8; 16],
    /// Time of the newest, Unix milliseconds.
    pub(super) time_ms: u64,
    recent: VecDeque<(u64, [u8; 16])>,
    ids: HashSet<[u8; 16]>,
}

impl Tip {
    /// Why a change is not in force at the next place: it was there before, or is out
    /// of its order; `None` where it is.
    fn out_of_order(&self, id: &[u8; 16], body: &Value) -> Option<&'static str> {
        if self.ids.contains(id) {
            return Some("it was there before");
        }
        if at_ms(body).saturating_add(BEHIND_MS) < self.time_ms {
            return Some("it was made long before the one ahead of it");
        }
        let after = after(body)?;
        (after != self.last).then_some("it was planned on another than the one before it")
    }

    /// One more, of that time (Unix milliseconds) and id.
    fn push(&mut self, time_ms: u64, id: [u8; 16], (planned, last): (bool, Option<[u8; 16]>)) {
        self.seq += 1;
        self.time_ms = self.time_ms.max(time_ms);
        if planned {
            self.planned += 1;
        }
        self.last = last.unwrap_or(self.last);
        self.recent.push_back((self.time_ms, id));
        self.ids.insert(id);
        while let Some((time_ms, id)) = self.recent.front().copied()
            && time_ms.saturating_add(BEHIND_MS) < self.time_ms
        {
            self.recent.pop_front();
            self.ids.remove(&id);
        }
    }
}

impl Order {
    fn push(&mut self, place: &Place, (id, planned, void): ([u8; 16], bool, bool), leaf: [u8; 32]) {
        let last = (planned && !void).then_some(id);
        self.tip.push(place.time_ms, id, (planned, last));
        let mut both = [0; 64];
        let (one, other) = both.split_at_mut(32);
        one.copy_from_slice(&self.chain);
        other.copy_from_slice(&leaf);
        self.chain = leaf_hash(&both);
    }

    fn voided(&mut self, index: u64) {
        self.void.insert(index);
        if self.void.len() > VOID_MAX {
            self.void.pop_first();
        }
    }

    /// Whether the change at that index is on record and not in force.
    pub(super) fn is_void(&self, index: u64) -> bool {
        self.void.contains(&index)
    }
}

/// Folds the journal: the order, and the state.
#[derive(Clone)]
pub(super) struct Ordering {
    order: Arc<Mutex<Order>>,
    state: Shared,
}

impl Ordering {
    /// Nothing yet, over that state.
    pub(super) fn new(state: Shared) -> Self {
        Self {
            order: Arc::default(),
            state,
        }
    }

    /// What the journal has come to.
    pub(super) fn now(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fold(
        &self,
        place: &Place,
        (body, side): (&Value, Option<&Value>),
        (id, leaf): ([u8; 16], [u8; 32]),
    ) -> Result<(), String> {
        let planned = after(body).is_some();
        let out = self.now().tip.out_of_order(&id, body);
        // A planned change rests on all that were planned before it, the end of its
        // author's credential among them.
        let stands = planned || self.state.author_stands(body, place.time_ms);
        let void = out.or((!stands).then_some("its author's credential was revoked before"));
        match void {
            None => self.state.follow_change(place, (body, side))?,
            Some(reason) => tracing::error!(
                index = place.index,
                reason,
                "a change of the log is not in force"
            ),
        }
        let mut order = self.now();
        if void.is_some() {
            order.voided(place.index);
        }
        order.push(place, (id, planned, void.is_some()), leaf);
        Ok(())
    }
}

impl Follower for Ordering {
    fn replay(&mut self, entry: &Entry) -> Result<(), String> {
        if entry.kind != CHANGE {
            return Err(format!("expected a change, found `{}`", entry.kind));
        }
        let leaf = leaf_of(&entry.place, entry.salt, (&entry.body, entry.side.as_ref()))?;
        self.fold(
            &entry.place,
            (&entry.body, entry.side.as_ref()),
            (entry.salt, leaf),
        )
    }

    fn appended(&mut self, place: &Place, draft: &Draft) -> Result<(), String> {
        let record = draft.encode(place).map_err(|e| e.to_string())?;
        self.fold(
            place,
            (draft.value(), draft.side_value()),
            (draft.salt(), leaf_hash(&record)),
        )
    }
}

/// The leaf hash of a change that was read back.
fn leaf_of(
    place: &Place,
    salt: [u8; 16],
    (body, side): (&Value, Option<&Value>),
) -> Result<[u8; 32], String> {
    let draft = Draft::new(CHANGE, salt, body.clone(), side.cloned());
    draft
        .encode(place)
        .map(|record| leaf_hash(&record))
        .map_err(|e| e.to_string())
}
