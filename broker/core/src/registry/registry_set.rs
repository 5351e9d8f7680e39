//! All declared objects with the look-ups an exchange needs.

use super::past::Past;
use super::{Agent, Client, Grant, Issuer, Target, Workload};
use crate::ids::{AgentId, ClientId, GrantId, IssuerId, TargetId, VersionId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All declared objects. Ids are tombstones: nothing is ever removed.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    agents: BTreeMap<AgentId, Arc<Agent>>,
    clients: BTreeMap<ClientId, Arc<Client>>,
    targets: BTreeMap<TargetId, Arc<Target>>,
    issuers: BTreeMap<IssuerId, Arc<Issuer>>,
    grants: BTreeMap<GrantId, Arc<Grant>>,
    target_names: BTreeMap<String, TargetId>,
    issuer_names: BTreeMap<String, IssuerId>,
    workloads: BTreeMap<(IssuerId, String), Vec<AgentId>>,
    past: Past,
    grants_of: BTreeMap<(String, AgentId), Vec<GrantId>>,
}

impl Registry {
    /// Puts an agent in place of what had its id. What has ended leaves it, and
    /// a workload identity that it has no more stays known.
    pub fn put_agent(&mut self, agent: Agent) {
        let before = self.agents.get(agent.id()).cloned();
        self.past.put(before.as_deref(), &agent);
        let agent = agent.without_ended();
        let id = agent.spec.id.clone();
        if let Some(workload) = before.as_ref().and_then(|b| b.spec.workload.as_ref()) {
            let key = (workload.issuer.clone(), workload.sub().to_owned());
            if let Some(ids) = self.workloads.get_mut(&key) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    self.workloads.remove(&key);
                }
            }
        }
        if let Some(workload) = &agent.spec.workload {
            self.workloads
                .entry((workload.issuer.clone(), workload.sub().to_owned()))
                .or_default()
                .push(id.clone());
        }
        self.agents.insert(id, Arc::new(agent));
    }

    /// Puts a client in place of what had its id.
    pub fn put_client(&mut self, client: Client) {
        self.clients
            .insert(client.spec.id.clone(), Arc::new(client));
    }

    /// Puts a target in place of what had its id.
    pub fn put_target(&mut self, target: Target) {
        self.target_names.retain(|_, id| *id != target.id);
        self.target_names
            .insert(target.spec.audience.clone(), target.id.clone());
        for resource in &target.spec.resources {
            self.target_names
                .insert(resource.clone(), target.id.clone());
        }
        self.targets.insert(target.id.clone(), Arc::new(target));
    }

    /// Puts an issuer in place of what had its id.
    pub fn put_issuer(&mut self, issuer: Issuer) {
        self.issuer_names
            .insert(issuer.spec.issuer.clone(), issuer.id.clone());
        self.issuers.insert(issuer.id.clone(), Arc::new(issuer));
    }

    /// Puts a grant in place of what had its id.
    pub fn put_grant(&mut self, grant: Grant) {
        let key = (grant.spec.person.clone(), grant.spec.agent.clone());
        let ids = self.grants_of.entry(key).or_default();
        if !ids.contains(&grant.id) {
            ids.push(grant.id);
        }
        self.grants.insert(grant.id, Arc::new(grant));
    }

    /// Counts one use of a grant.
    pub fn use_grant(&mut self, id: GrantId) {
        if let Some(grant) = self.grants.get_mut(&id) {
            Arc::make_mut(grant).uses += 1;
        }
    }

    /// Gives one use of a grant back: its record was never made.
    pub fn unuse_grant(&mut self, id: GrantId) {
        if let Some(grant) = self.grants.get_mut(&id) {
            let grant = Arc::make_mut(grant);
            grant.uses = grant.uses.saturating_sub(1);
        }
    }

    /// An agent, whatever its state.
    #[must_use]
    pub fn agent(&self, id: &str) -> Option<&Arc<Agent>> {
        self.agents.get(id)
    }

    /// A client that is no agent.
    #[must_use]
    pub fn client(&self, id: &str) -> Option<&Arc<Client>> {
        self.clients.get(id)
    }

    /// A target by its id.
    #[must_use]
    pub fn target(&self, id: &str) -> Option<&Arc<Target>> {
        self.targets.get(id)
    }

    /// A target by its audience or id, compared whole (contract §6).
    #[must_use]
    pub fn target_for_audience(&self, name: &str) -> Option<&Arc<Target>> {
        let named = self
            .target_named(name)
            .filter(|target| target.spec.audience == name);
        named.or_else(|| self.targets.get(name))
    }

    /// A target by one of its resources or its audience, compared whole.
    #[must_use]
    pub fn target_for_resource(&self, name: &str) -> Option<&Arc<Target>> {
        self.target_named(name)
    }

    /// The target that has the name among its audience and resources.
    #[must_use]
    pub fn target_named(&self, name: &str) -> Option<&Arc<Target>> {
        self.target_names
            .get(name)
            .and_then(|id| self.targets.get(id))
    }

    /// The target that a resource-server client serves.
    #[must_use]
    pub fn target_of_server(&self, client: &str) -> Option<&Arc<Target>> {
        self.targets.values().find(|t| {
            t.spec
                .resource_server
                .as_ref()
                .is_some_and(|c| c.as_str() == client)
        })
    }

    /// An issuer by its id.
    #[must_use]
    pub fn issuer(&self, id: &str) -> Option<&Arc<Issuer>> {
        self.issuers.get(id)
    }

    /// An issuer by its `iss`, compared whole.
    #[must_use]
    pub fn issuer_named(&self, iss: &str) -> Option<&Arc<Issuer>> {
        self.issuer_names
            .get(iss)
            .and_then(|id| self.issuers.get(id))
    }

    /// A grant by its id.
    #[must_use]
    pub fn grant(&self, id: GrantId) -> Option<&Arc<Grant>> {
        self.grants.get(&id)
    }

    /// The grants of a person for an agent.
    pub fn grants_for(&self, person: &str, agent: &AgentId) -> impl Iterator<Item = &Arc<Grant>> {
        let ids = self.grants_of.get(&(person.to_owned(), agent.clone()));
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.grants.get(id))
    }

    /// The agents registered for a workload's `sub`, before their other claims
    /// are compared.
    pub fn agents_of_workload(
        &self,
        issuer: &IssuerId,
        sub: &str,
    ) -> impl Iterator<Item = &Arc<Agent>> {
        let ids = self.workloads.get(&(issuer.clone(), sub.to_owned()));
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.agents.get(id))
    }

    /// Workload identities with that `sub` that were an agent's, are so no more
    /// and were not released, with whose they were.
    pub fn former_workloads_with(
        &self,
        issuer: &IssuerId,
        sub: &str,
    ) -> impl Iterator<Item = (&AgentId, &Workload)> {
        self.past.former_with(issuer, sub)
    }

    /// The former workload identities of an agent that were not released.
    #[must_use]
    pub fn former_workloads(&self, agent: &str) -> &[Workload] {
        self.past.former(agent)
    }

    /// Gives up every former workload identity of an agent.
    pub fn release_workloads(&mut self, agent: &AgentId) {
        self.past.release(agent);
    }

    /// The ids of an agent's versions that have ended, in their order: what
    /// they were stands in the record.
    #[must_use]
    pub fn ended_versions(&self, agent: &str) -> &[VersionId] {
        self.past.ended(agent)
    }

    /// Whether an agent has or had a version of that id.
    #[must_use]
    pub fn knows_version(&self, id: VersionId) -> bool {
        let mut held = self.agents.values().flat_map(|agent| &agent.versions);
        held.any(|version| version.id == id) || self.past.has_ended(id)
    }

    /// What agents were.
    #[must_use]
    pub const fn past(&self) -> &Past {
        &self.past
    }

    /// What agents were, as a snapshot has it, in place of what is known.
    pub fn put_past(&mut self, past: Past) {
        self.past = past.looked_up();
    }

    /// Whether an operator id is taken by an agent or a client.
    #[must_use]
    pub fn client_id_taken(&self, id: &str) -> bool {
        self.agents.contains_key(id) || self.clients.contains_key(id)
    }

    /// All agents, by id.
    pub fn agents(&self) -> impl Iterator<Item = &Arc<Agent>> {
        self.agents.values()
    }

    /// All clients that are no agents, by id.
    pub fn clients(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.clients.values()
    }

    /// All targets, by id.
    pub fn targets(&self) -> impl Iterator<Item = &Arc<Target>> {
        self.targets.values()
    }

    /// All issuers, by id.
    pub fn issuers(&self) -> impl Iterator<Item = &Arc<Issuer>> {
        self.issuers.values()
    }

    /// All grants, by id.
    pub fn grants(&self) -> impl Iterator<Item = &Arc<Grant>> {
        self.grants.values()
    }

    /// Whether an agent is certified at `now_s`, at that version if one is named.
    #[must_use]
    pub fn is_live(&self, agent: &AgentId, version: Option<VersionId>, now_s: u64) -> bool {
        let certified = self
            .agents
            .get(agent)
            .and_then(|agent| agent.certified(now_s));
        certified.is_some_and(|c| version.is_none_or(|named| named == c.version))
    }
}
