//! What an agent's registration must fit.

use crate::admin::check::{Worlds, since};
use crate::admin::secrets;
use locum_core::details::OBJECT_LIMIT;
use locum_core::ids::IssuerId;
use locum_core::registry::{AgentSpec, Problem as Flaw, Problems, Registry, Status, Workload};
use serde_json::Value;

/// What is wrong with a registration, by itself and among what is known.
pub(in crate::admin) fn flaws(registry: &Registry, spec: &AgentSpec) -> Vec<Flaw> {
    among(Worlds::known(registry), spec)
}

/// What is wrong with a registration that is declared together with others.
pub(in crate::admin) fn among(worlds: Worlds<'_>, spec: &AgentSpec) -> Vec<Flaw> {
    let known = worlds.before.agent(spec.id.as_str());
    let known = known.map(|agent| &*agent.spec);
    since(worlds, (spec, known), |worlds| all(worlds, spec, known))
}

fn all(worlds: Worlds<'_>, spec: &AgentSpec, known: Option<&AgentSpec>) -> Vec<Flaw> {
    let mut out = Problems(spec.problems());
    secrets::check(&spec.auth, &mut out);
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
/// (contract §5): same `sub`, and no claim that both name with two values.
fn overlapping(
    registry: &Registry,
    spec: &AgentSpec,
    issuer: &IssuerId,
    workload: &Workload,
) -> bool {
    let sub = workload.claims.get("sub").and_then(Value::as_str);
    let others = registry.agents_of_workload(issuer, sub.unwrap_or_default());
    others
        .filter(|other| *other.id() != spec.id && other.status != Status::Retired)
        .filter_map(|other| other.spec.workload.as_ref())
        .any(|other| {
            let contradicts = |(name, value): (&String, &Value)| {
                other.claims.get(name).is_some_and(|theirs| theirs != value)
            };
            !workload.claims.iter().any(contradicts)
        })
}

#[cfg(test)]
mod tests;
