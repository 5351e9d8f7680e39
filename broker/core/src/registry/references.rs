//! What an object names of other objects, and whether that is there. A name may
//! come to lead nowhere, since catalogues shrink and agents retire: it is inert
//! then, and stays in the object until somebody takes it out (contract §12).

use super::agent::{AgentSpec, Status};
use super::bounds::RESERVED_IDS;
use super::client::ClientKind;
use super::grant::GrantSpec;
use super::issuer::{IssuerRole, IssuerSpec};
use super::problem::FieldProblem;
use super::registry_set::Registry;
use super::target::{TargetSpec, parse_pair};
use crate::details::gone;
use crate::ids::{AgentId, ClientId, IssuerId, TargetId};
use crate::refusal::quoted;
use crate::scope::{Scope, ScopeName};
use serde_json::Value;

/// One thing that an object names.
#[derive(Debug, Clone)]
pub struct Reference<'a> {
    /// A JSON pointer into the object (RFC 6901).
    pointer: String,
    place: ReferencePlace<'a>,
    named: ReferredTo<'a>,
}

/// The member that names it, and its key where there is one. Places in a list do
/// not count: an entry that moves names nothing new.
type ReferencePlace<'a> = (&'static str, &'a str);

/// What is named.
#[derive(Debug, Clone, PartialEq)]
enum ReferredTo<'a> {
    Presenter(&'a ClientId),
    ResourceServer(&'a ClientId),
    Agent(&'a AgentId),
    /// One for which an agent may act; `locum` means other agents.
    SubjectIssuer(&'a IssuerId),
    WorkloadIssuer(&'a IssuerId),
    Target(&'a TargetId),
    /// A scope of a target that is named beside it.
    Scope(&'a TargetId, &'a ScopeName),
    /// `target:scope`.
    Pair(TargetId, ScopeName),
    /// An object of `authorization_details` at a target that is named beside it.
    Details(&'a TargetId, &'a Value),
    /// An upstream secret, as written.
    Secret(&'a str),
}

impl<'a> Reference<'a> {
    fn new(pointer: impl Into<String>, place: ReferencePlace<'a>, named: ReferredTo<'a>) -> Self {
        let pointer = pointer.into();
        Self {
            pointer,
            place,
            named,
        }
    }

    /// Whether both name the same in the same member.
    #[must_use]
    pub fn is(&self, other: &Reference<'_>) -> bool {
        self.place == other.place && self.named == other.named
    }

    /// What is wrong with it, if what it names is not there.
    #[must_use]
    pub fn flaw(&self, registry: &Registry) -> Option<FieldProblem> {
        let (below, detail) = self.named.flaw(registry)?;
        let pointer = format!("{}{below}", self.pointer);
        Some(FieldProblem { pointer, detail })
    }

    /// What is wrong with it by now: what it names is not there, or is over for
    /// ever.
    #[must_use]
    pub fn stale(&self, registry: &Registry) -> Option<FieldProblem> {
        if let ReferredTo::Agent(id) = self.named
            && let Some(agent) = registry.agent(id.as_str())
            && agent.status == Status::Retired
        {
            let pointer = self.pointer.clone();
            let detail = expected("an agent that is not retired", id.as_str());
            return Some(FieldProblem { pointer, detail });
        }
        self.flaw(registry)
    }
}

impl ReferredTo<'_> {
    /// Where below the reference, and what was expected there; `None` if it is
    /// there.
    fn flaw(&self, registry: &Registry) -> Option<(String, String)> {
        let client = |id: &ClientId, kind: ClientKind| {
            let client = registry.client(id.as_str());
            client.is_some_and(|client| client.spec.kind == kind)
        };
        let (there, what, found) = match self {
            Self::Presenter(id) => {
                let there = client(id, ClientKind::Presenter);
                (there, "a client of kind `presenter`", id.as_str())
            }
            Self::ResourceServer(id) => {
                let there = client(id, ClientKind::ResourceServer);
                (there, "a client of kind `resource_server`", id.as_str())
            }
            Self::Agent(id) => {
                let there = registry.agent(id.as_str()).is_some();
                (there, "an agent that is known", id.as_str())
            }
            Self::SubjectIssuer(id) => {
                let ours = RESERVED_IDS.contains(&id.as_str());
                let there = ours || registry.issuer(id.as_str()).is_some();
                (there, "an issuer that is known, or `locum`", id.as_str())
            }
            Self::WorkloadIssuer(id) => {
                let issuer = registry.issuer(id.as_str());
                let there = issuer.is_some_and(|i| i.spec.role == IssuerRole::Workload);
                (there, "an issuer with role `workload`", id.as_str())
            }
            Self::Target(id) => {
                let there = registry.target(id.as_str()).is_some();
                (there, "a target that is known", id.as_str())
            }
            Self::Scope(target, scope) => {
                let target = registry.target(target.as_str())?;
                let there = target.spec.scopes.contains_key(*scope);
                (there, "scopes of the target's catalogue", scope.as_str())
            }
            Self::Pair(target, scope) => return pair(registry, target, scope),
            Self::Details(target, object) => return details(registry, target, object),
            // What stands there may be a secret itself: it is not repeated.
            Self::Secret(name) => return (!registry.has_secret(name)).then(no_secret),
        };
        (!there).then(|| (String::new(), expected(what, found)))
    }
}

fn no_secret() -> (String, String) {
    let detail = "expected the name of an upstream secret that is known, by `PUT /admin/v1/secrets/{name}` or as a file below `downstream.secrets_dir`, found another";
    (String::new(), detail.to_owned())
}

fn pair(registry: &Registry, target: &TargetId, scope: &ScopeName) -> Option<(String, String)> {
    let known = registry.target(target.as_str());
    let there = known.is_some_and(|known| known.spec.scopes.contains_key(scope));
    let found = format!("{target}:{scope}");
    let flaw = || expected("scopes of targets that are known", &found);
    (!there).then(|| (String::new(), flaw()))
}

fn details(registry: &Registry, target: &TargetId, object: &Value) -> Option<(String, String)> {
    let target = registry.target(target.as_str())?;
    let object = std::slice::from_ref(object);
    let (_, flaw) = gone(object, &target.spec.details).into_iter().next()?;
    let detail = format!("expected {}, found {}", flaw.expected, flaw.found);
    Some((flaw.pointer, detail))
}

fn expected(what: &str, found: &str) -> String {
    format!("expected {what}, found {}", quoted(found))
}

/// One step of a JSON pointer (RFC 6901 §3).
pub(super) fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl AgentSpec {
    /// What it names of other objects.
    #[must_use]
    pub fn references(&self) -> Vec<Reference<'_>> {
        let mut out = Vec::new();
        for (at, id) in self.presenters.iter().enumerate() {
            let pointer = format!("/presenters/{at}");
            out.push(Reference::new(
                pointer,
                ("presenters", ""),
                ReferredTo::Presenter(id),
            ));
        }
        for (at, id) in self.subject_issuers.iter().enumerate() {
            let (pointer, place) = (format!("/subject_issuers/{at}"), ("subject_issuers", ""));
            out.push(Reference::new(
                pointer,
                place,
                ReferredTo::SubjectIssuer(id),
            ));
        }
        if let Some(workload) = &self.workload {
            let named = ReferredTo::WorkloadIssuer(&workload.issuer);
            out.push(Reference::new("/workload/issuer", ("workload", ""), named));
        }
        for (at, entry) in self.ceiling.iter().enumerate() {
            let lists = (&entry.scopes, &*entry.authorization_details);
            let at = (format!("/ceiling/{at}"), ("ceiling", ""));
            at_target(&mut out, at, &entry.target, lists);
        }
        out
    }
}

impl GrantSpec {
    /// What it names of targets. Its person and agent were there when it was made,
    /// and it ends with them.
    #[must_use]
    pub fn references(&self) -> Vec<Reference<'_>> {
        let mut out = Vec::new();
        for (at, entry) in self.targets.iter().enumerate() {
            let lists = (&entry.scopes, &*entry.authorization_details);
            let at = (format!("/targets/{at}"), ("targets", ""));
            at_target(&mut out, at, &entry.target, lists);
        }
        out
    }
}

/// A target with its scopes and `authorization_details`.
fn at_target<'a>(
    out: &mut Vec<Reference<'a>>,
    (pointer, place): (String, ReferencePlace<'a>),
    target: &'a TargetId,
    (scopes, details): (&'a Scope, &'a [Value]),
) {
    let named = ReferredTo::Target(target);
    out.push(Reference::new(format!("{pointer}/target"), place, named));
    for scope in scopes.iter() {
        let named = ReferredTo::Scope(target, scope);
        out.push(Reference::new(format!("{pointer}/scopes"), place, named));
    }
    for (at, object) in details.iter().enumerate() {
        let pointer = format!("{pointer}/authorization_details/{at}");
        let named = ReferredTo::Details(target, object);
        out.push(Reference::new(pointer, place, named));
    }
}

impl TargetSpec {
    /// What it names of other objects; `own` is its id, whose scopes are its own.
    #[must_use]
    pub fn references(&self, own: &TargetId) -> Vec<Reference<'_>> {
        let mut out = Vec::new();
        if let Some(id) = &self.resource_server {
            let place = ("resource_server", "");
            let named = ReferredTo::ResourceServer(id);
            out.push(Reference::new("/resource_server", place, named));
        }
        if let Some(id) = &self.acts_as {
            let named = ReferredTo::Agent(id);
            out.push(Reference::new("/acts_as", ("acts_as", ""), named));
        }
        for (scope, pairs) in &self.derives {
            let (key, pointer) = (scope.as_str(), format!("/derives/{}", step(scope.as_str())));
            let others = pairs.iter().filter_map(|pair| parse_pair(pair));
            for (target, name) in others.filter(|(target, _)| target != own) {
                let named = ReferredTo::Pair(target, name);
                out.push(Reference::new(pointer.clone(), ("derives", key), named));
            }
        }
        let downstream = self.connector.downstream();
        for one in downstream.map(|it| it.named_secrets()).unwrap_or_default() {
            let named = ReferredTo::Secret(one.name);
            out.push(Reference::new(one.pointer, one.place, named));
        }
        out
    }
}

impl IssuerSpec {
    /// What it names of other objects.
    #[must_use]
    pub fn references(&self) -> Vec<Reference<'_>> {
        let mut out = Vec::new();
        for (audience, agents) in &self.audience_agents {
            let pointer = format!("/audience_agents/{}", step(audience));
            for id in agents {
                let place = ("audience_agents", audience.as_str());
                out.push(Reference::new(
                    pointer.clone(),
                    place,
                    ReferredTo::Agent(id),
                ));
            }
        }
        for (theirs, pairs) in self.scope_map.iter().flatten() {
            let pointer = format!("/scope_map/{}", step(theirs));
            for (target, scope) in pairs.iter().filter_map(|pair| parse_pair(pair)) {
                let place = ("scope_map", theirs.as_str());
                let named = ReferredTo::Pair(target, scope);
                out.push(Reference::new(pointer.clone(), place, named));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
