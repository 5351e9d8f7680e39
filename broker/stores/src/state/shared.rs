//! The state as the ledger's follower and the server share it.

use super::State;
use super::fold::DecisionEffects;
use super::snapshot::CopiedState;
use crate::ledger::{Entry, Follower, RawRecord, Save};
use locum_core::decide::DECISION;
use locum_core::ids::SecretName;
use locum_core::record::{Draft, Place};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The state as the ledger's follower and the server share it.
#[derive(Clone)]
pub struct Shared(Arc<RwLock<State>>);

impl Shared {
    /// Shares a state.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self(Arc::new(RwLock::new(state)))
    }

    /// Reads. A thread that panicked while writing has left whole values only:
    /// each change replaces one value.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over which upstream secrets files hold from now on: they are on no
    /// record, so a snapshot has none of them.
    pub fn put_file_secrets(&self, names: BTreeSet<SecretName>) {
        self.write().registry.put_file_secrets(names);
    }

    /// Writes what is no record: reservations of uses and marks in flight. To
    /// others, the verbs of [`Claims`](crate::claims::Claims).
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a decision does to the state; the rest of its body is passed over.
#[derive(Deserialize)]
struct Effects {
    marks: Option<Value>,
    uses: Option<Value>,
    seen: Option<Value>,
    awaits: Option<IgnoredAny>,
}

impl Follower for Shared {
    fn replay(&mut self, entry: &Entry) -> Result<(), String> {
        self.write().apply(
            &entry.kind,
            &entry.place,
            (&entry.body, entry.side.as_ref()),
            false,
        )
    }

    fn skim(&mut self, past: &RawRecord<'_>) -> bool {
        if past.kind != DECISION {
            return false;
        }
        let Ok(effects) = serde_json::from_slice::<Effects>(past.body) else {
            return false;
        };
        // What a vendor is asked under it is state: it is read whole.
        if effects.awaits.is_some() {
            return false;
        }
        let mut state = self.write();
        state.last_time_ms = past.place.time_ms;
        let found = DecisionEffects {
            marks: effects.marks.as_ref(),
            uses: effects.uses.as_ref(),
            seen: effects.seen.as_ref(),
        };
        state.decision(found, true);
        true
    }

    fn copy(&self) -> Option<Save> {
        let copied = CopiedState::of(&self.read());
        Some(Box::new(move || copied.encode()))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.write().restore(state)
    }

    fn appended(&mut self, place: &Place, draft: &Draft) -> Result<(), String> {
        self.write().apply(
            draft.kind(),
            place,
            (draft.value(), draft.side_value()),
            true,
        )
    }
}
