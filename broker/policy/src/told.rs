//! The facts of a question as conditions look them up.

use crate::request::{CedarFacts, Fact, Uid};
use crate::vocabulary::EntityKind;
use std::net::IpAddr;

/// The members of the context (`schema.cedarschema`).
const MEMBERS: [&str; 18] = [
    "acr",
    "amr",
    "auth_age_s",
    "basis",
    "chain",
    "delegate_to",
    "depth",
    "detail_types",
    "hour_utc",
    "ip",
    "person",
    "presenter",
    "purpose",
    "risk",
    "scopes",
    "task_id",
    "weekday",
    "workload",
];

/// A member of the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member(usize);

impl Member {
    /// The member of that name, if conditions on it can be judged.
    pub(crate) fn named(name: &str) -> Option<Self> {
        MEMBERS.iter().position(|known| *known == name).map(Self)
    }

    /// Whether what stands there is always an entity of that type.
    pub(crate) fn is_of_kind(self, kind: &str) -> bool {
        match MEMBERS.get(self.0) {
            Some(&"person") => kind == "Person",
            Some(&"delegate_to") => kind == "Agent",
            Some(&"workload") => kind == "Workload",
            Some(_) | None => false,
        }
    }
}

/// The facts of one question.
pub(crate) struct RequestFacts<'a> {
    agent: &'a str,
    members: [Option<ContextValue<'a>>; MEMBERS.len()],
    /// Child and parent, sorted.
    parents: Vec<(Name<'a>, Name<'a>)>,
}

/// An entity's name.
type Name<'a> = (EntityKind, &'a str);

/// What stands at a member.
enum ContextValue<'a> {
    Number(i64),
    Text(&'a str),
    Texts(Texts<'a>),
    Entity(Name<'a>),
    Agents(&'a [String]),
    Address(IpAddr),
}

/// A set of texts, sorted.
pub(crate) struct Texts<'a>(Vec<&'a str>);

impl Texts<'_> {
    pub(crate) fn has(&self, text: &str) -> bool {
        self.0.binary_search(&text).is_ok()
    }

    /// Whether all are among those, which are sorted and each there once.
    pub(crate) fn is_within(&self, texts: &[Box<str>]) -> bool {
        let among = |text: &&str| texts.binary_search_by(|each| (**each).cmp(text)).is_ok();
        self.0.len() <= texts.len() && self.0.iter().all(among)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> RequestFacts<'a> {
    pub(crate) fn of(facts: &'a CedarFacts) -> Self {
        let mut members = [const { None }; MEMBERS.len()];
        for (name, fact) in facts.context() {
            if let Some(place) = Member::named(name).and_then(|member| members.get_mut(member.0)) {
                *place = Some(ContextValue::of(fact));
            }
        }
        let name = |uid: &'a Uid| (uid.0, uid.1.as_str());
        let parents = facts.parents();
        let mut parents: Vec<_> = parents
            .map(|(child, parent)| (name(child), name(parent)))
            .collect();
        parents.sort_unstable();
        Self {
            agent: facts.agent(),
            members,
            parents,
        }
    }

    fn seen(&self, member: Member) -> Option<&ContextValue<'a>> {
        self.members.get(member.0)?.as_ref()
    }

    pub(crate) fn has(&self, member: Member) -> bool {
        self.seen(member).is_some()
    }

    pub(crate) fn text(&self, member: Member) -> Option<&'a str> {
        let ContextValue::Text(text) = self.seen(member)? else {
            return None;
        };
        Some(text)
    }

    pub(crate) fn number(&self, member: Member) -> Option<i64> {
        let ContextValue::Number(number) = self.seen(member)? else {
            return None;
        };
        Some(*number)
    }

    pub(crate) fn texts(&self, member: Member) -> Option<&Texts<'a>> {
        let ContextValue::Texts(texts) = self.seen(member)? else {
            return None;
        };
        Some(texts)
    }

    pub(crate) fn address(&self, member: Member) -> Option<IpAddr> {
        let ContextValue::Address(address) = self.seen(member)? else {
            return None;
        };
        Some(*address)
    }

    pub(crate) fn entity(&self, member: Member) -> Option<Name<'a>> {
        let ContextValue::Entity(name) = self.seen(member)? else {
            return None;
        };
        Some(*name)
    }

    pub(crate) fn holds_agent(&self, member: Member, id: &str) -> Option<bool> {
        let ContextValue::Agents(ids) = self.seen(member)? else {
            return None;
        };
        Some(ids.iter().any(|each| each == id))
    }

    /// The actor.
    pub(crate) const fn principal(&self) -> Name<'a> {
        (EntityKind::Agent, self.agent)
    }

    /// Whether an entity is in another one, as a person in a group.
    pub(crate) fn is_in(&self, child: Name<'_>, parent: Name<'_>) -> bool {
        self.parents.binary_search(&(child, parent)).is_ok()
    }
}

impl<'a> ContextValue<'a> {
    fn of(fact: &'a Fact) -> Self {
        match fact {
            Fact::Number(number) => Self::Number(*number),
            Fact::Text(text) => Self::Text(text),
            Fact::Texts(texts) => {
                let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                texts.sort_unstable();
                texts.dedup();
                Self::Texts(Texts(texts))
            }
            Fact::Entity((kind, id)) => Self::Entity((*kind, id)),
            Fact::Agents(ids) => Self::Agents(ids),
            Fact::Address(address) => Self::Address(*address),
        }
    }
}
