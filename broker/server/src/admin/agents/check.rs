//! What an agent's registration must fit.

use crate::admin::secrets;
use locum_core::details::Details;
use locum_core::ids::{AgentId, IssuerId};
use locum_core::refusal::quoted;
use locum_core::registry::{
    Agent, AgentSpec, CeilingEntry, ClientKind, FORMER_BYTES_MAX, FORMER_MAX, IssuerRole,
    Problem as Flaw, Problems, RESERVED_IDS, Registry, Status, Workload,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is wrong with a registration, by itself and among what is known.
pub(in crate::admin) fn flaws(registry: &Registry, spec: &AgentSpec) -> Vec<Flaw> {
    let mut out = Problems(spec.problems());
    secrets::check(&spec.auth, &mut out);
    for (place, presenter) in spec.presenters.iter().enumerate() {
        let known = registry
            .client(presenter.as_str())
            .is_some_and(|client| client.spec.kind == ClientKind::Presenter);
        let at = format!("/presenters/{place}");
        out.require(known, &at, "expected a client of kind `presenter`");
    }
    for (place, issuer) in spec.subject_issuers.iter().enumerate() {
        let known =
            RESERVED_IDS.contains(&issuer.as_str()) || registry.issuer(issuer.as_str()).is_some();
        let at = format!("/subject_issuers/{place}");
        out.require(known, &at, "expected an issuer that is known, or `locum`");
    }
    for (place, entry) in spec.ceiling.iter().enumerate() {
        ceiling(registry, entry, &format!("/ceiling/{place}"), &mut out);
    }
    if let Some(workload) = &spec.workload {
        self::workload(registry, spec, workload, &mut out);
    }
    out.0
}

fn ceiling(registry: &Registry, entry: &CeilingEntry, at: &str, out: &mut Problems) {
    let Some(target) = registry.target(entry.target.as_str()) else {
        out.add(format!("{at}/target"), "expected a target that is known");
        return;
    };
    let outside = entry.scopes.outside(&target.catalogue());
    if !outside.is_empty() {
        let found = quoted(&outside.to_string());
        let detail = format!("expected scopes of the target's catalogue, found {found}");
        out.add(format!("{at}/scopes"), detail);
    }
    let details = Value::Array(entry.authorization_details.clone());
    if let Err(flaw) = Details::parse(&details, &target.spec.details) {
        out.add(
            format!("{at}/authorization_details{}", flaw.pointer),
            format!("expected {}, found {}", flaw.expected, flaw.found),
        );
    }
}

fn workload(registry: &Registry, spec: &AgentSpec, workload: &Workload, out: &mut Problems) {
    let role = registry
        .issuer(workload.issuer.as_str())
        .map(|issuer| issuer.spec.role);
    out.require(
        role == Some(IssuerRole::Workload),
        "/workload/issuer",
        "expected an issuer with role `workload`",
    );
    let overlaps = overlapping(registry, spec, &workload.issuer, workload);
    out.require(
        !overlaps,
        "/workload/claims",
        "expected claims that no token of another agent's workload can carry too",
    );
}

/// Whether one token could be of this workload and of another agent's.
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
pub(in crate::admin) fn not_its_own(registry: &Registry, spec: &AgentSpec) -> Option<String> {
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
pub(in crate::admin) fn given_up_for(
    registry: &Registry,
    whole: &Registry,
    spec: &AgentSpec,
) -> Option<String> {
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
