//! What a target's declaration must fit.

use locum_core::ids::TargetId;
use locum_core::registry::{
    ClientKind, Problem as Flaw, Problems, RESERVED_IDS, Registry, TargetSpec, parse_pair,
};

/// What is wrong with a declaration, by itself and among what is known; `ours`
/// is Locum's issuer.
pub(in crate::admin) fn flaws(
    registry: &Registry,
    ours: &str,
    id: &TargetId,
    spec: &TargetSpec,
) -> Vec<Flaw> {
    let mut out = Problems(spec.problems());
    names(registry, ours, id, spec, &mut out);
    if let Some(server) = &spec.resource_server {
        let known = registry
            .client(server.as_str())
            .is_some_and(|client| client.spec.kind == ClientKind::ResourceServer);
        let at = "/resource_server";
        out.require(known, at, "expected a client of kind `resource_server`");
        let served = registry.target_of_server(server.as_str());
        let other = served.is_some_and(|target| target.id != *id);
        out.require(!other, at, "expected a client that serves no other target");
    }
    if let Some(agent) = &spec.acts_as {
        let known = registry.agent(agent.as_str()).is_some();
        out.require(known, "/acts_as", "expected an agent that is known");
    }
    for (scope, pairs) in &spec.derives {
        let known = pairs
            .iter()
            .filter_map(|pair| parse_pair(pair))
            .all(|(target, name)| {
                if target == *id {
                    return spec.scopes.contains_key(&name);
                }
                registry
                    .target(target.as_str())
                    .is_some_and(|target| target.spec.scopes.contains_key(&name))
            });
        let at = format!("/derives/{scope}");
        out.require(known, &at, "expected scopes of targets that are known");
    }
    out.0
}

/// Names mean one target each (contract §6), and none means Locum itself.
fn names(registry: &Registry, ours: &str, id: &TargetId, spec: &TargetSpec, out: &mut Problems) {
    let elsewhere = |name: &str| {
        registry
            .target_named(name)
            .or_else(|| registry.target(name))
            .is_some_and(|target| target.id != *id)
    };
    let reserved = RESERVED_IDS.contains(&id.as_str());
    out.require(!reserved, "/id", "expected an id that is not reserved");
    out.require(
        !elsewhere(id.as_str()),
        "/id",
        "expected an id that is no name of another target",
    );
    let mut check = |at: &str, name: &str| {
        out.require(
            !is_locum(ours, name),
            at,
            "expected a name that is not Locum's own",
        );
        out.require(
            !elsewhere(name),
            at,
            "expected a name that no other target has",
        );
    };
    check("/audience", &spec.audience);
    for (place, resource) in spec.resources.iter().enumerate() {
        check(&format!("/resources/{place}"), resource);
    }
    for (place, resource) in spec.resources.iter().enumerate() {
        let twice = spec.resources.iter().take(place).any(|r| r == resource);
        out.require(
            !twice,
            &format!("/resources/{place}"),
            "expected each resource once",
        );
    }
}

/// Whether a name is our issuer, or of the namespace that is ours: its scheme
/// and namespace are compared without case (RFC 8141 §3.1).
fn is_locum(ours: &str, name: &str) -> bool {
    const OURS: &str = "urn:locum:";
    name == ours
        || name
            .get(..OURS.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(OURS))
}

#[cfg(test)]
mod tests;
