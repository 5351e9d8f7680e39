//! The acting agent's life cycle: active and certified at this moment.

use super::case::Case;
use super::facts::Facts;
use crate::refusal::{Code, Refusal, quoted};
use crate::registry::{Agent, Status};

pub(super) fn check(case: &Case, facts: &Facts) -> Result<(), Refusal> {
    in_force(case.actor.agent(), facts.now_s())
}

/// Whether an agent may act at `now_s`.
///
/// # Errors
/// `LCM-AGENT-UNCERTIFIED`, `LCM-AGENT-STATE`.
pub fn in_force(agent: &Agent, now_s: u64) -> Result<(), Refusal> {
    let name = quoted(agent.spec.id.as_str());
    match &agent.status {
        Status::Active(certification) if certification.until > now_s => Ok(()),
        Status::Active(_) => Err(Refusal::new(
            Code::AgentUncertified,
            format!(
                "expected a certified agent, found {name} whose certification ended; ask its owner to certify a version"
            ),
        )),
        Status::Draft => Err(Refusal::new(
            Code::AgentUncertified,
            format!(
                "expected a certified agent, found {name} in draft; ask its owner to certify a version"
            ),
        )),
        Status::Suspended { .. } => Err(Refusal::new(
            Code::AgentState,
            format!("expected an active agent, found {name} suspended; ask its owner to resume it"),
        )),
        Status::Retired => Err(Refusal::new(
            Code::AgentState,
            format!(
                "expected an active agent, found {name} retired; register a new agent under another id"
            ),
        )),
    }
}
