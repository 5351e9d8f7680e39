//! `authorization_details` (RFC 9396): parsed against the target's catalogue,
//! narrowed to parent, grant and ceiling. Since a chosen grant limits, the
//! basis is looked for here, and judged on its own rung.

use super::basis;
use super::case::Case;
use super::facts::Facts;
use super::work::Work;
use crate::details::{
    Catalogue, DeclaredLimits, Details, DetailsFlaw, Listed, Remaining, flaw, narrow, narrowed,
};
use crate::policy::PolicyCheck;
use crate::refusal::{Code, Refusal};
use crate::registry::{Grant, Target};
use crate::scope::Scope;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn check<P: PolicyCheck>(
    case: &Case,
    facts: &Facts,
    policy: &P,
    work: &mut Work,
) -> Result<(), Refusal> {
    let Some(target) = work.aim.target().cloned() else {
        return match &case.ask.details {
            None => Ok(()),
            Some(_) => Err(Refusal::new(
                Code::Details,
                "expected no authorization_details for an actor token, found some; leave them out",
            )),
        };
    };
    basis::find(case, facts, policy, work, &target)
}

/// What is requested at the target, limited by everything but the policy. Limits
/// were declared under the catalogue of then: what they say of types and fields
/// that are gone confers nothing, and blocks nothing else (contract §12).
pub(super) struct Narrowing<'a> {
    requested: Option<Details>,
    parent: Option<Remaining>,
    ceiling: Remaining,
    required: BTreeSet<String>,
    catalogue: &'a Catalogue,
}

impl<'a> Narrowing<'a> {
    pub(super) fn new(case: &Case, work: &Work, target: &'a Target) -> Result<Self, Refusal> {
        let catalogue = &target.spec.details;
        let requested = case.ask.details.as_ref();
        let requested = requested.map(|value| Details::parse(value, catalogue));
        let ceiling = work.aim.at().map(|at| &at.ceiling.authorization_details);
        let ceiling = ceiling.map(|listed| Remaining::of(listed, catalogue));
        Ok(Self {
            requested: requested.transpose().map_err(|flaw| refused(&flaw))?,
            parent: parent(case, catalogue)?,
            ceiling: ceiling.unwrap_or_default(),
            required: requires(target, &work.scope),
            catalogue,
        })
    }

    /// All that binds, with what a grant lists where one is given.
    fn declared<'b>(&'b self, grant: Option<&'b Remaining>) -> DeclaredLimits<'b> {
        DeclaredLimits {
            parent: self.parent.as_ref(),
            grant,
            ceiling: &self.ceiling,
        }
    }

    /// The details to grant within what a grant lists; `None` where it does not
    /// cover what is requested.
    pub(super) fn covered_by(&self, listed: &Listed) -> Option<Details> {
        let granted = listed.read(self.catalogue);
        let requested = self.requested.as_ref();
        if requested.is_some_and(|requested| !granted.may_hold(requested)) {
            return None;
        }
        let declared = self.declared(Some(granted.remaining()));
        let limits = declared.limits(requested).ok()?;
        narrowed(requested, limits, &self.required, self.catalogue)
    }

    /// What keeps the details from being within what a grant lists; `None` where
    /// nothing does. It says not what would pass.
    pub(super) fn outside_of(&self, listed: &Listed) -> Option<DetailsFlaw> {
        let granted = listed.read(self.catalogue);
        let requested = self.requested.as_ref();
        match self.declared(Some(granted.remaining())).limits(requested) {
            Ok(limits) => flaw(requested, limits, self.catalogue),
            Err(gone) => Some(gone),
        }
    }

    /// The details to grant, within the grant where one is given.
    pub(super) fn within(
        &self,
        grant: Option<&Grant>,
        target: &Target,
    ) -> Result<Details, DetailsFlaw> {
        let listed = grant
            .and_then(|g| g.at(&target.id))
            .map(|at| Remaining::of(&at.authorization_details, self.catalogue));
        let requested = self.requested.as_ref();
        let limits = self.declared(listed.as_ref()).limits(requested)?;
        narrow(requested, limits, &self.required, self.catalogue)
    }
}

/// What a token that is passed on carries. Where the target has dropped all of
/// it, the next one would go without what limits this one.
fn parent(case: &Case, catalogue: &Catalogue) -> Result<Option<Remaining>, Refusal> {
    let Some(parent) = case.subject.parent().filter(|parent| !parent.derives) else {
        return Ok(None);
    };
    let carried = parent.token.details.as_ref().and_then(Value::as_array);
    let remaining = Remaining::of(carried.map_or(&[], Vec::as_slice), catalogue);
    if remaining.is_gone() {
        return Err(Refusal::new(
            Code::Details,
            "expected authorization_details in the subject token that the target still declares, found none; get a fresh subject token",
        ));
    }
    Ok(Some(remaining))
}

fn requires(target: &Target, scope: &Scope) -> BTreeSet<String> {
    scope
        .iter()
        .filter_map(|name| target.spec.scopes.get(name))
        .flat_map(|d| d.requires.iter().cloned())
        .collect()
}

pub(super) fn refused(flaw: &DetailsFlaw) -> Refusal {
    let refusal = Refusal::new(Code::Details, flaw.public());
    match &flaw.would_pass {
        Some(value) => refusal.passing(json!({ "authorization_details": value })),
        None => refusal,
    }
}
