//! Lifetime: the least of all that bounds it (contract §6). Never longer than
//! any input.

use super::case::Case;
use super::facts::Facts;
use super::work::Work;
use crate::policy::Basis;
use crate::refusal::{Code, Refusal};

/// Lifetime of an actor token, in seconds (contract §6).
const ACTOR_TOKEN_S: u64 = 300;

/// The least of the bounds; there is no way to make a lifetime longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lifetime(u64);

impl Lifetime {
    pub(super) const fn of(seconds: u64) -> Self {
        Self(seconds)
    }

    #[must_use]
    pub(super) const fn at_most(self, seconds: Option<u64>) -> Self {
        match seconds {
            Some(bound) if bound < self.0 => Self(bound),
            Some(_) | None => self,
        }
    }
}

/// The longest permit there may be, whatever basis and policy say, in seconds.
pub(super) fn longest(case: &Case, facts: &Facts, work: &Work) -> u32 {
    u32::try_from(by_inputs(case, facts, work).0).unwrap_or(u32::MAX)
}

/// The least of what bounds it whatever it rests on.
fn by_inputs(case: &Case, facts: &Facts, work: &Work) -> Lifetime {
    let left = |end: u64| end.saturating_sub(facts.now_s());
    let target = work
        .aim
        .target()
        .map_or(ACTOR_TOKEN_S, |target| target.spec.max_lifetime.into());
    let ceiling = work
        .aim
        .at()
        .and_then(|at| at.ceiling.max_lifetime)
        .map(u64::from);
    let certified = case.actor.agent().certified(facts.now_s());
    Lifetime::of(target)
        .at_most(case.ask.expires_in)
        .at_most(ceiling)
        .at_most(case.subject.expires_s().map(left))
        .at_most(case.actor.expires_s().map(left))
        .at_most(facts.root_grant.as_ref().map(|grant| left(grant.expires_s)))
        .at_most(Some(certified.map_or(0, |c| left(c.until))))
}

pub(super) fn check(case: &Case, facts: &Facts, work: &mut Work) -> Result<(), Refusal> {
    let left = |end: u64| end.saturating_sub(facts.now_s());
    let by_policy = work
        .pre_authorised
        .as_ref()
        .filter(|_| work.basis == Some(Basis::Policy));
    let lifetime = by_inputs(case, facts, work)
        .at_most(work.answer.max_lifetime.map(u64::from))
        .at_most(
            by_policy
                .and_then(|answer| answer.max_lifetime)
                .map(u64::from),
        )
        .at_most(work.grant.as_ref().map(|grant| left(grant.expires_s)));
    if lifetime.0 == 0 {
        return Err(Refusal::new(
            Code::SubjectInvalid,
            "expected inputs that live at least one more second, found one that ends now; get a fresh subject token",
        ));
    }
    work.lifetime = u32::try_from(lifetime.0).unwrap_or(u32::MAX);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Lifetime;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_lifetime_is_never_longer_than_any_bound(start in 0_u64..10_000, bounds in prop::collection::vec(prop::option::of(0_u64..10_000), 0..8)) {
            let narrowed = bounds.iter().fold(Lifetime::of(start), |l, b| l.at_most(*b));
            let naive = bounds.iter().flatten().copied().chain([start]).min();
            prop_assert_eq!(Some(narrowed.0), naive);
            prop_assert_eq!(bounds.iter().fold(narrowed, |l, b| l.at_most(*b)), narrowed);
        }
    }
}
