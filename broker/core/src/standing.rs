//! Locks and revocations, and whether a lineage stands.

use crate::expiring::{Expiring, ExpiringKeys};
use crate::ids::{AgentId, LockId, VersionId};
use crate::lineage::{Key, Keyed, Lineage, LineageKind, What};
use crate::party::{Link, Subject};
use crate::registry::Registry;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// A switch on something: no new credential, live ones refused, until lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Its generated id.
    pub id: LockId,
    /// What it locks.
    pub what: What,
    /// Unix milliseconds after which it no longer holds.
    pub expires_ms: Option<u64>,
}

/// What is locked and what is revoked. It grows with revocations, never with
/// live tokens.
#[derive(Debug, Clone, Default)]
pub struct View {
    revoked: HashMap<Key, u64>,
    /// Tokens, which are dead for ever: forgotten when nothing under them lives.
    tokens: Expiring,
    locks: HashMap<Key, BTreeMap<LockId, Lock>>,
}

/// Revoked for ever, whatever was issued when.
pub const FOR_EVER: u64 = u64::MAX;

impl View {
    /// All issued at or before `until_ms` under the key is dead from now on.
    /// It never becomes less.
    pub fn revoke(&mut self, key: Key, until_ms: u64) {
        let entry = self.revoked.entry(key).or_default();
        *entry = (*entry).max(until_ms);
    }

    /// The token of that key is dead, with all that descends from it. Nothing
    /// under it lives after `ends_ms`, Unix milliseconds.
    pub fn revoke_token(&mut self, key: Key, ends_ms: u64) {
        self.tokens.insert(key, ends_ms);
    }

    /// Forgets tokens under which nothing lives any more at `now_ms`.
    pub fn sweep(&mut self, now_ms: u64) {
        self.tokens.sweep(now_ms);
    }

    /// Locks the key.
    pub fn lock(&mut self, key: Key, lock: Lock) {
        self.locks.entry(key).or_default().insert(lock.id, lock);
    }

    /// Lifts one lock from the key.
    pub fn lift(&mut self, key: &Key, id: LockId) {
        if let Some(locks) = self.locks.get_mut(key) {
            locks.remove(&id);
            if locks.is_empty() {
                self.locks.remove(key);
            }
        }
    }

    /// Whether something that counts from `since_ms` under the key is dead.
    #[must_use]
    pub fn is_revoked(&self, key: &Key, since_ms: u64) -> bool {
        self.revoked
            .get(key)
            .is_some_and(|until| since_ms <= *until)
            || self.tokens.contains(key)
    }

    /// Up to when what counts under the key is dead, Unix milliseconds or
    /// [`FOR_EVER`].
    #[must_use]
    pub fn revoked_until(&self, key: &Key) -> Option<u64> {
        let token = self.tokens.contains(key).then_some(FOR_EVER);
        token.or_else(|| self.revoked.get(key).copied())
    }

    /// A lock on the key that holds at `now_ms`.
    #[must_use]
    pub fn locked(&self, key: &Key, now_ms: u64) -> Option<&Lock> {
        let locks = self.locks.get(key)?;
        locks
            .values()
            .find(|lock| lock.expires_ms.is_none_or(|end| end > now_ms))
    }

    /// Every revoked key that is no token's, and up to when what counts under it
    /// is dead, in no order.
    pub fn all_revoked(&self) -> impl Iterator<Item = (&Key, u64)> {
        self.revoked.iter().map(|(key, until)| (key, *until))
    }

    /// The revoked tokens under which something may live.
    #[must_use]
    pub fn revoked_tokens(&self) -> ExpiringKeys {
        self.tokens.keys()
    }

    /// Every lock that was not lifted, with its key, in no order.
    pub fn all_locks(&self) -> impl Iterator<Item = (&Key, &Lock)> {
        let each = |(key, locks)| std::iter::repeat(key).zip(BTreeMap::values(locks));
        self.locks.iter().flat_map(each)
    }

    /// Number of keys revoked and not forgotten.
    #[must_use]
    pub fn revocations(&self) -> usize {
        self.revoked.len() + self.tokens.len()
    }
}

/// Who must be in force for a lineage to stand: the agents of its chain, each
/// at the version it acted in.
pub type Actors<'a> = &'a [(AgentId, Option<VersionId>)];

/// The actors of a chain, and its subject where that is an agent: at the
/// version it acts in for itself, or, without one, that its lineage names.
#[must_use]
pub fn actors(
    links: &[Link],
    subject: &Subject,
    itself: Option<VersionId>,
) -> Vec<(AgentId, Option<VersionId>)> {
    let links = links
        .iter()
        .filter_map(|link| link.agent.clone().map(|agent| (agent, link.version)));
    let subject = subject.agent().map(|agent| (agent.clone(), itself));
    links.chain(subject).collect()
}

/// Whether a lineage stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Live,
    /// Something in it is locked.
    Locked(Lock),
    /// Something in it was revoked.
    Revoked,
    /// An agent in it is suspended, retired, or no longer certified at the
    /// version it acted in: acts as a lock (contract §12).
    AgentNotInForce(AgentId),
}

