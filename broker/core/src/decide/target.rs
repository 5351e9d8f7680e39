//! Exactly one target, inside the agent's ceiling, to which the subject token
//! leads (contract §6).

use super::aim::{Aim, At};
use super::case::{Case, GrantType};
use super::facts::{DelegateTo, Facts, TargetRequest};
use super::work::Work;
use crate::proof::Origin;
use crate::refusal::{Code, Refusal, quoted};
use crate::registry::Target;
use crate::scope::Scope;
use serde_json::json;

pub(super) fn check(case: &Case, facts: &Facts, work: &mut Work) -> Result<(), Refusal> {
    let (target, resource) = match &facts.named {
        TargetRequest::One(target, resource) => (target, resource),
        TargetRequest::Ourselves
            if case.ask.grant_type == GrantType::ClientCredentials && case.is_alone() =>
        {
            return actor_token(facts);
        }
        TargetRequest::Nothing => return Err(unknown(case, "no target")),
        TargetRequest::Ourselves | TargetRequest::Unknown(_) => return Err(unknown(case, ANOTHER)),
        TargetRequest::Several => {
            return Err(Refusal::new(
                Code::TargetSeveral,
                "expected one target, found several; make one exchange for each target",
            ));
        }
    };
    let Some(ceiling) = case.actor.agent().ceiling_at(&target.id) else {
        return Err(unknown(case, ANOTHER));
    };
    if !leads_to(case, target) {
        let next = match case.subject.origin() {
            Origin::AccessToken => {
                "get a subject token with a scope that `scope_map` of its issuer maps to the target"
            }
            Origin::IdToken
            | Origin::Workload
            | Origin::Own(_)
            | Origin::Grant(_)
            | Origin::Itself => "ask for a target that it names",
        };
        return Err(Refusal::new(
            Code::TargetRefused,
            format!(
                "expected a target that the subject token leads to, found {}; {next}",
                quoted(target.id.as_str())
            ),
        ));
    }
    work.aim = Aim::At(At {
        target: target.clone(),
        resource: resource.clone(),
        ceiling: ceiling.clone(),
    });
    Ok(())
}

/// An actor token and nothing else (contract §6, `client_credentials`).
fn actor_token(facts: &Facts) -> Result<(), Refusal> {
    match facts.delegate {
        DelegateTo::NotAsked => Ok(()),
        DelegateTo::Agent(_) | DelegateTo::Nowhere => Err(Refusal::new(
            Code::Request,
            "expected no delegate_to for an actor token, found one; leave it out or name a target",
        )),
    }
}

/// A grant leads where it lists something, a token where its authority does;
/// an ID token limits nothing. What either says of scopes that are gone leads
/// nowhere (contract §12).
fn leads_to(case: &Case, target: &Target) -> bool {
    let lists = |scope: &Scope| {
        let mut names = scope.iter();
        names.any(|name| target.spec.scopes.contains_key(name))
    };
    let token = case.subject.authority();
    let granted = match case.subject.origin() {
        Origin::Grant(grant) => grant.at(&target.id).is_some_and(|at| lists(&at.scopes)),
        Origin::IdToken
        | Origin::AccessToken
        | Origin::Workload
        | Origin::Own(_)
        | Origin::Itself => true,
    };
    granted && token.is_none_or(|authority| lists(&authority.at(&target.id)))
}

/// What is said of a target that is unknown and of one outside the ceiling.
/// The name is not repeated: as sent it may be an id, an audience or a
/// resource, and any difference would tell which exist.
const ANOTHER: &str = "another";

/// One answer for a target that is unknown and for one outside the ceiling:
/// the agent's own targets.
fn unknown(case: &Case, found: &str) -> Refusal {
    let own: Vec<&str> = case
        .actor
        .agent()
        .spec
        .ceiling
        .iter()
        .map(|entry| entry.target.as_str())
        .collect();
    let list = if own.is_empty() {
        "none".to_owned()
    } else {
        own.iter()
            .take(8)
            .map(|id| quoted(id))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let text = format!(
        "expected one of the agent's own targets ({list}), found {found}; name one by audience or resource"
    );
    Refusal::new(Code::TargetUnknown, text).passing(json!({ "audience": own }))
}
