//! The basis: on what the delegation rests (contract §6). `self`, else the
//! first that covers the whole request: `may_act`, a live grant, a policy
//! permitting `pre_authorise`. Later hops rest on what the root rests on.

use super::details::{Narrowing, refused};
use super::ladder::Work;
use super::policy::question;
use super::{Case, Facts, may_act};
use crate::policy::{Action, Answer, Basis, PolicyCheck, Risk};
use crate::proof::Origin;
use crate::refusal::{Code, Refusal, quoted};
use crate::registry::{Grant, Target};
use crate::scope::Scope;
use serde_json::json;
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
        work.basis = inherited(parent.basis(), parent.derives, facts, work, target);
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

/// The root's basis. Where a resource server derives, a root grant must list
/// the derived scope; otherwise no `high` one (contract §8).
fn inherited(
    root: Basis,
    derives: bool,
    facts: &Facts,
    work: &Work,
    target: &Target,
) -> Option<Basis> {
    let covered = match (derives, root) {
        (false, _) => true,
        (true, Basis::Grant) => facts
            .root_grant
            .as_ref()
            .and_then(|g| g.at(&target.id))
            .is_some_and(|at| work.scope.is_within(&at.scopes)),
        (true, Basis::Itself | Basis::MayAct | Basis::Policy) => {
            target.risk(&work.scope) < Risk::High
        }
    };
    covered.then_some(root)
}

/// The covering grant that expires first, then the lowest id, with the details
/// it allows. Only the subject token's own grant counts where it is one.
fn covering(
    case: &Case,
    facts: &Facts,
    work: &Work,
    target: &Target,
    narrowing: &Narrowing<'_>,
) -> Option<(Arc<Grant>, crate::details::Details)> {
    let only = match case.subject.origin() {
        Origin::Grant(grant) => Some(grant.id),
        Origin::IdToken
        | Origin::AccessToken
        | Origin::Workload
        | Origin::Own(_)
        | Origin::Itself => None,
    };
    facts
        .grants
        .iter()
        .filter(|grant| only.is_none_or(|id| id == grant.id))
        .find_map(|grant| {
            let at = grant.at(&target.id)?;
            let deep_enough = grant
                .spec
                .max_depth
                .is_none_or(|max| case.chain.depth() <= max);
            if !deep_enough || !work.scope.is_within(&at.scopes) {
                return None;
            }
            narrowing
                .within(Some(grant), target)
                .ok()
                .map(|details| (grant.clone(), details))
        })
}

/// Asks whether it may happen without a grant. Scopes marked `high` never go
/// by policy (contract §6).
fn pre_authorise<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &Work,
    target: &Target,
    scope: &Scope,
) -> Result<Answer, Refusal> {
    if target.risk(scope) == Risk::High {
        return Ok(Answer::default());
    }
    let question = question(case, facts, work, target, Action::PreAuthorise, scope);
    policy
        .ask(&question)
        .map_err(|fault| super::policy::fault(&fault))
}

/// Judges what was found: nothing means that only the basis is missing.
pub(super) fn check<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &mut Work,
) -> Result<(), Refusal> {
    let Some(target) = &work.target else {
        work.basis = Some(Basis::Itself);
        return Ok(());
    };
    if work.basis.is_some() {
        return Ok(());
    }
    let one = |name: &crate::scope::ScopeName| Scope::of([name.clone()]);
    let alone = !matches!(case.subject.origin(), Origin::Grant(_) | Origin::Own(_));
    let passes = |name: &&crate::scope::ScopeName| {
        alone
            && pre_authorise(case, facts, policy, work, target, &one(name))
                .is_ok_and(|answer| answer.allowed)
    };
    let passing = Scope::of(work.scope.iter().filter(passes).cloned());
    let found = format!(
        "none for {}",
        quoted(&work.scope.outside(&passing).to_string())
    );
    let next = if passing.is_empty() {
        "ask the person for a grant".to_owned()
    } else {
        format!(
            "ask the person for a grant, or for scope {} alone",
            quoted(&passing.to_string())
        )
    };
    let refusal = Refusal::new(
        Code::ConsentMissing,
        format!(
            "expected a may_act, a grant or a policy that covers the whole request, found {found}; {next}"
        ),
    );
    Err(if passing.is_empty() {
        refusal
    } else {
        refusal.passing(json!({ "scope": passing.to_string() }))
    })
}
