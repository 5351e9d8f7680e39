//! Look-ups in the state that several steps need.

use crate::app::App;
use crate::oauth::form::Form;
use locum_core::decide::{GrantType, Named};
use locum_core::ids::{AgentId, IssuerId};
use locum_core::lineage::Kind;
use locum_core::party::Foreign;
use locum_core::proof::{Origin, SubjectProof};
use locum_core::registry::{Grant, GrantView, Target, is_resource};
use locum_core::standing::{Standing, World};
use locum_stores::state::State;
use std::sync::Arc;

/// The one target that all `audience` and `resource` values mean, compared
/// whole: an audience is a target's audience or id, a resource one of its
/// resources or its audience (contract §6).
pub(crate) fn target(app: &App, state: &State, form: &Form, grant_type: GrantType) -> Named {
    let resources: Vec<&str> = form.all("resource").collect();
    let audiences: Vec<&str> = form.all("audience").collect();
    if resources.len() > 1 {
        return Named::Several;
    }
    let is_ours = |name: &&str| **name == *app.issuer && grant_type == GrantType::ClientCredentials;
    let ours = audiences.iter().filter(|name| is_ours(name)).count();
    if ours > 0 {
        let alone = ours == audiences.len() && resources.is_empty();
        return if alone {
            Named::Ourselves
        } else {
            Named::Several
        };
    }
    let resource = resources.first().copied();
    if let Some(resource) = resource.filter(|resource| !is_resource(resource)) {
        return Named::Unknown(resource.to_owned());
    }
    let by_audience = audiences
        .iter()
        .map(|name| (*name, state.registry.target_for_audience(name)));
    let by_resource = resource.map(|name| (name, state.registry.target_for_resource(name)));
    let mut found: Option<&Arc<Target>> = None;
    for (name, target) in by_audience.chain(by_resource) {
        match (target, found) {
            (None, _) => return Named::Unknown(name.to_owned()),
            (Some(target), Some(other)) if target.id != other.id => return Named::Several,
            (Some(target), _) => found = Some(target),
        }
    }
    found.map_or(Named::Nothing, |target| {
        Named::One(target.clone(), resource.map(str::to_owned))
    })
}

/// Whether a grant is usable at this moment: active, and nothing it descends
/// from was revoked since it was made (contract §12).
pub(crate) fn grant_stands(
    app: &App,
    state: &State,
    grant: &Grant,
    target: Option<&Target>,
) -> bool {
    let id = grant.id.to_string();
    let agent = grant.spec.agent.as_str();
    let owner = state
        .registry
        .agent(agent)
        .map(|agent| agent.spec.owner.id.clone())
        .unwrap_or_default();
    let issuer = Foreign::parse(&grant.spec.person)
        .map(|person| person.issuer.to_string())
        .unwrap_or_default();
    let mut names = vec![
        (Kind::Grant, id.as_str()),
        (Kind::Person, grant.spec.person.as_str()),
        (Kind::Agent, agent),
        (Kind::Client, agent),
        (Kind::Owner, owner.as_str()),
        (Kind::Issuer, issuer.as_str()),
    ];
    names.extend(target.map(|target| (Kind::Target, target.id.as_str())));
    let world: World<'_> = app.world(state);
    let dead = world.of_names(&names, grant.created_at_ms) == Standing::Revoked;
    grant.view(world.now_ms / 1000) == GrantView::Active && !dead
}

/// The grants of a person for an agent at a target that are usable at this
/// moment, in the order in which they are tried. What all of them descend from
/// is looked at once.
pub(crate) fn active_grants<'a>(
    world: &World<'a>,
    (person, agent): (&'a str, &'a AgentId),
    target: &'a Target,
) -> impl Iterator<Item = &'a Arc<Grant>> {
    let registry = world.registry;
    let owner = registry.agent(agent.as_str());
    let owner = owner.map(|agent| agent.spec.owner.id.as_str());
    let issuer = Foreign::parse(person).map(|person| person.issuer);
    let names = [
        (Kind::All, Some("")),
        (Kind::Person, Some(person)),
        (Kind::Agent, Some(agent.as_str())),
        (Kind::Client, Some(agent.as_str())),
        (Kind::Owner, owner),
        (Kind::Issuer, issuer.as_ref().map(IssuerId::as_str)),
        (Kind::Target, Some(target.id.as_str())),
    ];
    let until = names.into_iter().filter_map(|(kind, id)| {
        let key = world.keys.key(kind, id?);
        world.view.revoked_until(&key)
    });
    // A grant that is revoked by its own id is not active any more.
    let dead_until = until.max();
    registry
        .active_grants(person, agent, Some(&target.id), world.now_ms / 1000)
        .filter(move |grant| dead_until.is_none_or(|until| grant.created_at_ms > until))
}

/// How deep the grant at the root lets a chain grow.
pub(crate) fn granted_depth(app: &App, subject: &SubjectProof) -> Option<u32> {
    let root = match subject.origin() {
        Origin::Own(parent) => parent.token.del.grant?,
        Origin::Grant(grant) => grant.id,
        Origin::IdToken | Origin::AccessToken | Origin::Workload | Origin::Itself => return None,
    };
    app.state.read().registry.grant(root)?.spec.max_depth
}
