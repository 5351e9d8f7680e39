//! The policy is asked once over the whole request, after narrowing; on denial
//! once per scope, to say what would pass (contract §6, §13).

use super::ladder::Work;
use super::{Case, Facts, Place};
use crate::party::Subject;
use crate::policy::{Action, Answer, Basis, PolicyCheck, PolicyFault, Question};
use crate::refusal::{Code, Refusal, quoted};
use crate::registry::{Agent, OwnerKind, Target};
use crate::scope::{Scope, ScopeName};

pub(super) fn check<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &mut Work,
) -> Result<(), Refusal> {
    let Some(target) = work.target.clone() else {
        return Ok(());
    };
    let ask = |scope: &Scope| {
        let question = question(case, facts, work, &target, Action::Exchange, scope);
        policy.ask(&question).map_err(|found| fault(&found))
    };
    let answer = ask(&work.scope)?;
    if !answer.allowed {
        return Err(denied(ask, &work.scope, &answer));
    }
    let acr = case.subject.sign_in().acr.as_deref();
    let empty = Answer::default();
    let pre = work
        .pre_authorised
        .as_ref()
        .filter(|_| work.basis == Some(Basis::Policy))
        .unwrap_or(&empty);
    for (asked, wanted) in [&answer, pre]
        .into_iter()
        .flat_map(|a| a.require_acr.iter().map(move |w| (a, w)))
    {
        if !acr.is_some_and(|acr| wanted.contains(acr)) {
            return Err(step_up(wanted, &asked.policies));
        }
    }
    work.answer = answer;
    Ok(())
}

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
        Place::Agent(agent) => Some(agent),
        Place::NotAsked | Place::Nowhere => None,
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

fn step_up(wanted: &std::collections::BTreeSet<String>, policies: &[String]) -> Refusal {
    let values = wanted.iter().cloned().collect::<Vec<_>>().join(" ");
    let mut refusal = Refusal::new(
        Code::StepUp,
        format!(
            "expected a sign-in with acr {}, found a weaker one; let the person sign in again with it",
            quoted(&values)
        ),
    );
    refusal.acr_values = Some(values);
    refusal.policies = policies.to_vec();
    refusal
}

fn denied(
    ask: impl Fn(&Scope) -> Result<Answer, Refusal>,
    scope: &Scope,
    answer: &Answer,
) -> Refusal {
    let passing = passing(scope, |part| ask(part).is_ok_and(|answer| answer.allowed));
    let by = if answer.policies.is_empty() {
        "no policy that permits it".to_owned()
    } else {
        format!("the policy {}", quoted(&answer.policies.join(" ")))
    };
    let reason = answer
        .reason
        .as_ref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let next = match (&answer.advice, passing.is_empty()) {
        (Some(advice), _) => advice.clone(),
        (None, false) => format!("ask for scope {}", quoted(&passing.to_string())),
        (None, true) => "ask the policy's owner".to_owned(),
    };
    let text = format!("expected a policy that permits the request, found {by}{reason}; {next}");
    let mut refusal = Refusal::new(Code::PolicyDenied, text);
    refusal.policies.clone_from(&answer.policies);
    super::scope::passing(refusal, &passing)
}

/// The part of a refused scope that would pass: every name that does by
/// itself, if they also do together, else the first alone.
pub(super) fn passing(refused: &Scope, allows: impl Fn(&Scope) -> bool) -> Scope {
    let single = |name: &ScopeName| Scope::of([name.clone()]);
    let each = Scope::of(refused.iter().filter(|name| allows(&single(name))).cloned());
    let not_together = each == *refused || each.iter().count() > 1 && !allows(&each);
    let first = each.iter().next().filter(|_| not_together).map(single);
    first.unwrap_or(each)
}
