//! `may_act` (RFC 8693 §4.4): present and naming somebody else, it always
//! refuses. The party is (`iss`, `sub`).

use super::case::Case;
use super::facts::Facts;
use crate::refusal::{Code, Refusal, quoted};

pub(super) fn check(case: &Case, facts: &Facts) -> Result<(), Refusal> {
    let Some(may_act) = case.subject.may_act() else {
        return Ok(());
    };
    if names_actor(case, facts) {
        return Ok(());
    }
    Err(Refusal::new(
        Code::MayAct,
        format!(
            "expected the party in may_act to act, found the agent {} where {} of issuer {} is named; let that party act",
            quoted(case.actor.agent_id().as_str()),
            quoted(&may_act.sub),
            quoted(&may_act.iss),
        ),
    ))
}

/// Whether `may_act` is there and names the actor by issuer and subject.
pub(super) fn names_actor(case: &Case, facts: &Facts) -> bool {
    case.subject.may_act().is_some_and(|may_act| {
        may_act.iss == *facts.issuer && may_act.sub == case.actor.agent_id().as_str()
    })
}
