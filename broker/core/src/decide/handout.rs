//! The rule of delivery: a vendor's credential is handed out if it does no more
//! and lives no longer than the permit, or if an administrator accepted that
//! (contract §15).

use super::case::Case;
use super::facts::{Facts, VendorTerms};
use super::lifetime;
use super::work::Work;
use crate::handout::{Granted, Handout, Terms, Unsafe};
use crate::refusal::{Code, Refusal, quoted};

/// The check's name.
pub(super) const NAME: &str = "handout";

/// Seconds after which trying again may help where no more may be handed out.
const FULL_AGAIN_S: u64 = 60;

/// Before a basis is sought: against the longest permit there may be, so that no
/// person is asked for what cannot be handed out.
pub(super) fn at_best(case: &Case, facts: &Facts, work: &mut Work) -> Result<(), Refusal> {
    let longest = lifetime::longest(case, facts, work);
    let detailed = case.ask.details.is_some();
    judged(facts, work, detailed, longest).map(drop)
}

/// Against the permit as it is.
pub(super) fn check(facts: &Facts, work: &mut Work) -> Result<(), Refusal> {
    let detailed = !work.details.is_empty();
    work.handout = judged(facts, work, detailed, work.lifetime)?;
    Ok(())
}

fn judged(
    facts: &Facts,
    work: &Work,
    detailed: bool,
    lifetime_s: u32,
) -> Result<Option<Handout>, Refusal> {
    let Some(target) = work.aim.target() else {
        return Ok(None);
    };
    let terms = match &facts.vendor {
        VendorTerms::On(terms) => terms,
        VendorTerms::Full => return Err(full()),
        VendorTerms::NotAsked | VendorTerms::Unusable => return Err(unusable()),
    };
    let granted = Granted {
        scope: &work.scope,
        detailed,
        lifetime_s,
    };
    let Some(handout) = terms.judge(granted) else {
        return Err(no_account(work));
    };
    let accepted = target.spec.accept_overhang.is_some();
    match handout.because.as_slice() {
        [] => Ok(Some(handout)),
        _ if accepted => Ok(Some(handout)),
        because => Err(refused(work, terms, because, lifetime_s)),
    }
}

fn unsafe_because(text: impl AsRef<str>) -> Refusal {
    Refusal::new(Code::HandoutUnsafe, text)
}

/// So many are out that another could not be remembered, and so not be revoked.
fn full() -> Refusal {
    Refusal::new(
        Code::Unavailable,
        "expected room for another credential that is handed out, found none; try again when some have expired",
    )
    .again_after(FULL_AGAIN_S)
}

/// What a target's connector is able to do is not known: that is no permission.
fn unusable() -> Refusal {
    Refusal::new(
        Code::Unavailable,
        "expected a target whose connector can be used, found one that cannot; ask the target's owner",
    )
}

fn no_account(work: &Work) -> Refusal {
    unsafe_because(format!(
        "expected an account at the target that may do {} (narrow), found none; ask the target's owner for one, or ask for fewer scopes",
        quoted(&work.scope.to_string())
    ))
}

/// Names which part of the rule does not hold.
fn refused(work: &Work, terms: &Terms, because: &[Unsafe], lifetime_s: u32) -> Refusal {
    let found = because.iter().map(|why| match why {
        Unsafe::Narrow => format!(
            "one that may do more than {} (narrow)",
            quoted(&work.scope.to_string())
        ),
        Unsafe::Expire => match terms.able.life_s(lifetime_s) {
            Some(life_s) => format!("one that lives {life_s} s and cannot be revoked (expire)"),
            None => "one that cannot be revoked and may live for ever (expire)".to_owned(),
        },
    });
    let found = found.collect::<Vec<_>>().join(" and ");
    unsafe_because(format!(
        "expected a credential that does what was granted for at most {lifetime_s} s, found {found}; ask the target's owner to narrow its account or to declare `accept_overhang`",
    ))
}
