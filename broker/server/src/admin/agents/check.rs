//! What an agent's registration must fit.

use crate::admin::secrets;
use locum_core::details::Details;
use locum_core::ids::IssuerId;
use locum_core::refusal::quoted;
use locum_core::registry::{
    AgentSpec, CeilingEntry, ClientKind, IssuerRole, Problem as Flaw, Problems, RESERVED_IDS,
    Registry, Status, Workload,
};
use serde_json::Value;

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
