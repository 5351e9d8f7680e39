//! What the state is told by a node that is not alone: changes of all nodes from the
//! journal, decisions of its own from its ledger, and of the others from copies.

use super::change::CHANGE;
use super::fold::DecisionEffects;
use super::marks::Replayed;
use super::seen::Full;
use super::shared::Shared;
use super::snapshot::CopiedState;
use crate::ledger::{Entry, Follower, RawRecord, SNAPSHOT, Save};
use locum_core::decide::{CREDENTIAL_REVOCATION, DECISION, OUTCOME, SUMMARY};
use locum_core::ids::{CredentialId, GrantId};
use locum_core::record::{Draft, Place};
use locum_core::registry::{GrantState, GrantView};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a record of another node says that is state here.
#[derive(Deserialize)]
struct MirroredEffects {
    marks: Option<Value>,
    uses: Option<Value>,
    unused: Option<Value>,
    seen: Option<Value>,
    awaits: Option<IgnoredAny>,
}

impl Shared {
    /// This node sees to what these nodes left, which are gone.
    pub(crate) fn adopt(&self, trees: BTreeSet<String>) -> bool {
        self.write().adopt(trees)
    }

    /// Whether the author of a change has a credential that was not revoked, or none.
    pub(crate) fn author_stands(&self, body: &Value, time_ms: u64) -> bool {
        let id = body.get("credential").and_then(Value::as_str);
        let Some(Ok(id)) = id.map(CredentialId::parse) else {
            return true;
        };
        let state = self.read();
        let known = state.credentials.get(&id);
        known.is_none_or(|known| {
            let expired = known.expires_s.is_some_and(|end| end <= time_ms / 1_000);
            !known.revoked && !expired
        })
    }

    /// A change of the journal.
    ///
    /// # Errors
    /// What does not fit.
    pub(crate) fn follow_change(
        &self,
        place: &Place,
        record: (&Value, Option<&Value>),
    ) -> Result<(), String> {
        self.write().apply(CHANGE, place, record, true)
    }

