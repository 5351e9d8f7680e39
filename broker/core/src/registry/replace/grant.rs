//! Whether a grant makes sense in the world it is made in. It may go beyond the
//! agent's ceiling: what a resource server derives from its token stands in the
//! root grant and in the ceiling of another (contract §8).

use crate::details::Details;
use crate::party::ExternalId;
use crate::registry::agent::Status;
use crate::registry::grant::{GrantSpec, GrantTarget};
use crate::registry::issuer::IssuerRole;
use crate::registry::problem::{FieldProblem, Problems};
use crate::registry::registry_set::Registry;

/// Longest group, in bytes.
const GROUP_MAX: usize = 320;

/// What is wrong with a grant; `expires` is what is wrong with its end, which is
/// read where times are.
#[must_use]
pub fn flaws(
    spec: &GrantSpec,
    registry: &Registry,
    expires: Vec<FieldProblem>,
) -> Vec<FieldProblem> {
    let mut out = Problems(spec.problems());
    out.0.extend(expires);
    person(spec, registry, &mut out);
    groups(spec, &mut out);
    let agent = registry.agent(spec.agent.as_str());
    let in_use = agent.is_some_and(|agent| agent.status != Status::Retired);
    out.require(
        in_use,
        "/agent",
        "expected an agent that exists and is not retired",
    );
    for (place, entry) in spec.targets.iter().enumerate() {
        target(&format!("/targets/{place}"), entry, registry, &mut out);
    }
    out.0
}

fn person(spec: &GrantSpec, registry: &Registry, out: &mut Problems) {
    let Some(person) = ExternalId::parse(&spec.person) else {
        return;
    };
    let issuer = registry.issuer(person.issuer.as_str());
    let knows_people = issuer.is_some_and(|issuer| issuer.spec.role == IssuerRole::Subject);
    out.require(
        knows_people,
        "/person",
        "expected a person of an issuer with role `subject`",
    );
    let plain = !person.sub.chars().any(char::is_control);
    out.require(
        plain,
        "/person",
        "expected a name without control characters",
    );
}

fn groups(spec: &GrantSpec, out: &mut Problems) {
    let groups = spec.groups.iter().flatten();
    out.list("/groups", groups.clone().count());
    let issuer = ExternalId::parse(&spec.person).map(|person| person.issuer);
    for (place, group) in groups.enumerate() {
        let fits = group.len() <= GROUP_MAX
            && !group.chars().any(char::is_control)
            && ExternalId::parse(group).is_some_and(|group| Some(group.issuer) == issuer);
        let expected = "expected `<issuer id>:<name>` of the person's issuer";
        out.require(fits, &format!("/groups/{place}"), expected);
    }
}

fn target(at: &str, entry: &GrantTarget, registry: &Registry, out: &mut Problems) {
    let Some(target) = registry.target(entry.target.as_str()) else {
        out.add(format!("{at}/target"), "expected a target that exists");
        return;
    };
    let known = entry.scopes.is_within(&target.catalogue());
    out.require(
        known,
        &format!("{at}/scopes"),
        "expected scopes of the target",
    );
    let details = entry.authorization_details.to_json();
    if let Err(flaw) = Details::parse(&details, &target.spec.details) {
        let place = format!("{at}/authorization_details{}", flaw.pointer);
        out.add(place, format!("expected {}", flaw.expected));
    }
}

#[cfg(test)]
mod tests;
