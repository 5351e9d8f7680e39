//! What a token descends from, and who must be in force for it to stand.

use super::case::Case;
use super::permit::Permit;
use crate::ids::{AgentId, VersionId};
use crate::lineage::{Keyed, Lineage, LineageKind};
use crate::standing;

/// Everything the token descends from (architecture, "What is remembered").
pub(super) fn lineage(permit: &Permit, keys: &dyn Keyed) -> Lineage {
    let case = &permit.case;
    let own_ms = case.jti.ms();
    let mut out = Lineage::default();
    out.add(keys.key(LineageKind::Token, &case.jti.to_string()), own_ms);
    out.inherit(case.subject.lineage());
    out.inherit(case.actor.lineage());
    if let Some(token) = case.actor.token() {
        out.inherit(token);
    }
    for jti in &permit.del.up {
        out.add(keys.key(LineageKind::Token, &jti.to_string()), jti.ms());
    }
    if let Some(grant) = &permit.grant {
        out.inherit(grant.lineage(keys));
    }
    if let Some(target) = &permit.target {
        out.add(keys.key(LineageKind::Target, target.id.as_str()), own_ms);
    }
    out
}

/// The agents of a case, each at the version it acted in.
pub(super) fn actors(case: &Case) -> Vec<(AgentId, Option<VersionId>)> {
    // For itself it acts in a version that stands in no link.
    let version = case
        .acts_for_itself()
        .then(|| case.actor.link().version)
        .flatten();
    standing::actors(case.chain.links(), case.chain.subject(), version)
}