    /// A record of another node: what it took is taken here too.
    pub(crate) fn mirrored(&self, record: &RawRecord<'_>) {
        if record.kind == CREDENTIAL_REVOCATION || record.kind == OUTCOME {
            self.mirrored_outcome(record);
        }
        if ![DECISION, OUTCOME, SUMMARY].contains(&record.kind.as_str()) {
            return;
        }
        let Ok(found) = serde_json::from_slice::<MirroredEffects>(record.body) else {
            return;
        };
        let nothing = |value: &Option<Value>| {
            value
                .as_ref()
                .is_none_or(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
        };
        if found.awaits.is_none()
            && nothing(&found.marks)
            && nothing(&found.uses)
            && nothing(&found.unused)
            && nothing(&found.seen)
        {
            return;
        }
        let mut state = self.write();
        if let Some(body) = found.awaits.and_then(|_| whole(record)) {
            let permitted = state.others.permitted(&record.place.tree, &body);
            passed_over(record, permitted);
        }
        let effects = DecisionEffects {
            marks: found.marks.as_ref(),
            uses: None,
            seen: found.seen.as_ref(),
        };
        state.decision(effects, false);
        let grant = |value: Option<Value>| {
            let id = value?;
            GrantId::parse(id.as_str()?).ok()
        };
        if let Some(id) = grant(found.uses) {
            let trees = state.foreign_uses.entry(id).or_default();
            *trees.entry(record.place.tree.clone()).or_default() += 1;
            state.registry.use_grant(id);
        }
        if let Some(id) = grant(found.unused)
            && let Some(trees) = state.foreign_uses.get_mut(&id)
            && let Some(uses) = trees.get_mut(&record.place.tree).filter(|uses| **uses > 0)
        {
            *uses -= 1;
            state.registry.unuse_grant(id);
        }
    }

    fn mirrored_outcome(&self, record: &RawRecord<'_>) {
        let Some(body) = whole(record) else { return };
        let mut state = self.write();
        let done = if record.kind == OUTCOME {
            state.outcome(&body, record.place.time_ms)
        } else {
            state.credential_revoked(&body)
        };
        passed_over(record, done);
    }

    /// A decision of this node is put on record again: its use counts, which nobody has
    /// reserved since the start.
    pub(crate) fn taken_back(&self, body: &Value) {
        let id = body.get("uses").and_then(Value::as_str);
        if let Some(Ok(id)) = id.map(GrantId::parse) {
            self.write().registry.use_grant(id);
        }
    }

    /// Whether a mark is known that is not free for its request.
    pub(crate) fn is_marked(&self, key: [u8; 16], request: [u8; 32], now_s: u64) -> bool {
        self.write().marks.is_taken(key, request, now_s)
    }

    /// Takes a mark that was claimed.
    ///
    /// # Errors
    /// [`Replayed`] when it is taken here.
    pub(crate) fn take_mark(
        &self,
        key: [u8; 16],
        request: [u8; 32],
        (until_s, now_s): (u64, u64),
    ) -> Result<(), Replayed> {
        self.write().marks.take(key, request, until_s, now_s)
    }

    /// The request of a mark ended with nothing obtained; its hash.
    pub(crate) fn mark_failed(&self, key: &[u8; 16]) -> Option<[u8; 32]> {
        self.write().marks.failed(key)
    }

    /// Takes one use of a grant, as far as is known here: how many it has, if they are
    /// counted, and the Unix second at which it ends. `None` where none can be used.
    pub(crate) fn reserve(&self, grant: GrantId, now_s: u64) -> Option<(Option<u64>, u64)> {
        let mut state = self.write();
        if !state.reserve(grant, now_s) {
            return None;
        }
        let known = state.registry.grant(grant)?;
        Some((known.spec.max_uses, known.expires_s))
    }

    /// Whether a grant's uses are counted.
    pub(crate) fn is_counted(&self, grant: GrantId) -> bool {
        let state = self.read();
        let known = state.registry.grant(grant);
        known.is_some_and(|grant| grant.spec.max_uses.is_some())
    }

    /// Gives a use back; whether the grant's are counted.
    pub(crate) fn unreserve(&self, grant: GrantId) -> bool {
        let mut state = self.write();
        state.registry.unuse_grant(grant);
        let known = state.registry.grant(grant);
        known.is_some_and(|grant| grant.spec.max_uses.is_some())
    }

    /// When a token that is ahead of the clock was first seen.
    ///
    /// # Errors
    /// [`Full`] where too many are remembered.
    pub(crate) fn see(&self, token: [u8; 16], now_ms: u64, until_s: u64) -> Result<u64, Full> {
        self.write().seen.see(token, now_ms, until_s)
    }

    /// Uses of grants that are on record here, of all nodes, where they are counted and the
    /// grant may still be used: of each the grant, the tree (`None`: our own), how many, and
    /// the Unix second at which the grant ends.
    pub(crate) fn counted_uses(&self, now_s: u64) -> Vec<CountedUse> {
        let state = self.read();
        let own = state.uses.iter().map(|(id, count)| (*id, None, *count));
        let foreign = state.foreign_uses.iter().flat_map(|(id, trees)| {
            let each = trees.iter();
            each.map(|(tree, count)| (*id, Some(tree.clone()), *count))
        });
        let counted = own.chain(foreign).filter_map(|(id, tree, count)| {
            let grant = state.registry.grant(id)?;
            let counts = grant.spec.max_uses.is_some()
                && grant.state == GrantState::Active
                && grant.view(now_s) != GrantView::Expired;
            (counts && count > 0).then_some((id, tree, count, grant.expires_s))
        });
        counted.collect()
    }
}

/// Uses of a grant at one node.
pub(crate) type CountedUse = (GrantId, Option<String>, u64, u64);

fn whole(record: &RawRecord<'_>) -> Option<Value> {
    serde_json::from_slice(record.body).ok()
}

/// What does not fit is its node's to judge: here it has no effect.
fn passed_over(record: &RawRecord<'_>, done: Result<(), String>) {
    if let Err(reason) = done {
        let (tree, index) = (&record.place.tree, record.place.index);
        tracing::warn!(
            tree,
            index,
            reason,
            "a record of another node is passed over"
        );
    }
}

/// Folds the decisions of this node's own ledger. Changes of a time when it was alone
/// are in the journal.
pub(crate) struct OwnDecisions(pub(crate) Shared);

impl Follower for OwnDecisions {
    fn replay(&mut self, entry: &Entry) -> Result<(), String> {
        if entry.kind == CHANGE || entry.kind == SNAPSHOT {
            return Ok(());
        }
        self.0.replay(entry)
    }

    fn skim(&mut self, past: &RawRecord<'_>) -> bool {
        past.kind == CHANGE || past.kind == SNAPSHOT || self.0.skim(past)
    }

    fn copy(&self) -> Option<Save> {
        let copied = CopiedState::of(&self.0.read());
        Some(Box::new(move || copied.encode()))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        self.0.write().restore_decisions(state)
    }

    fn appended(&mut self, place: &Place, draft: &Draft) -> Result<(), String> {
        self.0.appended(place, draft)
    }
}
