//! All declared objects with the look-ups an exchange needs.

use super::agent::{Agent, Workload};
use super::client::Client;
use super::grant::{Grant, GrantView};
use super::issuer::Issuer;
use super::live_grants::LiveGrants;
use super::past::Past;
use super::target::Target;
use super::upstream_secret::UpstreamSecret;
use crate::ids::{AgentId, ClientId, GrantId, IssuerId, SecretName, TargetId, VersionId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All declared objects. Ids are tombstones: nothing is ever removed, but an
/// upstream secret.
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
    servers: BTreeMap<ClientId, BTreeSet<TargetId>>,
    live_grants: LiveGrants,
    past: Past,
    secrets: BTreeMap<SecretName, Arc<UpstreamSecret>>,
    /// Upstream secrets that files hold; they are on no record.
    file_secrets: Arc<BTreeSet<SecretName>>,
}

impl Registry {
    /// Puts an agent in place of what had its id. What has ended leaves it, and
    /// a workload identity that it has no more stays known.
    pub fn put_agent(&mut self, agent: Agent) {
        let before = self.agents.get(agent.id()).cloned();
        self.past.put(before.as_deref(), &agent);
        let agent = agent.without_ended();
        let id = agent.spec.id.clone();
        if let Some(place) = before
            .as_ref()
            .and_then(|known| workload_place(known.spec.workload.as_ref()))
            && let Some(ids) = self.workloads.get_mut(&place)
        {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.workloads.remove(&place);
            }
        }
        if let Some(place) = workload_place(agent.spec.workload.as_ref()) {
            self.workloads.entry(place).or_default().push(id.clone());
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
        let id = &target.id;
        if let Some(known) = self.targets.get(id) {
            for name in names(known) {
                // Another target may have taken it since.
                if self.target_names.get(name) == Some(id) {
                    self.target_names.remove(name);
                }
            }
            if let Some(server) = &known.spec.resource_server
                && let Some(served) = self.servers.get_mut(server)
            {
                served.remove(id);
                if served.is_empty() {
                    self.servers.remove(server);
                }
            }
        }
        for name in names(&target) {
            self.target_names.insert(name.clone(), id.clone());
        }
        if let Some(server) = &target.spec.resource_server {
            let served = self.servers.entry(server.clone()).or_default();
            served.insert(id.clone());
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
        if let Some(known) = self.grants.get(&grant.id) {
            self.live_grants.take_out(known);
        }
        self.live_grants.put(&grant);
        self.grants.insert(grant.id, Arc::new(grant));
    }

    /// Puts an upstream secret in place of what had its name.
    pub fn put_secret(&mut self, secret: UpstreamSecret) {
        self.secrets.insert(secret.name.clone(), Arc::new(secret));
    }

    /// Takes an upstream secret out.
    pub fn drop_secret(&mut self, name: &SecretName) {
        self.secrets.remove(name);
    }

    /// Takes over which upstream secrets files hold from now on: a file hides what
    /// is recorded under its name.
    pub fn put_file_secrets(&mut self, names: BTreeSet<SecretName>) {
        self.file_secrets = Arc::new(names);
    }

    /// Counts one use of a grant.
    pub fn use_grant(&mut self, id: GrantId) {
        if let Some(grant) = self.grants.get_mut(&id) {
            Arc::make_mut(grant).uses += 1;
            self.live_grants.put(grant);
        }
    }

    /// Gives one use of a grant back: its record was never made.
    pub fn unuse_grant(&mut self, id: GrantId) {
        if let Some(grant) = self.grants.get_mut(&id) {
            let grant = Arc::make_mut(grant);
            grant.uses = grant.uses.saturating_sub(1);
            self.live_grants.put(grant);
        }
    }

    /// Takes the grants that are past their end at `now_s` out of the look-ups
    /// for what is live. Nothing else depends on it.
    pub fn sweep_grants(&mut self, now_s: u64) {
        while let Some(id) = self.live_grants.ended(now_s) {
            let Some(grant) = self.grants.get(&id) else {
                return;
            };
            self.live_grants.is_over(grant);
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
        let served = self.servers.get(client)?;
        served.first().and_then(|id| self.targets.get(id))
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

    /// The grants of a person for an agent that are active at `now_s`, at one
    /// target where one is named, in the order in which they are tried: the next
    /// to end first, then the lowest id (contract §6). Costs what they cost,
    /// however many are over.
    pub fn active_grants(
        &self,
        person: &str,
        agent: &AgentId,
        at: Option<&TargetId>,
        now_s: u64,
    ) -> impl Iterator<Item = &Arc<Grant>> {
        let ids = self.live_grants.of(person, agent, at, now_s);
        ids.filter_map(|id| self.grants.get(&id))
            .filter(move |grant| grant.view(now_s) == GrantView::Active)
    }

    /// Some grants of a person for an agent that are over at `now_s`, the newest
    /// first: a few, however many there are.
    pub fn ended_grants(
        &self,
        person: &str,
        agent: &AgentId,
        now_s: u64,
    ) -> impl Iterator<Item = &Arc<Grant>> {
        let ids = self.live_grants.over(person, agent, now_s);
        ids.filter_map(|id| self.grants.get(&id))
            .filter(move |grant| grant.view(now_s) != GrantView::Active)
    }

    /// The grants of one person, or of all, that are active at `now_s`, in no
    /// order.
    pub fn all_active_grants(
        &self,
        person: Option<&str>,
        now_s: u64,
    ) -> impl Iterator<Item = &Arc<Grant>> {
        let ids = self.live_grants.each(person);
        ids.filter_map(|id| self.grants.get(&id))
            .filter(move |grant| grant.view(now_s) == GrantView::Active)
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

    /// The agents registered for any workload of an issuer.
    pub fn agents_of_issuer(&self, issuer: &IssuerId) -> impl Iterator<Item = &Arc<Agent>> {
        let first = (issuer.clone(), String::new());
        let its = self.workloads.range(first..);
        its.take_while(move |((of, _), _)| of == issuer)
            .flat_map(|(_, ids)| ids)
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

    /// An upstream secret as it is recorded, whether or not a file hides it.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&Arc<UpstreamSecret>> {
        self.secrets.get(name)
    }

    /// An upstream secret whose terms hold: a file has none.
    #[must_use]
    pub fn bound_secret(&self, name: &str) -> Option<&Arc<UpstreamSecret>> {
        self.secret(name)
            .filter(|_| !self.file_secrets.contains(name))
    }

    /// Whether there is an upstream secret of that name.
    #[must_use]
    pub fn has_secret(&self, name: &str) -> bool {
        self.secrets.contains_key(name) || self.file_secrets.contains(name)
    }

    /// All upstream secrets that are recorded, by name.
    pub fn secrets(&self) -> impl Iterator<Item = &Arc<UpstreamSecret>> {
        self.secrets.values()
    }

    /// Which targets name which upstream secret.
    #[must_use]
    pub fn secret_users(&self) -> BTreeMap<&str, BTreeSet<&TargetId>> {
        let mut out: BTreeMap<&str, BTreeSet<&TargetId>> = BTreeMap::new();
        for target in self.targets() {
            let downstream = target.spec.connector.downstream();
            for named in downstream.map(|it| it.named_secrets()).unwrap_or_default() {
                out.entry(named.name).or_default().insert(&target.id);
            }
        }
        out
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
}

/// Where an agent is found by its workload's `sub`.
fn workload_place(workload: Option<&Workload>) -> Option<(IssuerId, String)> {
    let workload = workload?;
    Some((workload.issuer.clone(), workload.sub().to_owned()))
}

/// What a target is found by, beside its id.
fn names(target: &Target) -> impl Iterator<Item = &String> {
    std::iter::once(&target.spec.audience).chain(&target.spec.resources)
}

#[cfg(test)]
mod tests;
