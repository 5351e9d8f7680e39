//! What agents were: versions that have ended, by their ids alone, and workload
//! identities that are an agent's no more.

use super::agent::{Agent, Status, Workload};
use crate::ids::{AgentId, IssuerId, VersionId};
use crate::token::Claims;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most workload identities that were an agent's and are not released.
pub const FORMER_MAX: usize = 64;
/// Most bytes of them as JSON, whatever their number.
pub const FORMER_BYTES_MAX: usize = 65_536;

impl Workload {
    /// Whether those claims are the ones registered, exactly.
    #[must_use]
    pub fn fits(&self, claims: &Claims) -> bool {
        let mut named = self.claims.iter();
        named.all(|(name, value)| claims.get(name) == Some(value))
    }

    /// The `sub`, which every registered identity has.
    #[must_use]
    pub fn sub(&self) -> &str {
        let sub = self.claims.get("sub").and_then(Value::as_str);
        sub.unwrap_or_default()
    }

    /// Whether one token could be of both: same issuer and `sub`, and no claim
    /// that both name with two values (contract §5).
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let contradicts = |(name, value): (&String, &Value)| {
            other.claims.get(name).is_some_and(|theirs| theirs != value)
        };
        self.issuer == other.issuer
            && self.sub() == other.sub()
            && !self.claims.iter().any(contradicts)
    }

    /// Whether every token of the other is of this one too.
    fn covers(&self, other: &Self) -> bool {
        let named = |(name, value): (&String, &Value)| other.claims.get(name) == Some(value);
        self.issuer == other.issuer && self.claims.iter().all(named)
    }
}

/// What agents were.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    ended: BTreeMap<AgentId, Vec<VersionId>>,
    former: BTreeMap<AgentId, Vec<Workload>>,
    /// Whose former identities have that `sub`.
    #[serde(skip)]
    subs: BTreeMap<(IssuerId, String), Vec<AgentId>>,
}

impl Past {
    /// Notes what an agent is no more, now that it is put in place of `before`.
    pub(super) fn put(&mut self, before: Option<&Agent>, after: &Agent) {
        self.end(before, after);
        let living = |agent: &&Agent| agent.status != Status::Retired;
        let was = before.filter(living);
        let workload = after.spec.workload.as_ref();
        let now = workload.filter(|_| living(&after));
        let lost = was.and_then(|agent| agent.spec.workload.as_ref());
        if let Some(lost) = lost.filter(|lost| now != Some(lost)) {
            self.add(after.id(), lost);
        }
        let just_retired = !living(&after) && (was.is_some() || before.is_none());
        if let Some(lost) = workload.filter(|_| just_retired) {
            self.add(after.id(), lost);
        }
        if let Some(now) = now {
            self.taken(now);
        }
    }

    fn end(&mut self, before: Option<&Agent>, after: &Agent) {
        let held = before.into_iter().flat_map(|agent| &agent.versions);
        let kept = |id: VersionId| {
            let mut versions = after.versions.iter();
            versions.any(|version| version.id == id && !version.has_ended())
        };
        let gone = held.chain(after.versions.iter().filter(|v| v.has_ended()));
        let mut gone: Vec<VersionId> = gone.map(|v| v.id).filter(|id| !kept(*id)).collect();
        if gone.is_empty() {
            return;
        }
        let ended = self.ended.entry(after.id().clone()).or_default();
        // Nearly always newer than all before.
        gone.sort_unstable();
        for id in gone {
            if let Err(place) = ended.binary_search(&id) {
                ended.insert(place, id);
            }
        }
    }

    fn add(&mut self, agent: &AgentId, lost: &Workload) {
        let former = self.former.entry(agent.clone()).or_default();
        if former.iter().any(|known| known.covers(lost)) {
            return;
        }
        former.retain(|known| !lost.covers(known));
        former.push(lost.clone());
        let key = (lost.issuer.clone(), lost.sub().to_owned());
        let agents = self.subs.entry(key).or_default();
        if !agents.contains(agent) {
            agents.push(agent.clone());
        }
    }

    /// What is an agent's identity again, or by an old record another's, is a
    /// former one no more.
    fn taken(&mut self, now: &Workload) {
        let key = (now.issuer.clone(), now.sub().to_owned());
        let Some(mut agents) = self.subs.remove(&key) else {
            return;
        };
        agents.retain(|agent| {
            let Some(former) = self.former.get_mut(agent) else {
                return false;
            };
            former.retain(|known| !now.covers(known));
            let left = former
                .iter()
                .any(|known| known.issuer == key.0 && known.sub() == key.1);
            if former.is_empty() {
                self.former.remove(agent);
            }
            left
        });
        if !agents.is_empty() {
            self.subs.insert(key, agents);
        }
    }

    /// Gives up every former identity of an agent.
    pub(super) fn release(&mut self, agent: &AgentId) {
        for lost in self.former.remove(agent).unwrap_or_default() {
            let key = (lost.issuer.clone(), lost.sub().to_owned());
            if let Some(agents) = self.subs.get_mut(&key) {
                agents.retain(|known| known != agent);
                if agents.is_empty() {
                    self.subs.remove(&key);
                }
            }
        }
    }

    /// The former identities of an agent.
    pub(super) fn former(&self, agent: &str) -> &[Workload] {
        self.former
            .get(agent)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Former identities with that `sub`, and whose they were.
    pub(super) fn former_with(
        &self,
        issuer: &IssuerId,
        sub: &str,
    ) -> impl Iterator<Item = (&AgentId, &Workload)> {
        let agents = self.subs.get(&(issuer.clone(), sub.to_owned()));
        let each = agents.into_iter().flatten();
        each.flat_map(|agent| {
            let former = self.former(agent.as_str()).iter();
            former.map(move |known| (agent, known))
        })
    }

    /// The ids of an agent's ended versions, in their order.
    pub(super) fn ended(&self, agent: &str) -> &[VersionId] {
        self.ended.get(agent).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a version of any agent has that id and ended.
    pub(super) fn has_ended(&self, id: VersionId) -> bool {
        let mut agents = self.ended.values();
        agents.any(|ended| ended.binary_search(&id).is_ok())
    }

    /// The same, as it was read from a snapshot, with its look-ups.
    pub(super) fn looked_up(mut self) -> Self {
        for (agent, lost) in std::mem::take(&mut self.former) {
            lost.iter().for_each(|each| self.add(&agent, each));
        }
        self
    }
}

#[cfg(test)]
mod tests;
