//! What a token descends from, and who must be in force for it to stand.

use super::Case;
use super::permit::Permit;
use crate::ids::{AgentId, VersionId};
use crate::lineage::{Keyed, Kind, Lineage};
use crate::standing;

/// Everything the token descends from (architecture, "lineage").
pub(super) fn lineage(permit: &Permit, keys: &dyn Keyed) -> Lineage {
    let case = &permit.case;
    let mut out = Lineage::default();
    out.add(keys.key(Kind::Token, &case.jti.to_string()));
    out.inherit(case.subject.lineage());
    out.inherit(case.actor.lineage());
    for jti in &permit.del.up {
        out.add(keys.key(Kind::Token, &jti.to_string()));
    }
    if let Some(grant) = permit.del.grant {
        out.add(keys.key(Kind::Grant, &grant.to_string()));
    }
    for link in case.chain.links() {
        if let Some(agent) = &link.agent {
            out.add(keys.key(Kind::Agent, agent.as_str()));
        }
        if let Some(version) = link.version {
            out.add(keys.key(Kind::AgentVersion, &version.to_string()));
        }
    }
    out.add(keys.key(Kind::Agent, case.actor.agent_id().as_str()));
    if let Some(version) = case.actor.link().version {
        out.add(keys.key(Kind::AgentVersion, &version.to_string()));
    }
    out.add(keys.key(Kind::Client, case.actor.agent_id().as_str()));
    if let Some(presenter) = case.actor.presenter() {
        out.add(keys.key(Kind::Client, presenter.as_str()));
    }
    if let Some(target) = &permit.target {
        out.add(keys.key(Kind::Target, target.id.as_str()));
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
