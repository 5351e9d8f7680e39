//! The order of the checks.

use super::case::Case;
use super::facts::Facts;
use super::permit::{Decision, Refused};
use super::trail::{Check, CheckResult, Trail};
use super::work::Work;
use super::{
    agent, basis, chain, claims, details, entitlements, handout, lifetime, locks, may_act, policy,
    presenter, revocation, scope, target,
};
use crate::policy::PolicyCheck;
use crate::refusal::Refusal;

/// One rung: it may fill in the work, or refuse.
type Rung<P> = fn(&Case, &Facts, &P, &mut Work) -> Result<(), Refusal>;

/// Whether a rung has anything to look at: two are of targets whose vendor hands
/// the credential out, or which say who is entitled to what.
fn concerned(name: &str, case: &Case, work: &Work) -> bool {
    let spec = work.aim.target().map(|target| &target.spec);
    let vendor = spec.is_some_and(|spec| spec.connector.downstream().is_some());
    // What is passed on is a token of ours: whoever it is for asks the vendor.
    let handed = vendor && case.ask.delegate_to.is_none();
    match name {
        handout::NAME => handed,
        entitlements::NAME => vendor || spec.is_some_and(|spec| spec.entitlements.is_some()),
        _ => true,
    }
}

/// Decides. The ladder stands here, rung by rung; the first that does not hold
/// ends it.
pub fn decide<P: PolicyCheck>(case: Case, facts: &Facts, policy: &P) -> Decision {
    let ladder: [(&'static str, Rung<P>); 16] = [
        ("locks", |c, f, _, _| locks::check(c, f)),
        ("revocation", |c, f, _, _| revocation::check(c, f)),
        ("agent", |c, f, _, _| agent::check(c, f)),
        ("presenter", |c, f, _, _| presenter::check(c, f)),
        ("chain", |c, f, _, _| chain::check(c, f)),
        ("may_act", |c, f, _, _| may_act::check(c, f)),
        ("target", |c, f, _, w| target::check(c, f, w)),
        ("scope", |c, f, p, w| scope::check(c, f, p, w)),
        (entitlements::NAME, |c, f, _, w| {
            entitlements::check(c, f, w)
        }),
        (handout::NAME, |c, f, _, w| handout::at_best(c, f, w)),
        ("details", |c, f, p, w| details::check(c, f, p, w)),
        ("policy", |c, f, p, w| policy::check(c, f, p, w)),
        ("basis", |c, f, p, w| basis::check(c, f, p, w)),
        ("lifetime", |c, f, _, w| lifetime::check(c, f, w)),
        (handout::NAME, |_, f, _, w| handout::check(f, w)),
        ("size", |c, f, _, w| claims::check(c, f, w)),
    ];
    let mut work = Work::default();
    let mut trail = Trail::new();
    for (name, rung) in ladder {
        if !concerned(name, &case, &work) {
            continue;
        }
        match rung(&case, facts, policy, &mut work) {
            Ok(()) => trail.push(Check {
                name,
                result: CheckResult::Passed,
            }),
            Err(mut refusal) => {
                refusal.policies.extend(work.policies());
                refusal.policies.sort();
                refusal.policies.dedup();
                trail.push(Check {
                    name,
                    result: CheckResult::Failed,
                });
                let requested = work.aim.target().cloned();
                let refused = Refused::decided(case, refusal, trail, policy.bundle(), requested);
                return Decision::Refusal(Box::new(refused));
            }
        }
    }
    Decision::permit(case, facts, work, trail, policy.bundle())
}
