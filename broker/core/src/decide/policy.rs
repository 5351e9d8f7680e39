//! The policy is asked once over the whole request, after narrowing; on denial
//! a bounded number of times about parts of it, to say what would pass
//! (contract §6, §13).

use super::case::Case;
use super::facts::Facts;
use super::passing::{PASSING_QUESTIONS_MAX, passing};
use super::question::{by_policy, fault, question};
use super::work::Work;
use crate::policy::{Action, Basis, PolicyAnswer, PolicyCheck};
use crate::refusal::{Code, Refusal, SignInWanted, quoted};
use crate::scope::Scope;

pub(super) fn check<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &mut Work,
) -> Result<(), Refusal> {
    let Some(target) = work.aim.target().cloned() else {
        return Ok(());
    };
    let ask = |scope: &Scope| {
        let question = question(case, facts, work, &target, Action::Exchange, scope);
        policy.ask(&question).map_err(|found| fault(&found))
    };
    let answer = ask(&work.scope)?;
    if !answer.allowed {
        let part = passing(
            &work.scope,
            &work.scope,
            PASSING_QUESTIONS_MAX - 1,
            |part| ask(part).is_ok_and(|answer| answer.allowed),
        );
        // What rests on a policy must pass that one too.
        let rests = work.basis == Some(Basis::Policy) && !part.is_empty();
        let passes = !rests || by_policy(case, facts, policy, work, &target, &part);
        let part = if passes { part } else { Scope::default() };
        return Err(denied(&part, &answer));
    }
    let acr = case.subject.sign_in().acr.as_deref();
    let empty = PolicyAnswer::default();
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

fn step_up(wanted: &std::collections::BTreeSet<String>, policies: &[String]) -> Refusal {
    let values = wanted.iter().cloned().collect::<Vec<_>>().join(" ");
    let mut refusal = Refusal::new(
        Code::StepUp,
        format!(
            "expected a sign-in with acr {}, found a weaker one; let the person sign in again with it",
            quoted(&values)
        ),
    );
    refusal.sign_in = Some(Box::new(SignInWanted::Stronger(values)));
    refusal.policies = policies.to_vec();
    refusal
}

fn denied(passing: &Scope, answer: &PolicyAnswer) -> Refusal {
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
    super::scope::passing(refusal, passing)
}
