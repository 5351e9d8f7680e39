//! What objects name that is not there, or not any more (contract §12). It is
//! inert; whoever looks after the objects should know of it all the same.

use crate::records::Records;
use locum_core::registry::{FieldProblem, GrantView, Reference, Registry, Status};

/// Most references that are told one by one; the others are counted.
const TOLD_MAX: usize = 256;

/// Every reference that leads nowhere at this moment, of objects that are in use.
/// A pointer begins with `/<collection>/<id>`.
pub fn stale(registry: &Registry, now_s: u64) -> Vec<FieldProblem> {
    let mut out = Vec::new();
    let mut tell = |collection: &str, id: &str, named: &[Reference<'_>]| {
        let flaws = named.iter().filter_map(|one| one.stale(registry));
        out.extend(flaws.map(|flaw| FieldProblem {
            pointer: format!("/{collection}/{id}{}", flaw.pointer),
            detail: flaw.detail,
        }));
    };
    for issuer in registry.issuers() {
        tell("issuers", issuer.id.as_str(), &issuer.spec.references());
    }
    for target in registry.targets() {
        let named = target.spec.references(&target.id);
        tell("targets", target.id.as_str(), &named);
    }
    let in_use = |id: &str| {
        let agent = registry.agent(id);
        agent.is_some_and(|agent| agent.status != Status::Retired)
    };
    for agent in registry
        .agents()
        .filter(|agent| in_use(agent.id().as_str()))
    {
        tell("agents", agent.id().as_str(), &agent.spec.references());
    }
    for grant in registry.grants() {
        if grant.view(now_s) == GrantView::Active && in_use(grant.spec.agent.as_str()) {
            tell("grants", &grant.id.to_string(), &grant.spec.references());
        }
    }
    out
}

/// As lines for people: `<place>: <what is wrong>`.
pub fn lines(stale: &[FieldProblem]) -> Vec<String> {
    let line = |one: &FieldProblem| format!("{}: {}", one.pointer, one.detail);
    let mut out: Vec<_> = stale.iter().take(TOLD_MAX).map(line).collect();
    if let Some(more @ 1..) = stale.len().checked_sub(TOLD_MAX) {
        out.push(format!("and {more} more"));
    }
    out
}

/// Those of the running broker. The look is at a copy of what is known, so that
/// nobody waits for it.
pub fn now(records: &Records) -> Vec<FieldProblem> {
    let registry = records.state.read().registry.clone();
    stale(&registry, records.clock.now_s())
}

/// Warns of every reference that leads nowhere.
pub fn warn(records: &Records) {
    for line in lines(&now(records)) {
        tracing::warn!(
            reference = line,
            "what an object names is not there, and is passed over"
        );
    }
}

#[cfg(test)]
mod tests;
