//! What is asked of the policy, over what was narrowed (contract §6, §13).

use super::case::Case;
use super::facts::{DelegateTo, Facts};
use super::work::Work;
use crate::party::Subject;
use crate::policy::{Action, Basis, PolicyAnswer, PolicyCheck, PolicyFault, Question, Risk};
use crate::refusal::{Code, Refusal};
use crate::registry::{Agent, OwnerKind, Target};
use crate::scope::Scope;

/// The question over what was narrowed. Where no basis was found, the policy
/// is asked as if the person had given a grant: only then is it true that the
/// basis alone is missing.
pub(super) fn question(
    case: &Case,
    facts: &Facts,
    work: &Work,
    target: &Target,
    action: Action,
    scope: &Scope,
) -> Question {
    let actor = case.actor.agent();
    let next = match &facts.delegate {
        DelegateTo::Agent(agent) => Some(agent),
        DelegateTo::NotAsked | DelegateTo::Nowhere => None,
    };
    let sign_in = case.subject.sign_in();
    let now_s = facts.now_s();
    Question {
        action,
        agent: actor.spec.id.clone(),
        team: team(actor),
        target: target.id.clone(),
        behalf: case.chain.subject().behalf(case.subject.groups().cloned()),
        chain: case
            .chain
            .links()
            .iter()
            .filter_map(|link| link.agent.clone())
            .chain(subject_agent(case))
            .collect(),
        depth: case.chain.depth(),
        scopes: scope.clone(),
        detail_types: work
            .details
            .types()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        basis: match action {
            Action::Exchange => Some(work.basis.unwrap_or(Basis::Grant)),
            Action::PreAuthorise => None,
        },
        delegate_to: next.map(|agent| agent.spec.id.clone()),
        delegate_to_team: next.and_then(|agent| team(agent)),
        presenter: case.actor.presenter().cloned(),
        purpose: case.ask.purpose.clone(),
        task_id: case.ask.task_id.clone(),
        acr: sign_in.acr.clone(),
        amr: sign_in.amr.clone(),
        auth_age_s: sign_in.auth_time.map(|then| now_s.saturating_sub(then)),
        hour_utc: u8::try_from(now_s / 3600 % 24).unwrap_or_default(),
        weekday: weekday(now_s),
        ip: case.ip.clone(),
        risk: target.risk(scope),
    }
}

/// ISO 8601: Monday is 1. 1 January 1970 was a Thursday.
fn weekday(now_s: u64) -> u8 {
    u8::try_from((now_s / 86_400 + 3) % 7 + 1).unwrap_or(1)
}

fn subject_agent(case: &Case) -> Option<crate::ids::AgentId> {
    match case.chain.subject() {
        Subject::Agent(id) => Some(id.clone()),
        Subject::Person(_) | Subject::Workload(_) => None,
    }
}

fn team(agent: &Agent) -> Option<String> {
    match agent.spec.owner.kind {
        OwnerKind::Team => Some(agent.spec.owner.id.clone()),
        OwnerKind::Person => None,
    }
}

pub(super) fn fault(fault: &PolicyFault) -> Refusal {
    Refusal::new(Code::PolicyError, "expected a policy that can be evaluated, found an error; report the request id to the operator")
        .because(fault.detail.clone())
}

/// Asks whether it may happen without a grant. Scopes marked `high` never go
/// by policy (contract §6).
pub(super) fn pre_authorise<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &Work,
    target: &Target,
    scope: &Scope,
) -> Result<PolicyAnswer, Refusal> {
    if target.risk(scope) == Risk::High {
        return Ok(PolicyAnswer::default());
    }
    let question = question(case, facts, work, target, Action::PreAuthorise, scope);
    policy.ask(&question).map_err(|found| fault(&found))
}

/// Whether a policy permits it without a grant.
pub(super) fn by_policy<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &Work,
    target: &Target,
    scope: &Scope,
) -> bool {
    pre_authorise(case, facts, policy, work, target, scope).is_ok_and(|answer| answer.allowed)
}
