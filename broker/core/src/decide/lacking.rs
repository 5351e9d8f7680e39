//! What the grants that there are lack for a request: told where consent is
//! missing, so that the next grant is asked for right (contract §10).

use super::case::Case;
use super::details::Narrowing;
use super::facts::Facts;
use super::work::Work;
use crate::details::Listed;
use crate::refusal::quoted;
use crate::registry::{Grant, GrantView, Target};
use crate::scope::Scope;
use serde_json::Value;
use std::sync::Arc;

/// Most grants that are told of.
const NEAR_MAX: usize = 4;
/// Most values in what is requested, in the ceiling and in a grant's limits, each,
/// that are read and compared to say what of them a grant lacks. Lists may be a
/// thousand times as long as those a person consents to, and a refusal stays cheap.
const VALUES_MAX: usize = 256;
/// What is said of limits that are longer.
const LIMITS: &str = "its `authorization_details`";

/// A grant, and what keeps it from covering the request.
struct Lacking<'a> {
    grant: &'a Grant,
    listed: &'a Listed,
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
    let only = case.subject.grant().map(|grant| grant.id);
    let all = facts.grants.iter().chain(&facts.ended_grants);
    let its = all.filter(|grant| only.is_none_or(|id| id == grant.id));
    let mut near: Vec<Lacking<'_>> = its
        .filter_map(|grant| {
            let at = grant.at(&target.id)?;
            Some(Lacking {
                grant,
                listed: &at.authorization_details,
                lacks: lacks((grant, &at.scopes), case, facts, work),
            })
        })
        .collect();
    let over = |grant: &Grant| grant.view(facts.now_s()) != GrantView::Active;
    let far = |near: &Lacking<'_>| {
        let newest = std::cmp::Reverse(near.grant.id);
        (near.lacks.len(), over(near.grant), newest)
    };
    near.sort_by_key(far);
    near.truncate(NEAR_MAX);
    compare_limits(&mut near, case, work, target);
    near.retain(|near| !near.lacks.is_empty());
    near.sort_by_key(far);
    let told: Vec<String> = near.iter().map(ToString::to_string).collect();
    Some(Near {
        nearest: told.first()?.clone(),
        all: told.join("; "),
    })
}

/// Adds what of the details the limits of these grants lack.
fn compare_limits(near: &mut [Lacking<'_>], case: &Case, work: &Work, target: &Target) {
    let ceiling = work.aim.at().map(|at| &at.ceiling.authorization_details);
    let short = case.ask.details.iter().all(|asked| are_few([asked]))
        && ceiling.is_none_or(|listed| are_few(listed.iter()));
    let narrowing = short.then(|| Narrowing::new(case, work, target).ok());
    let narrowing = narrowing.flatten();
    for near in near {
        let known = narrowing.as_ref().filter(|_| are_few(near.listed.iter()));
        match known {
            Some(narrowing) => {
                let flaw = narrowing.outside_of(near.listed);
                near.lacks.extend(flaw.map(|flaw| flaw.brief()));
            }
            // It would cover the request, were it not for its limits.
            None if near.lacks.is_empty() => near.lacks.push(LIMITS.into()),
            None => {}
        }
    }
}

/// Whether these are at most [`VALUES_MAX`] values, those within them counted.
fn are_few<'a>(values: impl IntoIterator<Item = &'a Value>) -> bool {
    let mut left: Vec<&Value> = values.into_iter().take(VALUES_MAX + 1).collect();
    let mut count = 0;
    while let Some(value) = left.pop() {
        count += 1;
        let within = VALUES_MAX + 1;
        match value {
            Value::Array(items) => left.extend(items.iter().take(within)),
            Value::Object(members) => left.extend(members.values().take(within)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        if count + left.len() > VALUES_MAX {
            return false;
        }
    }
    true
}

/// What a grant lacks beside its limits.
fn lacks(
    (grant, scopes): (&Grant, &Scope),
    case: &Case,
    facts: &Facts,
    work: &Work,
) -> Vec<String> {
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
    let outside = work.scope.outside(scopes);
    if !outside.is_empty() {
        lacks.push(format!("no scope {}", quoted(&outside.to_string())));
    }
    let depth = case.chain.depth();
    if let Some(most) = grant.spec.max_depth.filter(|most| depth > *most) {
        lacks.push(format!("{depth} actors > {most}"));
    }
    lacks
}
