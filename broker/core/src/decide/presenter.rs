//! Whose people and workloads the actor may act for, and to whom it may pass
//! the chain on. A token of ours serves only the one it was meant for: its
//! proof shows that, and here that it is this actor.

use super::case::Case;
use super::facts::{DelegateTo, Facts};
use crate::party::Subject;
use crate::proof::mismatch;
use crate::refusal::{Code, Refusal, quoted};
use crate::registry::RESERVED_IDS;

pub(super) fn check(case: &Case, facts: &Facts) -> Result<(), Refusal> {
    if !case
        .subject
        .parent()
        .is_none_or(|parent| parent.is_for(&case.actor))
    {
        return Err(mismatch());
    }
    if !delegate_is_found(case, facts) {
        return Err(delegate_nowhere());
    }
    let actor = &case.actor.agent().spec;
    let itself = case.subject.subject().agent() == Some(&actor.id);
    let by_issuer = case
        .subject
        .issuer()
        .is_some_and(|id| actor.subject_issuers.contains(id));
    let ours = matches!(case.subject.subject(), Subject::Agent(_))
        && actor
            .subject_issuers
            .iter()
            .any(|id| RESERVED_IDS.contains(&id.as_str()));
    if itself || by_issuer || ours {
        return Ok(());
    }
    Err(Refusal::new(
        Code::SubjectInvalid,
        format!(
            "expected a subject of an issuer that {} may act for, found another; ask its owner to list the issuer in subject_issuers",
            quoted(actor.id.as_str())
        ),
    ))
}

/// Whether what was asked for is there: another agent, active at this moment.
fn delegate_is_found(case: &Case, facts: &Facts) -> bool {
    match (&case.ask.delegate_to, &facts.delegate) {
        (None, DelegateTo::NotAsked) => true,
        (Some(asked), DelegateTo::Agent(agent)) => {
            *asked == agent.spec.id
                && *asked != *case.actor.agent_id()
                && agent.certified(facts.now_s()).is_some()
        }
        (None, DelegateTo::Agent(_) | DelegateTo::Nowhere)
        | (Some(_), DelegateTo::NotAsked | DelegateTo::Nowhere) => false,
    }
}

/// One text for `delegate_to` that names the actor itself, nobody, or an agent
/// that is not active (contract §8).
#[must_use]
pub fn delegate_nowhere() -> Refusal {
    Refusal::new(
        Code::Request,
        "expected delegate_to to name another active agent, found none of that name; name an active agent other than the actor",
    )
}
