//! Entitlements: where the vendor does not know the person from the credential,
//! Locum checks who may do what, by groups that the person proved (contract §15,
//! "Who checks the person").

use super::case::Case;
use super::facts::Facts;
use super::work::Work;
use crate::party::Subject;
use crate::refusal::{Code, Refusal, SignInWanted, quoted};
use crate::scope::{Scope, ScopeName};
use std::collections::BTreeSet;

/// The check's name.
pub(super) const NAME: &str = "entitlements";

/// Seconds for which groups count after the person last proved them
/// (contract §15).
const GROUPS_COUNT_S: u32 = 86_400;

pub(super) fn check(case: &Case, facts: &Facts, work: &Work) -> Result<(), Refusal> {
    let Some(target) = work.aim.target() else {
        return Ok(());
    };
    let Some(entitlements) = &target.spec.entitlements else {
        let carried = facts.vendor.terms().is_none_or(|t| t.able.carries_person);
        return if carried { Ok(()) } else { Err(undeclared()) };
    };
    match case.chain.subject() {
        // Nobody's entitlements are used where no person stands behind it.
        Subject::Agent(_) => return Ok(()),
        Subject::Person(_) | Subject::Workload(_) => {}
    }
    let Some((groups, since_ms)) = case.subject.proven_groups() else {
        return Err(unproven());
    };
    let age_ms = facts.now_ms.saturating_sub(since_ms);
    if age_ms > u64::from(GROUPS_COUNT_S) * 1000 {
        return Err(stale());
    }
    let entitled = |scope: &ScopeName| {
        let listed = entitlements.get(scope);
        listed.is_some_and(|listed| listed.iter().any(|group| groups.contains(group)))
    };
    let outside: BTreeSet<_> = work
        .scope
        .iter()
        .filter(|s| !entitled(s))
        .cloned()
        .collect();
    let Some(first) = outside.first() else {
        return Ok(());
    };
    let within = Scope::of(work.scope.iter().filter(|s| entitled(s)).cloned());
    Err(outside_of(first, &within))
}

fn denied(text: impl AsRef<str>) -> Refusal {
    Refusal::new(Code::PolicyDenied, text)
}

fn outside_of(first: &ScopeName, within: &Scope) -> Refusal {
    let next = if within.is_empty() {
        "ask who manages the groups of this target".to_owned()
    } else {
        format!("ask for scope {}", quoted(&within.to_string()))
    };
    let text = format!(
        "expected a person who is entitled to {} at this target, found one in none of its groups; {next}",
        quoted(first.as_str())
    );
    super::scope::passing(denied(text), within)
}

fn unproven() -> Refusal {
    denied(
        "expected groups that the person proved by a token, found none; exchange a token of the person that names them",
    )
}

fn undeclared() -> Refusal {
    denied(
        "expected a target that says who is entitled to what, found none; ask the target's owner to declare `entitlements`",
    )
}

/// RFC 9470 §3: `max_age`.
fn stale() -> Refusal {
    let mut refusal = Refusal::new(
        Code::StepUp,
        "expected groups that the person proved in the last 24 hours, found older ones; let the person sign in again",
    );
    refusal.sign_in = Some(Box::new(SignInWanted::Younger(GROUPS_COUNT_S)));
    refusal
}
