//! Locks: a switch on an agent, version, owner, person, client, issuer, target
//! or everything wins over all else (contract §12).

use super::case::Case;
use super::facts::{Facts, TargetRequest};
use crate::ids::AgentId;
use crate::lineage::LineageKind;
use crate::refusal::{Code, Refusal, quoted};
use crate::standing::{Lock, Standing};

pub(super) fn check(case: &Case, facts: &Facts) -> Result<(), Refusal> {
    for standing in [&facts.standings.actor, &facts.standings.subject] {
        match standing {
            Standing::Locked(lock) => return Err(locked(Code::Locked, lock)),
            Standing::AgentNotInForce(agent) if !is_left_to_agent_rung(case, facts, agent) => {
                return Err(Refusal::new(
                    Code::Locked,
                    format!(
                        "expected a chain of agents in force, found {} suspended or no longer certified; start again without it",
                        quoted(agent.as_str())
                    ),
                ));
            }
            Standing::AgentNotInForce(_) | Standing::Live | Standing::Revoked => {}
        }
    }
    match &facts.standings.target {
        Standing::Locked(lock) if in_ceiling(case, facts) => Err(locked(Code::TargetLocked, lock)),
        Standing::Locked(_) | Standing::Live | Standing::Revoked | Standing::AgentNotInForce(_) => {
            Ok(())
        }
    }
}

/// The actor's own state is told on its own rung, unless it is in force by
/// now and what descends from an ended version of it is not.
fn is_left_to_agent_rung(case: &Case, facts: &Facts, fallen: &AgentId) -> bool {
    let actor = case.actor.agent();
    *fallen == actor.spec.id && actor.certified(facts.now_s()).is_none()
}

/// Outside the ceiling a locked target is answered like an unknown one.
fn in_ceiling(case: &Case, facts: &Facts) -> bool {
    match &facts.named {
        TargetRequest::One(target, _) => case.actor.agent().ceiling_at(&target.id).is_some(),
        TargetRequest::Ourselves
        | TargetRequest::Nothing
        | TargetRequest::Unknown(_)
        | TargetRequest::Several => false,
    }
}

fn locked(code: Code, lock: &Lock) -> Refusal {
    let code = if lock.what.kind == LineageKind::Target {
        Code::TargetLocked
    } else {
        code
    };
    let which = match lock.what.kind {
        LineageKind::All => "everything".to_owned(),
        LineageKind::Person | LineageKind::Owner => format!("the {}", lock.what.kind.as_str()),
        LineageKind::Agent
        | LineageKind::AgentVersion
        | LineageKind::Client
        | LineageKind::Issuer
        | LineageKind::Target => {
            format!("{} {}", lock.what.kind.as_str(), quoted(&lock.what.id))
        }
        LineageKind::Token
        | LineageKind::Delegation
        | LineageKind::Grant
        | LineageKind::Session
        | LineageKind::Key => lock.what.kind.as_str().to_owned(),
    };
    Refusal::new(
        code,
        format!(
            "expected nothing locked, found {which} locked by `{}`; ask an operator to lift it",
            lock.id
        ),
    )
}
