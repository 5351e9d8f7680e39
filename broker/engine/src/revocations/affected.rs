//! Whom a revocation or a lock stops: live tokens by the lineage in their
//! records, live grants, the people behind both; and what lives on elsewhere.

use super::permit::{RecordedPermit, Signed};
use crate::broker::Broker;
use crate::unavailable::Unavailable;
use locum_core::ids::TargetId;
use locum_core::lineage::{LineageKind, What};
use locum_core::record::key_text;
use locum_core::registry::{Grant, GrantView};
use locum_core::standing::{FOR_EVER, Instead, World};
use locum_stores::decisions::{Sought, folded};
use locum_stores::ledger::Entry;
use locum_stores::state::State;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// No token lives longer (contract §6), in milliseconds, and none is recorded
/// before it is made.
const LOOK_BACK_MS: u64 = 3_600_000;
/// Records looked at for an estimate: what is being stopped must not wait.
const ESTIMATE_RECORDS: u64 = 10_000;

/// How thoroughly to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// At every record of a token that can still be live.
    Scan,
    /// At the newest records only.
    Estimate,
}

/// Whom it stops.
#[derive(Debug, Default)]
pub struct Affected {
    /// Live tokens.
    pub tokens: u64,
    /// Live grants that end.
    pub grants: u64,
    /// The people of both, `<issuer id>:<sub>`.
    pub people: BTreeSet<String>,
    /// Targets that cannot ask us, and when the last token or credential there ends,
    /// in Unix seconds; `None`: nobody knows.
    pub survivors: BTreeMap<String, Option<u64>>,
}

impl Affected {
    /// Something lives on at that target until then.
    fn survives(&mut self, target: &TargetId, until_s: Option<u64>) {
        let known = self.survivors.entry(target.to_string()).or_insert(Some(0));
        *known = known.zip(until_s).map(|(known, until)| known.max(until));
    }
}

/// How it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// By a revocation of what counts from that Unix millisecond or earlier;
    /// `None`: from now.
    Revoke(Option<u64>),
    /// By a lock: whatever its time.
    Lock,
}

/// What is stopped, and how.
pub struct Stop {
    what: What,
    act: Act,
    /// What it revokes.
    now: Instead,
    /// What was dead under the same name before.
    before: Instead,
    /// For a key of ours: the algorithm it signs and when it was the one.
    signed: Option<Signed>,
    /// When the keys of ours signed that are no more: what they signed is dead.
    gone: Vec<Signed>,
    /// The people whose live grants end, one entry a grant.
    grants: Vec<String>,
}

impl Stop {
    /// Reads what has to be known before the stop is in force: what is live
    /// then.
    pub fn new(what: &What, act: Act, state: &State, now_ms: u64) -> Self {
        let key = state.names.key(what.kind, &what.id);
        let kid = what.id.strip_prefix("locum:");
        let kid = kid.filter(|_| what.kind == LineageKind::Key);
        let until_ms = match act {
            Act::Revoke(_) if what.kind.is_final() => FOR_EVER,
            Act::Revoke(before_ms) => before_ms.unwrap_or(now_ms),
            Act::Lock => FOR_EVER,
        };
        let mut out = Self {
            act,
            now: Instead {
                key,
                until_ms: Some(until_ms),
            },
            before: Instead {
                key,
                until_ms: state.view.revoked_until(&key),
            },
            signed: kid.and_then(|kid| Signed::by(kid, &state.signing_keys)),
            gone: gone(state),
            what: what.clone(),
            grants: Vec::new(),
        };
        let world = state.world(now_ms);
        let person = (what.kind == LineageKind::Person).then_some(what.id.as_str());
        let grants = may_end_grants(what.kind)
            .then(|| state.registry.all_active_grants(person, now_ms / 1000));
        let ending = grants
            .into_iter()
            .flatten()
            .filter(|grant| out.ends(grant, &world));
        out.grants = ending.map(|grant| grant.spec.person.clone()).collect();
        out
    }

    /// The same stop, effective at the time of its record.
    pub fn at(mut self, effective_ms: u64) -> Self {
        if self.act == Act::Revoke(None) && !self.what.kind.is_final() {
            self.now.until_ms = Some(effective_ms);
        }
        self
    }

    /// Whether a live grant ends. By a target it ends only there.
    fn ends(&self, grant: &Grant, world: &World<'_>) -> bool {
        self.may_concern(grant)
            && grant.view(world.now_ms / 1_000) == GrantView::Active
            && self.stops_grant(grant, world)
            && !world.is_dead_with(grant.lineage(world.keys), Some(self.before))
    }

    /// A look at the name alone, before anything is hashed.
    fn may_concern(&self, grant: &Grant) -> bool {
        let (id, spec) = (self.what.id.as_str(), &grant.spec);
        match self.what.kind {
            LineageKind::Grant => grant.id.to_string() == id,
            LineageKind::Person => spec.person == id,
            LineageKind::Agent | LineageKind::Client => spec.agent.as_str() == id,
            LineageKind::Issuer => spec.person.split_once(':').is_some_and(|(i, _)| i == id),
            LineageKind::Target => spec.targets.iter().any(|at| at.target.as_str() == id),
            LineageKind::Owner | LineageKind::All => true,
            LineageKind::Token
            | LineageKind::Delegation
            | LineageKind::AgentVersion
            | LineageKind::Session
            | LineageKind::Key => false,
        }
    }

    fn stops_grant(&self, grant: &Grant, world: &World<'_>) -> bool {
        let counts = self.now.until_ms.is_some_and(|t| grant.since_ms() <= t);
        match (self.act, self.what.kind) {
            (_, LineageKind::Target) => counts,
            (Act::Lock, LineageKind::Owner) => self.is_owner_now(grant.spec.agent.as_str(), world),
            (Act::Lock, _) => true,
            (Act::Revoke(_), _) => world.is_killed_by(grant.lineage(world.keys), self.now),
        }
    }

