//! What the checks have found so far.

use super::aim::Aim;
use super::claims;
use crate::details::Details;
use crate::handout::Handout;
use crate::policy::{Basis, PolicyAnswer};
use crate::registry::Grant;
use crate::scope::Scope;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is known half-way up the ladder; every rung fills in its own part.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) aim: Aim,
    pub(super) scope: Scope,
    pub(super) details: Details,
    pub(super) basis: Option<Basis>,
    pub(super) grant: Option<Arc<Grant>>,
    pub(super) pre_authorised: Option<PolicyAnswer>,
    pub(super) answer: PolicyAnswer,
    pub(super) lifetime: u32,
    pub(super) handout: Option<Handout>,
    pub(super) built: Option<claims::Built>,
}

impl Work {
    /// The `@id`s of the policies that determined the answers so far, of both
    /// actions (contract §12).
    pub(super) fn policies(&self) -> Vec<String> {
        let pre = self.pre_authorised.iter().flat_map(|pre| &pre.policies);
        let all: BTreeSet<_> = self.answer.policies.iter().chain(pre).cloned().collect();
        all.into_iter().collect()
    }
}