/// The world that standing is judged in.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Locks and revocations.
    pub view: &'a View,
    /// What is declared.
    pub registry: &'a Registry,
    /// Names to keys.
    pub keys: &'a dyn Keyed,
    /// The key of everything.
    pub all: Key,
    /// Unix milliseconds.
    pub now_ms: u64,
}

/// A revocation that is looked at as if it were another one: what was dead
/// before it, what would be dead by it.
#[derive(Debug, Clone, Copy)]
pub struct Instead {
    /// What it revokes.
    pub key: Key,
    /// Up to when what counts under the key is taken for dead; `None`: nothing.
    pub until_ms: Option<u64>,
}

impl World<'_> {
    /// Whether a lineage stands.
    #[must_use]
    pub fn standing(&self, lineage: &Lineage, actors: Actors<'_>) -> Standing {
        let mut agents = actors.iter().map(|(agent, _)| agent);
        let stopped = self.stopped(lineage, &mut agents);
        if stopped != Standing::Live {
            return stopped;
        }
        let fallen = actors
            .iter()
            .find(|(agent, version)| !self.in_force(lineage, agent, *version));
        fallen.map_or(Standing::Live, |(agent, _)| {
            Standing::AgentNotInForce(agent.clone())
        })
    }

    /// Whether a lineage of these agents is revoked or locked, whether or not they
    /// are in force.
    #[must_use]
    pub fn stopped(
        &self,
        lineage: &Lineage,
        agents: &mut dyn Iterator<Item = &AgentId>,
    ) -> Standing {
        if self.is_dead(lineage) {
            return Standing::Revoked;
        }
        let lock = self.lock_on(lineage, agents);
        lock.map_or(Standing::Live, |lock| Standing::Locked(lock.clone()))
    }

    /// Whether anything in the lineage was revoked at or after the time from
    /// which it counts (contract §12): then it is dead for ever.
    #[must_use]
    pub fn is_dead(&self, lineage: &Lineage) -> bool {
        self.is_dead_with(lineage, None)
    }

    /// The same with one revocation taken for another.
    #[must_use]
    pub fn is_dead_with(&self, lineage: &Lineage, instead: Option<Instead>) -> bool {
        let dead = |key: &Key, since_ms: u64| match instead {
            Some(other) if other.key == *key => {
                other.until_ms.is_some_and(|until| since_ms <= until)
            }
            Some(_) | None => self.view.is_revoked(key, since_ms),
        };
        self.any(lineage, dead)
    }

    /// Whether that revocation alone kills the lineage.
    #[must_use]
    pub fn is_killed_by(&self, lineage: &Lineage, revocation: Instead) -> bool {
        let Some(until) = revocation.until_ms else {
            return false;
        };
        self.any(lineage, |key, since_ms| {
            *key == revocation.key && since_ms <= until
        })
    }

    /// Whether that holds for anything in the lineage, or for everything from the
    /// earliest of it on.
    fn any(&self, lineage: &Lineage, holds: impl Fn(&Key, u64) -> bool) -> bool {
        let mut entries = lineage.iter();
        let earliest = lineage.earliest_ms();
        entries.any(|entry| holds(&entry.key, entry.since_ms))
            || earliest.is_some_and(|since| holds(&self.all, since))
    }

    /// A lock in force on anything in the lineage, on everything, or on the owner
    /// that an agent has now.
    fn lock_on(
        &self,
        lineage: &Lineage,
        agents: &mut dyn Iterator<Item = &AgentId>,
    ) -> Option<&Lock> {
        if self.view.locks.is_empty() {
            return None;
        }
        let owners = agents.filter_map(|agent| self.owner(agent));
        // The owner of a hop is in the lineage for revocations: a lock on an owner
        // looks at the one of now.
        let entries = lineage.iter();
        let by_entry = entries
            .filter_map(|entry| self.view.locked(&entry.key, self.now_ms))
            .find(|lock| lock.what.kind != LineageKind::Owner);
        by_entry.or_else(|| {
            owners
                .chain([self.all])
                .find_map(|key| self.view.locked(&key, self.now_ms))
        })
    }

    /// Whether a lock in force names one of these.
    #[must_use]
    pub fn locked_by_name(&self, names: &[(LineageKind, &str)]) -> Option<&Lock> {
        names.iter().find_map(|(kind, id)| {
            let key = self.keys.key(*kind, id);
            self.view.locked(&key, self.now_ms)
        })
    }

    /// Whether an agent is in force at that version. A token of an agent that
    /// acts for itself names none: then its lineage must hold the current one.
    fn in_force(&self, lineage: &Lineage, agent: &AgentId, version: Option<VersionId>) -> bool {
        let known = self.registry.agent(agent.as_str());
        let current = known.and_then(|agent| agent.certified(self.now_ms / 1000));
        current.is_some_and(|current| match version {
            Some(version) => version == current.version,
            None => {
                let id = current.version.to_string();
                lineage.has(&self.keys.key(LineageKind::AgentVersion, &id))
            }
        })
    }

    fn owner(&self, agent: &AgentId) -> Option<Key> {
        let agent = self.registry.agent(agent.as_str())?;
        Some(agent.owner_key(self.keys))
    }
}

#[cfg(test)]
mod tests;
