//! Revocation: a token is dead if anything in its lineage is.

use super::case::Case;
use super::facts::Facts;
use crate::refusal::{Code, Refusal};
use crate::standing::Standing;

pub(super) fn check(_case: &Case, facts: &Facts) -> Result<(), Refusal> {
    if facts.standings.subject == Standing::Revoked {
        return Err(revoked());
    }
    if facts.standings.actor == Standing::Revoked {
        return Err(Refusal::new(
            Code::ActorInvalid,
            "expected an actor token issued after the last revocation, found an older one; get a fresh actor token",
        ));
    }
    Ok(())
}

/// The refusal for a subject whose lineage is dead.
pub(super) fn revoked() -> Refusal {
    Refusal::new(
        Code::SubjectRevoked,
        "expected a live subject token, found one that was revoked or descends from something revoked; start again from a fresh sign-in",
    )
}
