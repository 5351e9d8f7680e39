//! `authorization_details` (RFC 9396): parsed against the target's catalogue,
//! narrowed to parent, grant and ceiling. Since a chosen grant limits, the
//! basis is looked for here, and judged on its own rung.

use super::ladder::Work;
use super::{Case, Facts, basis};
use crate::details::{Catalogue, Details, Flaw, Limits, Listed, narrow, narrowed};
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
    let Some(target) = work.target.clone() else {
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

/// What is requested at the target, limited by everything but the policy.
pub(super) struct Narrowing<'a> {
    requested: Option<Details>,
    parent: Option<Details>,
    ceiling: Details,
    required: BTreeSet<String>,
    catalogue: &'a Catalogue,
}

impl<'a> Narrowing<'a> {
    pub(super) fn new(case: &Case, work: &Work, target: &'a Target) -> Result<Self, Refusal> {
        let catalogue = &target.spec.details;
        let parse = |value: &Value| Details::parse(value, catalogue).map_err(|flaw| refused(&flaw));
        let requested = case.ask.details.as_ref().map(parse).transpose()?;
        let inherited = case.subject.parent().filter(|parent| !parent.derives);
        let parent = inherited
            .map(|parent| {
                parse(
                    parent
                        .token
                        .details
                        .as_ref()
                        .unwrap_or(&Value::Array(Vec::new())),
                )
            })
            .transpose()?;
        let ceiling = work
            .ceiling
            .as_ref()
            .map(|c| Value::Array(c.authorization_details.clone()));
        let ceiling = ceiling.as_ref().map(parse).transpose()?.unwrap_or_default();
        let required = requires(target, &work.scope);
        Ok(Self {
            requested,
            parent,
            ceiling,
            required,
            catalogue,
        })
    }

    /// The details to grant within what a grant lists; `None` where it does not
    /// cover what is requested.
    pub(super) fn covered_by(&self, listed: &Listed) -> Option<Details> {
        let granted = listed.read(self.catalogue)?;
        if (self.requested.as_ref()).is_some_and(|requested| !granted.may_hold(requested)) {
            return None;
        }
        let limits = Limits {
            parent: self.parent.as_ref(),
            grant: Some(granted.details()),
            ceiling: Some(&self.ceiling),
        };
        narrowed(
            self.requested.as_ref(),
            limits,
            &self.required,
            self.catalogue,
        )
    }

    /// The details to grant, within the grant where one is given.
    pub(super) fn within(&self, grant: Option<&Grant>, target: &Target) -> Result<Details, Flaw> {
        let listed = grant
            .and_then(|g| g.at(&target.id))
            .map(|at| at.authorization_details.to_json());
        let granted = listed
            .as_ref()
            .map(|value| Details::parse(value, self.catalogue))
            .transpose()?;
        let limits = Limits {
            parent: self.parent.as_ref(),
            grant: granted.as_ref(),
            ceiling: Some(&self.ceiling),
        };
        narrow(
            self.requested.as_ref(),
            limits,
            &self.required,
            self.catalogue,
        )
    }
}

fn requires(target: &Target, scope: &Scope) -> BTreeSet<String> {
    scope
        .iter()
        .filter_map(|name| target.spec.scopes.get(name))
        .flat_map(|d| d.requires.iter().cloned())
        .collect()
}

pub(super) fn refused(flaw: &Flaw) -> Refusal {
    let refusal = Refusal::new(Code::Details, flaw.public());
    match &flaw.would_pass {
        Some(value) => refusal.passing(json!({ "authorization_details": value })),
        None => refusal,
    }
}
