//! Look-ups in the state that several steps need.

use crate::broker::Broker;
use crate::oauth::form::Form;
use locum_core::decide::{GrantType, TargetRequest};
use locum_core::ids::AgentId;
use locum_core::lineage::LineageKind;
use locum_core::proof::{Origin, SubjectProof};
use locum_core::registry::{Grant, GrantView, Target, is_resource};
use locum_core::standing::World;
use locum_stores::state::State;
use std::sync::Arc;

/// The one target that all `audience` and `resource` values mean, compared
/// whole: an audience is a target's audience or id, a resource one of its
/// resources or its audience (contract §6).
pub(crate) fn target(
    broker: &Broker,
    state: &State,
    form: &Form,
    grant_type: GrantType,
) -> TargetRequest {
    let resources: Vec<&str> = form.all("resource").collect();
    let audiences: Vec<&str> = form.all("audience").collect();
    if resources.len() > 1 {
        return TargetRequest::Several;
    }
    let is_ours =
        |name: &&str| **name == *broker.issuer && grant_type == GrantType::ClientCredentials;
    let ours = audiences.iter().filter(|name| is_ours(name)).count();
    if ours > 0 {
        let alone = ours == audiences.len() && resources.is_empty();
        return if alone {
            TargetRequest::Ourselves
        } else {
            TargetRequest::Several
        };
    }
    let resource = resources.first().copied();
    if let Some(resource) = resource.filter(|resource| !is_resource(resource)) {
        return TargetRequest::Unknown(resource.to_owned());
    }
    let by_audience = audiences
        .iter()
        .map(|name| (*name, state.registry.target_for_audience(name)));
    let by_resource = resource.map(|name| (name, state.registry.target_for_resource(name)));
    let mut found: Option<&Arc<Target>> = None;
    for (name, target) in by_audience.chain(by_resource) {
        match (target, found) {
            (None, _) => return TargetRequest::Unknown(name.to_owned()),
            (Some(target), Some(other)) if target.id != other.id => return TargetRequest::Several,
            (Some(target), _) => found = Some(target),
        }
    }
    found.map_or(TargetRequest::Nothing, |target| {
        TargetRequest::One(target.clone(), resource.map(str::to_owned))
    })
}

/// Whether a grant is usable at this moment: active, and nothing it descends
/// from was revoked since it was made (contract §12).
pub(crate) fn grant_stands(
    broker: &Broker,
    state: &State,
    grant: &Grant,
    target: Option<&Target>,
) -> bool {
    let world = broker.records.world(state);
    let dead = world.is_dead(grant.lineage(world.keys))
        || target.is_some_and(|target| ends_at(&world, grant, target));
    grant.view(world.now_ms / 1000) == GrantView::Active && !dead
}

/// Whether the target was revoked since the grant was made: it ended there.
pub(crate) fn ends_at(world: &World<'_>, grant: &Grant, target: &Target) -> bool {
    let key = world.keys.key(LineageKind::Target, target.id.as_str());
    world.view.is_revoked(&key, grant.since_ms())
}

/// The grants of a person for an agent at a target that are usable at this
/// moment, in the order in which they are tried.
pub(crate) fn active_grants<'a>(
    world: &World<'a>,
    (person, agent): (&'a str, &'a AgentId),
    target: &'a Target,
) -> impl Iterator<Item = &'a Arc<Grant>> {
    let key = world.keys.key(LineageKind::Target, target.id.as_str());
    let ended = world.view.revoked_until(&key);
    let world = *world;
    let stands = move |grant: &&Arc<Grant>| {
        ended.is_none_or(|until| grant.since_ms() > until)
            && !world.is_dead(grant.lineage(world.keys))
    };
    let now_s = world.now_ms / 1000;
    let active = world
        .registry
        .active_grants(person, agent, Some(&target.id), now_s);
    active.filter(stands)
}

/// How deep the grant at the root lets a chain grow.
pub(crate) fn granted_depth(broker: &Broker, subject: &SubjectProof) -> Option<u32> {
    let root = match subject.origin() {
        Origin::Own(parent) => parent.token.del.grant?,
        Origin::Grant(grant) => grant.id,
        Origin::IdToken | Origin::AccessToken | Origin::Workload | Origin::Itself => return None,
    };
    broker
        .records
        .state
        .read()
        .registry
        .grant(root)?
        .spec
        .max_depth
}
