//! Policies sorted at load by what their scope names, so that a question meets
//! only those that can concern it. Cedar's cost is linear in policies.
//!
//! A policy lies in one place per action: with the target that its scope
//! names, else among those for any target. The two sets of a question are
//! evaluated one after the other, so memory stays linear in the policies.

use crate::vocabulary::{Kind, Vocabulary};
use cedar_policy::{ActionConstraint, Effect, EntityUid, Policy, PolicySet, ResourceConstraint};
use locum_core::policy::Action;
use std::collections::HashMap;

/// All policies of a bundle, by action and target.
#[derive(Debug, Default)]
pub(crate) struct Slices {
    exchange: ByTarget,
    pre_authorise: ByTarget,
}

#[derive(Debug, Default)]
struct ByTarget {
    any: Shelf,
    named: HashMap<String, Shelf>,
}

/// Policies that one question meets.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// As written.
    known: PolicySet,
    /// For a person whose groups are unknown (contract §6): without the
    /// permits that name a group, and every forbid that names one reduced to
    /// its scope.
    unknown: PolicySet,
}

impl Shelf {
    /// The policies to ask.
    pub(crate) fn policies(&self, groups_known: bool) -> &PolicySet {
        if groups_known {
            &self.known
        } else {
            &self.unknown
        }
    }
}

impl Slices {
    /// Puts a policy where questions will look for it.
    ///
    /// # Errors
    /// What Cedar objects to: in practice an id that is taken.
    pub(crate) fn add(&mut self, policy: &Policy, words: &Vocabulary) -> Result<(), String> {
        let target = named_target(policy, words);
        let unknown = without_groups(policy, words)?;
        for action in [Action::Exchange, Action::PreAuthorise] {
            if !speaks_of(policy, words.action(action)) {
                continue;
            }
            let slice = match action {
                Action::Exchange => &mut self.exchange,
                Action::PreAuthorise => &mut self.pre_authorise,
            };
            let shelf = match &target {
                Some(target) => slice.named.entry(target.clone()).or_default(),
                None => &mut slice.any,
            };
            let put = |set: &mut PolicySet, policy: &Policy| {
                set.add(policy.clone()).map_err(|e| e.to_string())
            };
            put(&mut shelf.known, policy)?;
            if let Some(unknown) = &unknown {
                put(&mut shelf.unknown, unknown)?;
            }
        }
        Ok(())
    }

    /// The shelves that a question about this action and target meets.
    pub(crate) fn of(&self, action: Action, target: &str) -> impl Iterator<Item = &Shelf> {
        let slice = match action {
            Action::Exchange => &self.exchange,
            Action::PreAuthorise => &self.pre_authorise,
        };
        std::iter::once(&slice.any).chain(slice.named.get(target))
    }
}

/// Actions have no groups, so `in` is `==`.
fn speaks_of(policy: &Policy, action: &EntityUid) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::In(listed) => listed.contains(action),
        ActionConstraint::Eq(named) => named == *action,
    }
}

/// The only target a policy's scope can match. Targets have no parents, so
/// `in` is `==`; an entity of another type is left for Cedar to say no to.
fn named_target(policy: &Policy, words: &Vocabulary) -> Option<String> {
    let named = match policy.resource_constraint() {
        ResourceConstraint::Any | ResourceConstraint::Is(_) => return None,
        ResourceConstraint::In(named)
        | ResourceConstraint::Eq(named)
        | ResourceConstraint::IsIn(_, named) => named,
    };
    let is_target = named.type_name() == words.type_of(Kind::Target);
    is_target.then(|| named.id().unescaped().to_owned())
}

/// The policy as it stands when a person's groups are unknown; none for a
/// permit that names a group.
fn without_groups(policy: &Policy, words: &Vocabulary) -> Result<Option<Policy>, String> {
    let group = words.type_of(Kind::Group);
    let names_group = policy
        .entity_literals()
        .iter()
        .any(|entity| entity.type_name() == group);
    match (names_group, policy.effect()) {
        (false, _) => Ok(Some(policy.clone())),
        (true, Effect::Permit) => Ok(None),
        (true, Effect::Forbid) => unconditional(policy).map(Some),
    }
}

/// The policy without its conditions.
fn unconditional(policy: &Policy) -> Result<Policy, String> {
    let mut tree = policy.to_json().map_err(|e| e.to_string())?;
    let conditions = tree
        .get_mut("conditions")
        .ok_or("a policy's tree has no conditions")?;
    *conditions = serde_json::Value::Array(Vec::new());
    Policy::from_json(Some(policy.id().clone()), tree).map_err(|e| e.to_string())
}
