//! Locks and revocations, and whether a lineage stands.

use crate::ids::{AgentId, LockId, VersionId};
use crate::lineage::{Key, Keyed, Kind, Lineage, What};
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

    /// Whether something issued at `issued_ms` under the key is dead.
    #[must_use]
    pub fn is_revoked(&self, key: &Key, issued_ms: u64) -> bool {
        self.revoked
            .get(key)
            .is_some_and(|until| issued_ms <= *until)
    }

    /// Up to when what was issued under the key is dead, Unix milliseconds or
    /// [`FOR_EVER`].
    #[must_use]
    pub fn revoked_until(&self, key: &Key) -> Option<u64> {
        self.revoked.get(key).copied()
    }

    /// A lock on the key that holds at `now_ms`.
    #[must_use]
    pub fn locked(&self, key: &Key, now_ms: u64) -> Option<&Lock> {
        let locks = self.locks.get(key)?;
        locks
            .values()
            .find(|lock| lock.expires_ms.is_none_or(|end| end > now_ms))
    }

    /// Every revoked key and up to when what was issued under it is dead, in no
    /// order.
    pub fn all_revoked(&self) -> impl Iterator<Item = (&Key, u64)> {
        self.revoked.iter().map(|(key, until)| (key, *until))
    }

    /// Every lock that was not lifted, with its key, in no order.
    pub fn all_locks(&self) -> impl Iterator<Item = (&Key, &Lock)> {
        let each = |(key, locks)| std::iter::repeat(key).zip(BTreeMap::values(locks));
        self.locks.iter().flat_map(each)
    }

    /// Number of keys revoked.
    #[must_use]
    pub fn revocations(&self) -> usize {
        self.revoked.len()
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
    /// Unix milliseconds.
    pub now_ms: u64,
}

impl World<'_> {
    /// Whether something issued at `issued_ms` with that lineage stands.
    #[must_use]
    pub fn standing(&self, lineage: &Lineage, actors: Actors<'_>, issued_ms: u64) -> Standing {
        let owners: Vec<Key> = actors
            .iter()
            .filter_map(|(agent, _)| self.owner(agent))
            .collect();
        let all = self.keys.key(Kind::All, "");
        let every = || lineage.iter().chain(&owners).chain([&all]);
        if every().any(|key| self.view.is_revoked(key, issued_ms)) {
            return Standing::Revoked;
        }
        if let Some(lock) = every().find_map(|key| self.view.locked(key, self.now_ms)) {
            return Standing::Locked(lock.clone());
        }
        let now_s = self.now_ms / 1000;
        let fallen = actors.iter().find(|(agent, version)| {
            let version = version.or_else(|| self.version_in(lineage, agent));
            !self.registry.is_live(agent, version, now_s)
        });
        fallen.map_or(Standing::Live, |(agent, _)| {
            Standing::AgentNotInForce(agent.clone())
        })
    }

    /// Whether something foreign, issued at `issued_ms`, is dead or locked
    /// under any of the names.
    #[must_use]
    pub fn of_names(&self, names: &[(Kind, &str)], issued_ms: u64) -> Standing {
        let mut lineage = Lineage::default();
        names
            .iter()
            .for_each(|(kind, id)| lineage.add(self.keys.key(*kind, id)));
        self.standing(&lineage, &[], issued_ms)
    }

    /// The version of an agent that a lineage names: a token of an agent that
    /// acts for itself carries none. The newest ones are looked at first.
    fn version_in(&self, lineage: &Lineage, agent: &AgentId) -> Option<VersionId> {
        let known = self.registry.agent(agent.as_str())?;
        let ended = self.registry.ended_versions(agent.as_str()).iter().rev();
        let held = known.versions.iter().rev().map(|version| version.id);
        let mut versions = held.chain(ended.copied());
        versions.find(|id| lineage.has(&self.keys.key(Kind::AgentVersion, &id.to_string())))
    }

    fn owner(&self, agent: &AgentId) -> Option<Key> {
        let agent = self.registry.agent(agent.as_str())?;
        Some(self.keys.key(Kind::Owner, &agent.spec.owner.id))
    }
}

#[cfg(test)]
mod tests;
