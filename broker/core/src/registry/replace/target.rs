//! How a target's declaration is replaced.

use super::{Worlds, since};
use crate::ids::TargetId;
use crate::registry::bounds::RESERVED_IDS;
use crate::registry::problem::{FieldProblem, Problems};
use crate::registry::registry_set::Registry;
use crate::registry::target::{Target, TargetSpec, parse_pair};
use std::sync::Arc;

impl Target {
    /// The target with another declaration, or a new one.
    ///
    /// # Errors
    /// What it must keep: tokens are for its audience.
    pub fn replaced(
        current: Option<&Self>,
        id: TargetId,
        spec: TargetSpec,
        now_ms: u64,
    ) -> Result<Self, FieldProblem> {
        if current.is_some_and(|known| known.spec.audience != spec.audience) {
            return Err(FieldProblem {
                pointer: String::new(),
                detail: "expected the `audience` the target has, found another; take a new id"
                    .into(),
            });
        }
        Ok(Self {
            id,
            spec: spec.into(),
            created_at_ms: current.map_or(now_ms, |known| known.created_at_ms),
        })
    }
}

/// Whoever knows the profiles of connectors.
pub trait ConnectorCheck {
    /// What is wrong with the target's connector, and with what its profile asks of
    /// the target.
    fn flaws(&self, spec: &TargetSpec) -> Vec<FieldProblem>;
}

/// What is wrong with a declaration, by itself and among what is known; `ours`
/// is Locum's issuer.
pub fn flaws(
    worlds: Worlds<'_>,
    ours: &str,
    (id, spec): (&TargetId, &TargetSpec),
    connectors: &dyn ConnectorCheck,
) -> Vec<FieldProblem> {
    let known = worlds.before.target(id.as_str());
    let known = known.map(|target| &*target.spec);
    since(worlds, (spec, known), |worlds| {
        let mut out = Problems(spec.problems());
        out.0.extend(connectors.flaws(spec));
        names(worlds, ours, id, spec, &mut out);
        let before = known.map(|spec| spec.references(id)).unwrap_or_default();
        worlds.references(&spec.references(id), &before, &mut out);
        server(worlds, id, spec, &mut out);
        own_derivations(id, spec, &mut out);
        bound_secrets(worlds, spec, &mut out);
        out.0
    })
}

/// A client serves one target.
fn server(worlds: Worlds<'_>, id: &TargetId, spec: &TargetSpec, out: &mut Problems) {
    let Some(server) = &spec.resource_server else {
        return;
    };
    let served = |registry: &Registry| {
        let target = registry.target_of_server(server.as_str());
        target
            .filter(|target| target.id != *id)
            .map(|target| target.id.clone())
    };
    let serves_on = |other: &TargetId| {
        let other = worlds.after.target(other.as_str());
        other.is_some_and(|other| other.spec.resource_server.as_ref() == Some(server))
    };
    let elsewhere = served(worlds.after).or_else(|| served(worlds.before).filter(serves_on));
    out.require(
        elsewhere.is_none(),
        "/resource_server",
        "expected a client that serves no other target",
    );
}

/// What derives at the target itself is declared in the same object.
fn own_derivations(id: &TargetId, spec: &TargetSpec, out: &mut Problems) {
    for (scope, pairs) in &spec.derives {
        let own = pairs.iter().filter_map(|pair| parse_pair(pair));
        let mut own = own.filter(|(target, _)| target == id);
        let known = own.all(|(_, name)| spec.scopes.contains_key(&name));
        let at = format!("/derives/{scope}");
        out.require(known, &at, "expected scopes of targets that are known");
    }
}

/// A secret that is bound to origins is sent nowhere else (contract §15).
fn bound_secrets(worlds: Worlds<'_>, spec: &TargetSpec, out: &mut Problems) {
    let Some(downstream) = spec.connector.downstream() else {
        return;
    };
    let origin = downstream.origin();
    for named in downstream.named_secrets() {
        let secret = worlds.after.bound_secret(named.name);
        out.require(
            secret.is_none_or(|secret| secret.is_for(origin.as_deref())),
            &named.pointer,
            "expected a secret that may be sent to the origin of `base_url`, found one that is bound to others",
        );
    }
}

/// Names mean one target each (contract §6), and none means Locum itself.
fn names(worlds: Worlds<'_>, ours: &str, id: &TargetId, spec: &TargetSpec, out: &mut Problems) {
    let elsewhere = |name: &str| {
        let named = |registry: &Registry| {
            let target = registry
                .target_named(name)
                .or_else(|| registry.target(name));
            target.filter(|target| target.id != *id).cloned()
        };
        // Where two have it, the newer one hides the other.
        let goes_on = |other: &Arc<Target>| {
            let other = worlds.after.target(other.id.as_str());
            other.is_some_and(|other| has_name(other, name))
        };
        named(worlds.after).is_some() || named(worlds.before).is_some_and(|other| goes_on(&other))
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

fn has_name(target: &Target, name: &str) -> bool {
    let spec = &target.spec;
    target.id.as_str() == name
        || spec.audience == name
        || spec.resources.iter().any(|resource| resource == name)
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
