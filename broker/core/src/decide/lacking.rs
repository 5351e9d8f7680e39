//! What the grants that there are lack for a request: told where consent is
//! missing, so that the next grant is asked for right (contract §10).

use super::case::Case;
use super::details::Narrowing;
use super::facts::Facts;
use super::work::Work;
use crate::refusal::quoted;
use crate::registry::{Grant, GrantView, Target};
use std::sync::Arc;

/// Most grants that are told of: reading their limits costs, and one refusal may
/// meet many grants with long ones.
const NEAR_MAX: usize = 4;

/// A grant, and what keeps it from covering the request.
struct Lacking<'a> {
    grant: &'a Grant,
    lacks: Vec<String>,
}

impl std::fmt::Display for Lacking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.grant.id, self.lacks.join(", "))
    }
}

/// The grants that come near.
pub(super) struct Near {
    /// The nearest one, for the agent.
    pub(super) nearest: String,
    /// A few of them, the nearest first, for the operator.
    pub(super) all: String,
}

/// The grants of the person for the agent at the target that come nearest, each
/// with all that it lacks; `None` where there is none. One that lacks fewer
/// things is nearer, of these one that is live, of these the newest.
pub(super) fn near(case: &Case, facts: &Facts, work: &Work, target: &Arc<Target>) -> Option<Near> {
    let narrowing = Narrowing::new(case, work, target).ok()?;
    let only = case.subject.grant().map(|grant| grant.id);
    let all = facts.grants.iter().chain(&facts.ended_grants);
    let its = all.filter(|grant| only.is_none_or(|id| id == grant.id));
    let mut near: Vec<Lacking<'_>> = its
        .filter_map(|grant| {
            let lacks = lacks(grant, case, facts, work, target)?;
            Some(Lacking { grant, lacks })
        })
        .collect();
    let over = |grant: &Grant| grant.view(facts.now_s()) != GrantView::Active;
    let far = |near: &Lacking<'_>| {
        let newest = std::cmp::Reverse(near.grant.id);
        (near.lacks.len(), over(near.grant), newest)
    };
    near.sort_by_key(far);
    near.truncate(NEAR_MAX);
    for near in &mut near {
        if let Err(flaw) = narrowing.within(Some(near.grant), target) {
            near.lacks.push(flaw.brief());
        }
    }
    near.retain(|near| !near.lacks.is_empty());
    near.sort_by_key(far);
    let told: Vec<String> = near.iter().map(ToString::to_string).collect();
    Some(Near {
        nearest: told.first()?.clone(),
        all: told.join("; "),
    })
}

/// What a grant lacks beside its limits; `None` where it is for another target.
fn lacks(
    grant: &Grant,
    case: &Case,
    facts: &Facts,
    work: &Work,
    target: &Target,
) -> Option<Vec<String>> {
    let at = grant.at(&target.id)?;
    let mut lacks = Vec::new();
    match grant.view(facts.now_s()) {
        GrantView::Active => {}
        GrantView::Used => lacks.push(format!(
            "used {} of {}",
            grant.uses,
            grant.spec.max_uses.unwrap_or(grant.uses)
        )),
        GrantView::Expired => lacks.push("expired".into()),
        GrantView::Revoked => lacks.push("revoked".into()),
    }
    let outside = work.scope.outside(&at.scopes);
    if !outside.is_empty() {
        lacks.push(format!("no scope {}", quoted(&outside.to_string())));
    }
    let depth = case.chain.depth();
    if let Some(most) = grant.spec.max_depth.filter(|most| depth > *most) {
        lacks.push(format!("{depth} actors > {most}"));
    }
    Some(lacks)
}
