//! Policies sorted at load by what their scope names, so that a question meets
//! only those that can concern it; of these, Cedar is asked about those that
//! can matter. Its cost is linear in policies.
//!
//! A policy lies in one place per action: with the target and the agent that
//! its scope names, else among those for any.

use crate::conditions::Conditions;
use crate::told::RequestFacts;
use crate::vocabulary::{EntityKind, Vocabulary};
use cedar_policy::{
    ActionConstraint, Effect, EntityUid, Policy, PrincipalConstraint, ResourceConstraint,
};
use locum_core::policy::Action;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// All policies of a bundle, by action, target and agent.
#[derive(Debug, Default)]
pub(crate) struct Slices {
    exchange: ByTarget,
    pre_authorise: ByTarget,
}

#[derive(Debug, Default)]
struct ByTarget {
    any: ByAgent,
    named: HashMap<String, ByAgent>,
}

#[derive(Debug, Default)]
struct ByAgent {
    any: Vec<Arc<PolicyRule>>,
    named: HashMap<String, Vec<Arc<PolicyRule>>>,
}

/// A policy with what can be told of it.
#[derive(Debug)]
struct PolicyRule {
    /// As written.
    known: RuleForm,
    unknown: WithoutGroups,
}

/// A policy for a person whose groups are unknown (contract §6).
#[derive(Debug)]
enum WithoutGroups {
    /// It names no group.
    Same,
    /// A permit that names one.
    LeftOut,
    /// A forbid that names one, reduced to its scope.
    Reduced(Box<RuleForm>),
}

/// A policy as it is asked about.
#[derive(Debug)]
struct RuleForm {
    policy: Policy,
    conditions: Conditions,
}

impl RuleForm {
    fn read(policy: Policy, tree: &Value, words: &Vocabulary) -> Self {
        let conditions = Conditions::read(&policy, tree, words);
        Self { policy, conditions }
    }
}

impl PolicyRule {
    fn form(&self, groups_known: bool) -> Option<&RuleForm> {
        match &self.unknown {
            WithoutGroups::Reduced(form) if !groups_known => Some(form),
            WithoutGroups::LeftOut if !groups_known => None,
            WithoutGroups::Reduced(_) | WithoutGroups::LeftOut | WithoutGroups::Same => {
                Some(&self.known)
            }
        }
    }
}

impl Slices {
    /// Puts a policy where questions will look for it; `tree` is its JSON form.
    ///
    /// # Errors
    /// What Cedar objects to.
    pub(crate) fn add(
        &mut self,
        policy: &Policy,
        tree: &Value,
        words: &Vocabulary,
    ) -> Result<(), String> {
        let (target, agent) = (named_target(policy, words), named_agent(policy, words));
        let rule = Arc::new(PolicyRule {
            known: RuleForm::read(policy.clone(), tree, words),
            unknown: without_groups(policy, tree, words)?,
        });
        for action in [Action::Exchange, Action::PreAuthorise] {
            if !speaks_of(policy, words.action(action)) {
                continue;
            }
            let slice = match action {
                Action::Exchange => &mut self.exchange,
                Action::PreAuthorise => &mut self.pre_authorise,
            };
            let by_agent = match &target {
                Some(target) => slice.named.entry(target.clone()).or_default(),
                None => &mut slice.any,
            };
            let rules = match &agent {
                Some(agent) => by_agent.named.entry(agent.clone()).or_default(),
                None => &mut by_agent.any,
            };
            rules.push(rule.clone());
        }
        Ok(())
    }

    /// How many policies a question about this agent and target meets.
    pub(crate) fn count(&self, action: Action, agent: &str, target: &str) -> usize {
        self.of(action, agent, target).count()
    }

    /// The policies that Cedar has to be asked about: not those that cannot
    /// match; and where a forbid matches, not the permits that do, for they
    /// change nothing.
    pub(crate) fn asked<'a>(
        &'a self,
        (action, target): (Action, &str),
        groups_known: bool,
        told: &RequestFacts<'_>,
    ) -> impl Iterator<Item = &'a Policy> {
        let (_, agent) = told.principal();
        let mut forbidden = false;
        let mut met = Vec::new();
        for rule in self.of(action, agent, target) {
            let Some(form) = rule.form(groups_known) else {
                continue;
            };
            let matches = form.conditions.judge(told);
            let forbids = form.policy.effect() == Effect::Forbid;
            if matches != Some(false) {
                forbidden |= forbids && matches == Some(true);
                met.push((&form.policy, !forbids && matches == Some(true)));
            }
        }
        met.into_iter()
            .filter(move |(_, permits)| !(forbidden && *permits))
            .map(|(policy, _)| policy)
    }

    fn of(
        &self,
        action: Action,
        agent: &str,
        target: &str,
    ) -> impl Iterator<Item = &Arc<PolicyRule>> {
        let slice = match action {
            Action::Exchange => &self.exchange,
            Action::PreAuthorise => &self.pre_authorise,
        };
        std::iter::once(&slice.any)
            .chain(slice.named.get(target))
            .flat_map(move |by_agent| {
                let named = by_agent.named.get(agent);
                by_agent.any.iter().chain(named.into_iter().flatten())
            })
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
    let is_target = named.type_name() == words.type_of(EntityKind::Target);
    is_target.then(|| named.id().unescaped().to_owned())
}

/// The only agent a policy's scope can match.
fn named_agent(policy: &Policy, words: &Vocabulary) -> Option<String> {
    let PrincipalConstraint::Eq(named) = policy.principal_constraint() else {
        return None;
    };
    let is_agent = named.type_name() == words.type_of(EntityKind::Agent);
    is_agent.then(|| named.id().unescaped().to_owned())
}

fn without_groups(
    policy: &Policy,
    tree: &Value,
    words: &Vocabulary,
) -> Result<WithoutGroups, String> {
    let group = words.type_of(EntityKind::Group);
    let names_group = policy
        .entity_literals()
        .iter()
        .any(|entity| entity.type_name() == group);
    match (names_group, policy.effect()) {
        (false, _) => Ok(WithoutGroups::Same),
        (true, Effect::Permit) => Ok(WithoutGroups::LeftOut),
        (true, Effect::Forbid) => {
            let mut tree = tree.clone();
            let reduced = unconditional(policy, &mut tree)?;
            Ok(WithoutGroups::Reduced(Box::new(RuleForm::read(
                reduced, &tree, words,
            ))))
        }
    }
}

/// The policy without its conditions.
fn unconditional(policy: &Policy, tree: &mut Value) -> Result<Policy, String> {
    let conditions = tree
        .get_mut("conditions")
        .ok_or("a policy's tree has no conditions")?;
    *conditions = Value::Array(Vec::new());
    Policy::from_json(Some(policy.id().clone()), tree.clone()).map_err(|e| e.to_string())
}
