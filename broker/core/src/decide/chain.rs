//! The chain: the one that these two proofs make, within every bound on it
//! (contract §6, "Depth").

use super::case::Case;
use super::facts::{DelegateTo, Facts};
use crate::chain::{Chain, ChainBounds, cycle};
use crate::refusal::{Code, Refusal};

pub(super) fn check(case: &Case, facts: &Facts) -> Result<(), Refusal> {
    let granted = facts
        .root_grant
        .as_ref()
        .and_then(|grant| grant.spec.max_depth);
    let depth = facts
        .limits
        .max_depth
        .min(case.actor.agent().spec.max_depth);
    let bounds = ChainBounds {
        depth: granted.map_or(depth, |most| most.min(depth)),
        hops: facts.limits.max_hops,
    };
    // Whom the token is passed on to would be refused its turn: refused now.
    if let DelegateTo::Agent(next) = &facts.delegate
        && case.chain.agents().any(|agent| *agent == next.spec.id)
    {
        return Err(cycle(&next.spec.id));
    }
    // Extended once more, so that neither a chain of other proofs nor one made
    // under wider bounds gets by.
    if Chain::extend(&case.subject, &case.actor, bounds)? == case.chain {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Internal,
        "expected the chain of this request, found another; report the request id to the operator",
    ))
}
