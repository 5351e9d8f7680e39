//! A condition as far as it can be judged without Cedar: true, false, or not
//! told, where only Cedar can tell or where it may err.

use crate::told::{Member, RequestFacts};
use crate::vocabulary::EntityKind;
use std::cmp::Ordering;
use std::net::IpAddr;

/// An expression that is true or false.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Constant(bool),
    Unknown,
    Not(Box<Expression>),
    And(Box<[Expression; 2]>),
    Or(Box<[Expression; 2]>),
    If(Box<[Expression; 3]>),
    /// `context has x`.
    Has(Member),
    /// `context.x == "…"`.
    TextIs(Member, Box<str>),
    /// `["…"].contains(context.x)`.
    TextIsOneOf(Member, Vec<Box<str>>),
    /// `context.x like "…"`: what is between the wildcards.
    TextIsLike(Member, Vec<Box<str>>),
    /// `context.x < n` and the like: what the comparison comes to.
    Number(Member, i64, Vec<Ordering>),
    /// `context.x.contains("…")`.
    Holds(Member, Box<str>),
    /// `context.x.containsAll(["…"])`.
    HoldsAll(Member, Vec<Box<str>>),
    /// `context.x.containsAny(["…"])`, either way round.
    HoldsAny(Member, Vec<Box<str>>),
    /// `["…"].containsAll(context.x)`.
    IsWithin(Member, Vec<Box<str>>),
    IsEmpty(Member),
    /// `context.x.contains(Agent::"…")`.
    HoldsAgent(Member, Box<str>),
    /// `context.x.isInRange(ip("…"))`.
    IsInRange(Member, Range),
    /// `… == Kind::"…"`.
    Is(ExpressionPlace, EntityName),
    /// `… in [Kind::"…"]`.
    IsIn(ExpressionPlace, Vec<EntityName>),
}

/// An entity that a policy names.
pub(crate) type EntityName = (EntityKind, Box<str>);

/// Where an entity stands.
#[derive(Debug, Clone)]
pub(crate) enum ExpressionPlace {
    Principal,
    Member(Member),
}

/// Addresses with the same first bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range(IpAddr, u8);

/// Conditions are looked at in their order: nothing after a false one is, and
/// nothing after one that may err can be told.
pub(crate) fn all(mut each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    each.find(|outcome| *outcome != Some(true))
        .unwrap_or(Some(true))
}

impl Expression {
    /// Whether it holds.
    pub(crate) fn judge(&self, told: &RequestFacts<'_>) -> Option<bool> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Unknown => None,
            Self::Not(test) => test.judge(told).map(|holds| !holds),
            Self::And(both) => all(both.iter().map(|test| test.judge(told))),
            // `a || b` is `!(!a && !b)`, also in what is looked at.
            Self::Or(both) => {
                let neither = both.iter().map(|test| test.judge(told).map(|holds| !holds));
                all(neither).map(|holds| !holds)
            }
            Self::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let chosen = if condition.judge(told)? {
                    then
                } else {
                    otherwise
                };
                chosen.judge(told)
            }
            Self::Has(name) => Some(told.has(*name)),
            Self::TextIs(name, text) => told.text(*name).map(|found| found == &**text),
            Self::TextIsOneOf(name, texts) => told.text(*name).map(|found| has(texts, found)),
            Self::TextIsLike(name, parts) => told.text(*name).map(|found| is_like(found, parts)),
            Self::Number(name, number, holds) => told
                .number(*name)
                .map(|found| holds.contains(&found.cmp(number))),
            Self::Holds(name, text) => told.texts(*name).map(|found| found.has(text)),
            Self::HoldsAll(name, texts) => told
                .texts(*name)
                .map(|found| texts.iter().all(|text| found.has(text))),
            Self::HoldsAny(name, texts) => told
                .texts(*name)
                .map(|found| texts.iter().any(|text| found.has(text))),
            Self::IsWithin(name, texts) => told.texts(*name).map(|found| found.is_within(texts)),
            Self::IsEmpty(name) => told.texts(*name).map(|found| found.is_empty()),
            Self::HoldsAgent(name, id) => told.holds_agent(*name, id),
            Self::IsInRange(name, range) => told.address(*name).map(|found| range.has(found)),
            Self::Is(place, uid) => place.judge(told, std::slice::from_ref(uid), false),
            Self::IsIn(place, uids) => place.judge(told, uids, true),
        }
    }
}

impl ExpressionPlace {
    /// Whether the entity is one of those, or, where `within`, in one of them.
    fn judge(&self, told: &RequestFacts<'_>, uids: &[EntityName], within: bool) -> Option<bool> {
        let (kind, id) = match self {
            Self::Principal => told.principal(),
            Self::Member(member) => told.entity(*member)?,
        };
        let hit = |(named, wanted): &EntityName| {
            *named == kind && **wanted == *id || within && told.is_in((kind, id), (*named, wanted))
        };
        Some(uids.iter().any(hit))
    }
}

impl Range {
    /// One address, or a network without host bits. What is written in another
    /// way is left for Cedar.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self(address, bits))
    }

    fn has(self, address: IpAddr) -> bool {
        match (self.0, address) {
            (IpAddr::V4(range), IpAddr::V4(address)) => {
                let differ = u32::from(range) ^ u32::from(address);
                differ.checked_shr(32 - u32::from(self.1)).unwrap_or(0) == 0
            }
            (IpAddr::V6(range), IpAddr::V6(address)) => {
                let differ = u128::from(range) ^ u128::from(address);
                differ.checked_shr(128 - u32::from(self.1)).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Whether a text has these parts in this order: it begins with the first, ends
/// with the last, and anything may stand between.
fn is_like(text: &str, parts: &[Box<str>]) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| **only == *text);
    };
    let Some(mut rest) = text.strip_prefix(&**first) else {
        return false;
    };
    for part in middle {
        let Some((_, after)) = rest.split_once(&**part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(&**last)
}

fn has(texts: &[Box<str>], text: &str) -> bool {
    texts.iter().any(|each| **each == *text)
}