    /// Whether an agent has that owner now: a lock looks at nothing else.
    fn is_owner_now(&self, agent: &str, world: &World<'_>) -> bool {
        let agent = world.registry.agent(agent);
        agent.is_some_and(|agent| agent.owner_key(world.keys) == self.now.key)
    }

    /// A text that every record of a token in question holds.
    fn text(&self) -> Option<String> {
        match self.what.kind {
            // Records of before held no owner.
            LineageKind::Owner | LineageKind::All => None,
            LineageKind::Key if self.signed.is_some() => None,
            LineageKind::Key
            | LineageKind::Token
            | LineageKind::Delegation
            | LineageKind::Grant
            | LineageKind::Agent
            | LineageKind::AgentVersion
            | LineageKind::Client
            | LineageKind::Person
            | LineageKind::Session
            | LineageKind::Target
            | LineageKind::Issuer => Some(format!("\"{}\"", key_text::of(&self.now.key))),
        }
    }

    fn stops(&self, permit: &RecordedPermit, world: &World<'_>) -> bool {
        if let Some(signed) = &self.signed {
            return permit.is_signed(signed, world.registry);
        }
        match (self.act, self.what.kind) {
            (Act::Lock, LineageKind::All) => true,
            (Act::Lock, LineageKind::Owner) => {
                let mut agents = permit.agents.iter();
                agents.any(|agent| self.is_owner_now(agent, world))
            }
            (Act::Lock, _) => permit.lineage.has(&self.now.key),
            (Act::Revoke(_), _) => world.is_killed_by(&permit.lineage, self.now),
        }
    }

    fn was_dead(&self, permit: &RecordedPermit, world: &World<'_>) -> bool {
        let mut gone = self.gone.iter();
        gone.any(|signed| permit.is_signed(signed, world.registry))
            || world.is_dead_with(&permit.lineage, Some(self.before))
    }

    fn token(&self, permit: &RecordedPermit, world: &World<'_>, out: &mut Affected) {
        if !self.stops(permit, world) || self.was_dead(permit, world) {
            return;
        }
        out.people.extend(permit.person.clone());
        // What a vendor handed out is counted where it is remembered.
        if permit.of_vendor {
            return;
        }
        out.tokens += 1;
        if let Some(target) = permit.lives_on_at(world.registry) {
            out.survives(target, Some(permit.exp));
        }
    }

    /// What vendors handed out: it is stopped where its vendor revokes it, and lives
    /// on elsewhere.
    fn credentials(&self, state: &State, world: &World<'_>, out: &mut Affected) {
        for (jti, entry) in state.all_live() {
            let permit = RecordedPermit::handed(jti, entry);
            if !self.stops(&permit, world) {
                continue;
            }
            if !self.was_dead(&permit, world) {
                out.tokens += 1;
            }
            // Dead here and alive there: it is told each time.
            if !(entry.revocable && entry.revocation.is_none()) {
                out.survives(&entry.of.parties.target, entry.expires_s);
            }
        }
    }

    /// Counts. Reads the disk.
    ///
    /// # Errors
    /// [`Unavailable`] when the record cannot be read.
    pub async fn affected(
        self,
        broker: &Arc<Broker>,
        effort: Effort,
    ) -> Result<Affected, Unavailable> {
        let now_ms = broker.records.clock.now_ms();
        let mut texts = vec!["\"outcome\":\"permit\"".to_owned()];
        texts.extend(self.text());
        let mut sought = Sought::newest(texts);
        sought.since_ms = now_ms.saturating_sub(LOOK_BACK_MS);
        if effort == Effort::Estimate {
            sought.look_at = ESTIMATE_RECORDS;
        }
        let mut out = Affected {
            grants: self.grants.len() as u64,
            ..Affected::default()
        };
        out.people.extend(self.grants.iter().cloned());
        {
            let state = broker.records.state.read();
            self.credentials(&state, &state.world(now_ms), &mut out);
        }
        let with = broker.clone();
        let each = move |out: &mut Affected, entry: Entry| {
            let state = with.records.state.read();
            let permit = RecordedPermit::read(&entry, &with.issuer, &state);
            let remembered = |jti| state.handed_under(jti).is_some();
            let counts =
                |p: &RecordedPermit| p.exp > now_ms / 1000 && (!p.of_vendor || remembered(p.jti));
            if let Some(permit) = permit.filter(counts) {
                self.token(&permit, &state.world(now_ms), out);
            }
            ControlFlow::Continue(())
        };
        let found = folded(&*broker.records.decisions, sought, out, each).await;
        let (out, _) = found.map_err(|e| Unavailable(format!("ledger: {e}")))?;
        Ok(out)
    }
}

/// When each key of ours signed that was retired, as a revoked one is.
fn gone(state: &State) -> Vec<Signed> {
    let keys = state.signing_keys.iter();
    let retired = keys.filter(|key| key.retired_ms.is_some());
    retired.filter_map(Signed::of).collect()
}

/// Whether a stop of that kind can end a grant.
const fn may_end_grants(kind: LineageKind) -> bool {
    match kind {
        LineageKind::Token
        | LineageKind::Delegation
        | LineageKind::AgentVersion
        | LineageKind::Session
        | LineageKind::Key => false,
        LineageKind::Grant
        | LineageKind::Agent
        | LineageKind::Client
        | LineageKind::Person
        | LineageKind::Owner
        | LineageKind::Target
        | LineageKind::Issuer
        | LineageKind::All => true,
    }
}

#[cfg(test)]
mod tests;
