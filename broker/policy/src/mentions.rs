//! What the policies of a bundle mention at all. A fact that none of them can
//! look at cannot change an answer, so it is neither handed to Cedar nor does
//! it keep one remembered answer from serving another question.

use crate::vocabulary::{EntityKind, Vocabulary};
use cedar_policy::Policy;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Entities have no attributes and nothing but what their kind gives them for
/// parents, so policies reach facts by a member of the context or by naming an
/// entity, and in no other way.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    /// Members of the context, by name.
    members: BTreeSet<String>,
    /// The context is looked at as a whole.
    whole_context: bool,
    /// Groups that are named.
    groups: BTreeSet<String>,
    /// Every group counts as named.
    all_groups: bool,
    /// Some team is named.
    pub(crate) teams: bool,
    /// Some person is named.
    pub(crate) persons: bool,
}

impl Mentions {
    /// Takes in one more policy; `tree` is its JSON form.
    pub(crate) fn add(&mut self, policy: &Policy, tree: &Value, words: &Vocabulary) {
        for entity in policy.entity_literals() {
            let named = |kind| entity.type_name() == words.type_of(kind);
            if named(EntityKind::Group) {
                self.groups.insert(entity.id().unescaped().to_owned());
            }
            self.teams |= named(EntityKind::Team);
            self.persons |= named(EntityKind::Person);
        }
        self.walk(tree);
    }

    /// Everything, as if some policy looked at it.
    #[cfg(test)]
    pub(crate) fn all() -> Self {
        Self {
            members: BTreeSet::new(),
            whole_context: true,
            groups: BTreeSet::new(),
            all_groups: true,
            teams: true,
            persons: true,
        }
    }

    /// Whether some policy looks at this member of the context.
    pub(crate) fn member(&self, name: &str) -> bool {
        self.whole_context || self.members.contains(name)
    }

    /// Whether some policy names this group.
    pub(crate) fn group(&self, name: &str) -> bool {
        self.all_groups || self.groups.contains(name)
    }

    /// Reads Cedar's JSON form: `context.x` and `context has x` are objects
    /// with `left` and `attr` under `.` and `has`; the context in any other
    /// place counts as every member.
    fn walk(&mut self, node: &Value) {
        match node {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(object) => {
                for (operator, operand) in object {
                    match (operator.as_str(), operand) {
                        ("." | "has", Value::Object(access)) if of_context(access) => {
                            self.member_of_context(access);
                        }
                        ("Var", Value::String(name)) => self.whole_context |= name == "context",
                        _ => self.walk(operand),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn member_of_context(&mut self, access: &Map<String, Value>) {
        match access.get("attr") {
            Some(Value::String(name)) => {
                self.members.insert(name.clone());
            }
            _ => self.whole_context = true,
        }
    }
}

fn of_context(access: &Map<String, Value>) -> bool {
    let variable = access.get("left").and_then(|left| left.get("Var"));
    variable.is_some_and(|name| name == "context")
}
