//! The basis: on what the delegation rests (contract §6). `self`, else the
//! first that covers the whole request: `may_act`, a live grant, a policy
//! permitting `pre_authorise`. Later hops rest on what the root rests on.

use super::case::Case;
use super::details::{Narrowing, refused};
use super::facts::Facts;
use super::lacking::near;
use super::may_act;
use super::passing::{PASSING_QUESTIONS_MAX, passing};
use super::question::{by_policy, pre_authorise, question};
use super::work::Work;
use crate::policy::{Action, Basis, PolicyCheck, Risk};
use crate::proof::{Origin, Parent};
use crate::refusal::{Code, Refusal, quoted};
use crate::registry::{Grant, GrantView, Target};
use crate::scope::{Scope, ScopeName};
use std::sync::Arc;

/// Looks for the basis and narrows the details with it.
pub(super) fn find<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &mut Work,
    target: &Arc<Target>,
) -> Result<(), Refusal> {
    let narrowing = Narrowing::new(case, work, target)?;
    if let Some(parent) = case.subject.parent() {
        work.basis = inherited(parent, facts, work, target);
        let limit = facts.root_grant.as_deref().filter(|_| parent.derives);
        work.details = narrowing
            .within(limit, target)
            .map_err(|flaw| refused(&flaw))?;
        return Ok(());
    }
    if case.is_alone() {
        work.basis = Some(Basis::Itself);
    } else if case.subject.may_act().is_some_and(|m| m.confers) && may_act::names_actor(case, facts)
    {
        work.basis = Some(Basis::MayAct);
    } else if let Some((grant, details)) = covering(case, facts, work, target, &narrowing) {
        work.basis = Some(Basis::Grant);
        work.grant = Some(grant);
        work.details = details;
        return Ok(());
    }
    work.details = narrowing
        .within(None, target)
        .map_err(|flaw| refused(&flaw))?;
    if work.basis.is_none() && !matches!(case.subject.origin(), Origin::Grant(_)) {
        let answer = pre_authorise(case, facts, policy, work, target, &work.scope)?;
        if answer.allowed {
            work.basis = Some(Basis::Policy);
        }
        work.pre_authorised = Some(answer);
    }
    Ok(())
}

/// The root's basis. A root grant must list the scope at the target, also one
/// that a resource server derives; where that server derives without a grant,
/// no `high` one passes (contract §8), and by `policy` none ever does
/// (contract §6).
fn inherited(parent: &Parent, facts: &Facts, work: &Work, target: &Target) -> Option<Basis> {
    let root = parent.basis();
    let low = target.risk(&work.scope) < Risk::High;
    let covered = match root {
        Basis::Grant => facts
            .root_grant
            .as_ref()
            .filter(|grant| parent.token.del.grant == Some(grant.id))
            .and_then(|grant| grant.at(&target.id))
            .is_some_and(|at| work.scope.is_within(&at.scopes)),
        Basis::Policy => low,
        Basis::Itself | Basis::MayAct => low || !parent.derives,
    };
    covered.then_some(root)
}

/// The covering grant that expires first, then the lowest id, with the details
/// it allows. Only the subject token's own grant counts where it is one.
fn covering<'a>(
    case: &Case,
    facts: &'a Facts,
    work: &Work,
    target: &'a Target,
    narrowing: &Narrowing<'_>,
) -> Option<(Arc<Grant>, crate::details::Details)> {
    let only = case.subject.grant().map(|grant| grant.id);
    let person = case.subject.subject().sub();
    let its = |grant: &&Arc<Grant>| {
        let spec = &grant.spec;
        spec.person == person
            && spec.agent == *case.actor.agent_id()
            && grant.view(facts.now_s()) == GrantView::Active
            && only.is_none_or(|id| id == grant.id)
    };
    let depth = case.chain.depth();
    // What costs little comes first; the limits are read only where all else holds.
    let covers = |grant: &'a Arc<Grant>| {
        let at = grant.at(&target.id)?;
        let deep_enough = grant.spec.max_depth.is_none_or(|max| depth <= max);
        (deep_enough && work.scope.is_within(&at.scopes)).then_some((grant, at))
    };
    let mut live: Vec<_> = facts.grants.iter().filter(its).filter_map(covers).collect();
    live.sort_by_key(|(grant, _)| (grant.expires_s, grant.id));
    live.into_iter().find_map(|(grant, at)| {
        let details = narrowing.covered_by(&at.authorization_details)?;
        Some((grant.clone(), details))
    })
}

/// The part of a request without a basis that would pass by policy alone; the
/// last question is whether it may happen at all on that basis.
fn without_consent<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &Work,
    target: &Target,
) -> Scope {
    let of_risk = |name: &&ScopeName| target.risk(&Scope::of([(*name).clone()])) < Risk::High;
    let candidates = Scope::of(work.scope.iter().filter(of_risk).cloned());
    let part = passing(
        &work.scope,
        &candidates,
        PASSING_QUESTIONS_MAX - 1,
        |part| by_policy(case, facts, policy, work, target, part),
    );
    let mut question = question(case, facts, work, target, Action::Exchange, &part);
    question.basis = Some(Basis::Policy);
    let passes = !part.is_empty() && policy.ask(&question).is_ok_and(|answer| answer.allowed);
    if passes { part } else { Scope::default() }
}

/// Judges what was found: nothing means that only the basis is missing.
pub(super) fn check<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &mut Work,
) -> Result<(), Refusal> {
    let Some(target) = work.aim.target() else {
        work.basis = Some(Basis::Itself);
        return Ok(());
    };
    if work.basis.is_some() {
        return Ok(());
    }
    let root = !matches!(case.subject.origin(), Origin::Grant(_) | Origin::Own(_));
    let passing = if root {
        without_consent(case, facts, policy, work, target)
    } else {
        Scope::default()
    };
    let near = near(case, facts, work, target);
    let scopes = work.scope.outside(&passing);
    let found = match &near {
        None => "none".to_owned(),
        Some(near) => format!("none that covers it (nearest: grant {})", near.nearest),
    };
    let next = if passing.is_empty() {
        "ask the person for a grant".to_owned()
    } else {
        format!(
            "ask the person for a grant, or ask for scope {} alone",
            quoted(&passing.to_string())
        )
    };
    let text = format!(
        "expected consent for {} at {}, found {found}; {next}",
        quoted(&scopes.to_string()),
        quoted(target.id.as_str()),
    );
    let mut refusal = Refusal::new(Code::ConsentMissing, text);
    refusal.detail = near.map(|near| format!("grants that come near: {}", near.all));
    Err(super::scope::passing(refusal, &passing))
}
