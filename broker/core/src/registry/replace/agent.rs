//! How an agent's registration is replaced.

use super::{DeclaredKeys, Worlds, keys, since};
use crate::details::OBJECT_LIMIT;
use crate::ids::{AgentId, IssuerId};
use crate::registry::agent::{Agent, AgentSpec, Status, Workload};
use crate::registry::past::{FORMER_BYTES_MAX, FORMER_MAX};
use crate::registry::problem::{FieldProblem, Problems};
use crate::registry::registry_set::Registry;
use serde_json::json;
use std::sync::Arc;

/// Most bytes of one agent with its certified version and its drafts. It must
/// fit into a record in every later state, or it could not be stopped any more.
const AGENT_MAX: usize = 49_152;

impl Agent {
    /// The agent with another registration, or a new one, a draft.
    ///
    /// # Errors
    /// What rules it out, whatever the registration says.
    pub fn replaced(
        current: Option<&Self>,
        spec: AgentSpec,
        now_ms: u64,
    ) -> Result<Self, FieldProblem> {
        let Some(current) = current else {
            return Ok(Self::new(spec, now_ms));
        };
        if current.status == Status::Retired {
            return Err(FieldProblem {
                pointer: String::new(),
                detail: "expected an agent that is not retired, found a retired one".into(),
            });
        }
        let mut agent = current.clone();
        agent.declare(spec);
        Ok(agent)
    }
}

/// Why an agent cannot be put: it has become larger, and is too large now.
#[must_use]
pub fn too_large(before: Option<&Agent>, agent: &Agent) -> Option<String> {
    let size = |agent: &Agent| json!(agent).to_string().len();
    let found = size(agent);
    let grown = found > AGENT_MAX && before.is_none_or(|before| size(before) < found);
    grown.then(|| {
        format!(
            "expected an agent of at most {AGENT_MAX} bytes with its drafts, found {found}; certify a version, which ends the drafts older than it"
        )
    })
}

/// What is wrong with a registration, by itself and among what is known.
pub fn flaws(worlds: Worlds<'_>, spec: &AgentSpec, keys: &impl DeclaredKeys) -> Vec<FieldProblem> {
    let known = worlds.before.agent(spec.id.as_str());
    let known = known.map(|agent| &*agent.spec);
    since(worlds, (spec, known), |worlds| {
        all(worlds, (spec, known), keys)
    })
}

fn all(
    worlds: Worlds<'_>,
    (spec, known): (&AgentSpec, Option<&AgentSpec>),
    declared: &impl DeclaredKeys,
) -> Vec<FieldProblem> {
    let mut out = Problems(spec.problems());
    keys(&spec.auth, declared, &mut out);
    let before = known.map(AgentSpec::references).unwrap_or_default();
    worlds.references(&spec.references(), &before, &mut out);
    for (place, entry) in spec.ceiling.iter().enumerate() {
        let count = entry.authorization_details.len();
        let at = format!("/ceiling/{place}/authorization_details");
        out.require(count <= OBJECT_LIMIT, &at, "expected at most 32 objects");
    }
    if let Some(workload) = &spec.workload {
        let overlaps = overlapping(worlds.after, spec, &workload.issuer, workload);
        let detail = "expected claims that no token of another agent's workload can carry too";
        out.require(!overlaps, "/workload/claims", detail);
    }
    out.0
}

/// Whether one token could be of this workload and of another agent's
/// (contract §5).
fn overlapping(
    registry: &Registry,
    spec: &AgentSpec,
    issuer: &IssuerId,
    workload: &Workload,
) -> bool {
    let others = registry.agents_of_workload(issuer, workload.sub());
    others
        .filter(|other| *other.id() != spec.id)
        .filter_map(|other| living(other))
        .any(|other| workload.overlaps(other))
}

/// Why an agent cannot be known by its workload identity from now on: that is
/// or was another's, or too many that were its own are not released. `None`
/// where it is known by that already.
#[must_use]
pub fn not_its_own(registry: &Registry, spec: &AgentSpec) -> Option<String> {
    let id = spec.id.as_str();
    let before = registry.agent(id).and_then(|agent| living(agent));
    if before == spec.workload.as_ref() {
        return None;
    }
    let another = spec.workload.as_ref().and_then(|new| {
        let issuer = &new.issuer;
        let mut former = registry.former_workloads_with(issuer, new.sub());
        let found = former.find(|(agent, was)| **agent != spec.id && new.overlaps(was));
        found.map(|(agent, _)| agent)
    });
    if let Some(agent) = another {
        return Some(anothers(agent));
    }
    let former = registry.former_workloads(id);
    let bytes = |workload: &Workload| json!(workload).to_string().len();
    let more = bytes(before?);
    let all = former.iter().map(bytes).sum::<usize>();
    let full = former.len() >= FORMER_MAX || (all > 0 && all + more > FORMER_BYTES_MAX);
    full.then(|| {
        format!(
            "expected an agent with fewer than {FORMER_MAX} former workload identities and less than {FORMER_BYTES_MAX} bytes of them, found no room for another; release them: POST /agents/{id}/workload/release"
        )
    })
}

/// Why an agent cannot be known by a workload identity that another one gives
/// up in the same step: `whole` is what will be known after it.
#[must_use]
pub fn given_up_for(registry: &Registry, whole: &Registry, spec: &AgentSpec) -> Option<String> {
    let new = spec.workload.as_ref()?;
    let before = registry.agent(spec.id.as_str());
    if before.and_then(|agent| living(agent)) == Some(new) {
        return None;
    }
    let has = |agent: &Arc<Agent>| living(agent).is_some_and(|its| new.overlaps(its));
    let mut others = registry.agents_of_workload(&new.issuer, new.sub());
    let other = others.find(|other| {
        let after = whole.agent(other.id().as_str());
        *other.id() != spec.id && has(other) && !after.is_some_and(has)
    });
    other.map(|other| anothers(other.id()))
}

/// The identity by which an agent is known, unless it is retired.
fn living(agent: &Agent) -> Option<&Workload> {
    let living = agent.status != Status::Retired;
    agent.spec.workload.as_ref().filter(|_| living)
}

fn anothers(agent: &AgentId) -> String {
    format!(
        "expected a workload identity that never was another agent's, found one that was that of `{agent}`; release it there: POST /agents/{agent}/workload/release"
    )
}

#[cfg(test)]
mod tests;
