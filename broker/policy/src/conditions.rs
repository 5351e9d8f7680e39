//! What can be told of a policy without Cedar: that it cannot match a request.
//! A question meets thousands of policies of which a few match, and Cedar looks
//! at each of them anew.
//!
//! Only what is said in plain terms is judged: members of the context, the
//! principal and the entities in them against literals. All else is left for
//! Cedar, and so is everything after it in the same condition, for it may err,
//! and an error refuses (contract §13).

use crate::told::{Member, Told};
use crate::vocabulary::{Kind, Vocabulary};
use cedar_policy::{EntityUid, Policy, PrincipalConstraint, ResourceConstraint};
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::net::IpAddr;

/// A policy's principal and conditions, as far as they can be judged.
#[derive(Debug, Clone)]
pub(crate) struct Conditions(Vec<Test>);

/// An expression that is true or false.
#[derive(Debug, Clone)]
enum Test {
    Constant(bool),
    Unknown,
    Not(Box<Test>),
    And(Box<[Test; 2]>),
    Or(Box<[Test; 2]>),
    If(Box<[Test; 3]>),
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
    Is(Place, Named),
    /// `… in [Kind::"…"]`.
    IsIn(Place, Vec<Named>),
}

/// An entity that a policy names.
type Named = (Kind, Box<str>);

/// Where an entity stands.
#[derive(Debug, Clone)]
enum Place {
    Principal,
    Member(Member),
}

/// Addresses with the same first bits.
#[derive(Debug, Clone, Copy)]
struct Range(IpAddr, u8);

impl Conditions {
    /// Reads a policy; `tree` is its JSON form.
    pub(crate) fn read(policy: &Policy, tree: &Value, words: &Vocabulary) -> Self {
        let mut tests = vec![
            principal(&policy.principal_constraint(), words),
            resource(&policy.resource_constraint(), words),
        ];
        let conditions = tree.get("conditions").and_then(Value::as_array);
        for condition in conditions.into_iter().flatten() {
            let kind = condition.get("kind").and_then(Value::as_str);
            let body = condition.get("body").map_or(Test::Unknown, Test::read);
            tests.push(match kind {
                Some("when") => body,
                Some("unless") => Test::Not(Box::new(body)),
                Some(_) | None => Test::Unknown,
            });
        }
        Self(tests)
    }

    /// Whether the policy matches a question about its action and target;
    /// `None` where only Cedar can tell, or where it may err.
    pub(crate) fn judge(&self, told: &Told<'_>) -> Option<bool> {
        all(self.0.iter().map(|test| test.judge(told)))
    }
}

/// Conditions are looked at in their order: nothing after a false one is, and
/// nothing after one that may err can be told.
fn all(mut each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    each.find(|outcome| *outcome != Some(true))
        .unwrap_or(Some(true))
}

/// The principal is always an agent, and an agent is in teams at most.
fn principal(constraint: &PrincipalConstraint, words: &Vocabulary) -> Test {
    let uid = |uid: &EntityUid| {
        let kinds = [Kind::Agent, Kind::Team];
        let kind = kinds
            .into_iter()
            .find(|kind| words.type_of(*kind) == uid.type_name())?;
        Some((kind, Box::from(uid.id().unescaped())))
    };
    let found = match constraint {
        PrincipalConstraint::Any => return Test::Constant(true),
        PrincipalConstraint::Is(kind) => {
            (kind == words.type_of(Kind::Agent)).then_some(Test::Constant(true))
        }
        PrincipalConstraint::Eq(named) => uid(named).map(|named| Test::Is(Place::Principal, named)),
        PrincipalConstraint::In(named) => {
            uid(named).map(|named| Test::IsIn(Place::Principal, vec![named]))
        }
        PrincipalConstraint::IsIn(kind, named) => (kind == words.type_of(Kind::Agent))
            .then(|| uid(named).map(|named| Test::IsIn(Place::Principal, vec![named])))
            .flatten(),
    };
    found.unwrap_or(Test::Unknown)
}

/// A question meets only policies that any target or its own fits. One that
/// names something else than a target is left for Cedar to say no to.
fn resource(constraint: &ResourceConstraint, words: &Vocabulary) -> Test {
    let target = words.type_of(Kind::Target);
    let fits = match constraint {
        ResourceConstraint::Any => true,
        ResourceConstraint::Is(kind) => kind == target,
        ResourceConstraint::Eq(named) | ResourceConstraint::In(named) => {
            named.type_name() == target
        }
        ResourceConstraint::IsIn(kind, named) => kind == target && named.type_name() == target,
    };
    if fits {
        Test::Constant(true)
    } else {
        Test::Unknown
    }
}

impl Test {
    /// Reads an expression in Cedar's JSON form.
    fn read(node: &Value) -> Self {
        let found = node
            .as_object()
            .filter(|object| object.len() == 1)
            .and_then(|object| object.iter().next())
            .and_then(|(operator, operand)| Self::of(operator, operand));
        found.unwrap_or(Self::Unknown)
    }

    fn of(operator: &str, operand: &Value) -> Option<Self> {
        let part = |name| operand.get(name);
        let read = |name| part(name).map(Self::read);
        Some(match operator {
            "Value" => Self::Constant(operand.as_bool()?),
            "!" => Self::Not(Box::new(read("arg")?)),
            "&&" => Self::And(Box::new([read("left")?, read("right")?])),
            "||" => Self::Or(Box::new([read("left")?, read("right")?])),
            "if-then-else" => Self::If(Box::new([read("if")?, read("then")?, read("else")?])),
            "has" => Self::has(operand)?,
            "like" => Self::like(member(part("left")?)?, part("pattern")?)?,
            "isEmpty" => Self::IsEmpty(member(part("arg")?)?),
            "isInRange" => Self::in_range(operand)?,
            "is" => Self::is(operand)?,
            _ => Self::compared(operator, part("left")?, part("right")?)?,
        })
    }

    fn has(operand: &Value) -> Option<Self> {
        let context = operand.get("left").is_some_and(is_context);
        let name = operand.get("attr").and_then(Value::as_str)?;
        Member::named(name).filter(|_| context).map(Self::Has)
    }

    /// `is Person in …`: what it is is known from where it stands.
    fn is(operand: &Value) -> Option<Self> {
        let place = Place::read(operand.get("left")?)?;
        let kind = operand.get("entity_type").and_then(Value::as_str)?;
        let fits = match &place {
            Place::Principal => kind == "Agent",
            Place::Member(member) => member.is_of_kind(kind),
        };
        let groups = operand.get("in").filter(|_| fits)?;
        Some(Self::IsIn(place, entities(groups)?))
    }

    fn like(name: Member, pattern: &Value) -> Option<Self> {
        let mut parts = vec![String::new()];
        for element in pattern.as_array()? {
            match element {
                Value::String(word) if word == "Wildcard" => parts.push(String::new()),
                Value::Object(literal) => {
                    let text = literal.get("Literal").and_then(Value::as_str)?;
                    parts.last_mut()?.push_str(text);
                }
                _ => return None,
            }
        }
        let parts = parts.into_iter().map(String::into_boxed_str);
        Some(Self::TextIsLike(name, parts.collect()))
    }

    fn in_range(operand: &Value) -> Option<Self> {
        let [address, range] = operand.as_array()?.as_slice() else {
            return None;
        };
        let made = range.get("ip").and_then(Value::as_array)?;
        let [text] = made.as_slice() else {
            return None;
        };
        Some(Self::IsInRange(
            member(address)?,
            Range::read(text_of(text)?)?,
        ))
    }

    fn compared(operator: &str, left: &Value, right: &Value) -> Option<Self> {
        use Ordering::{Equal, Greater, Less};
        match operator {
            "==" => Self::equal(left, right).or_else(|| Self::equal(right, left)),
            "!=" => Self::compared("==", left, right).map(|test| Self::Not(Box::new(test))),
            "in" => Some(Self::IsIn(Place::read(left)?, entities(right)?)),
            "<" => Self::ordered(left, right, [Less].as_slice()),
            "<=" => Self::ordered(left, right, [Less, Equal].as_slice()),
            ">" => Self::ordered(left, right, [Greater].as_slice()),
            ">=" => Self::ordered(left, right, [Greater, Equal].as_slice()),
            "contains" => Self::contains(left, right),
            "containsAll" => match (member(left), member(right)) {
                (Some(name), None) => Some(Self::HoldsAll(name, texts(right)?)),
                (None, Some(name)) => Some(Self::IsWithin(name, texts(left)?)),
                (Some(_), Some(_)) | (None, None) => None,
            },
            "containsAny" => match (member(left), member(right)) {
                (Some(name), None) => Some(Self::HoldsAny(name, texts(right)?)),
                (None, Some(name)) => Some(Self::HoldsAny(name, texts(left)?)),
                (Some(_), Some(_)) | (None, None) => None,
            },
            _ => None,
        }
    }

    fn equal(one: &Value, other: &Value) -> Option<Self> {
        if let Some(uid) = entity(other) {
            return Some(Self::Is(Place::read(one)?, uid));
        }
        let name = member(one)?;
        match literal(other)? {
            Value::String(text) => Some(Self::TextIs(name, text.as_str().into())),
            Value::Number(number) => {
                Some(Self::Number(name, number.as_i64()?, vec![Ordering::Equal]))
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn ordered(left: &Value, right: &Value, holds: &[Ordering]) -> Option<Self> {
        let number = |node| literal(node).and_then(Value::as_i64);
        match (member(left), number(right)) {
            (Some(name), Some(number)) => Some(Self::Number(name, number, holds.to_vec())),
            (_, _) => {
                let turned = holds.iter().map(|order| order.reverse());
                Some(Self::Number(
                    member(right)?,
                    number(left)?,
                    turned.collect(),
                ))
            }
        }
    }

    fn contains(left: &Value, right: &Value) -> Option<Self> {
        match (member(left), member(right)) {
            (Some(name), None) => match entity(right) {
                Some((Kind::Agent, id)) => Some(Self::HoldsAgent(name, id)),
                Some(_) => None,
                None => Some(Self::Holds(name, text_of(right)?.into())),
            },
            (None, Some(name)) => Some(Self::TextIsOneOf(name, texts(left)?)),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    fn judge(&self, told: &Told<'_>) -> Option<bool> {
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

impl Place {
    fn read(node: &Value) -> Option<Self> {
        if node.get("Var").and_then(Value::as_str) == Some("principal") {
            return Some(Self::Principal);
        }
        member(node).map(Self::Member)
    }

    /// Whether the entity is one of those, or, where `within`, in one of them.
    fn judge(&self, told: &Told<'_>, uids: &[Named], within: bool) -> Option<bool> {
        let (kind, id) = match self {
            Self::Principal => told.principal(),
            Self::Member(member) => told.entity(*member)?,
        };
        let hit = |(named, wanted): &Named| {
            *named == kind && **wanted == *id || within && told.is_in((kind, id), (*named, wanted))
        };
        Some(uids.iter().any(hit))
    }
}

impl Range {
    /// One address, or a network without host bits. What is written in another
    /// way is left for Cedar.
    fn read(text: &str) -> Option<Self> {
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

/// `context.x`.
fn member(node: &Value) -> Option<Member> {
    let access = node.get(".")?;
    let context = access.get("left").is_some_and(is_context);
    let name = access.get("attr").and_then(Value::as_str)?;
    Member::named(name).filter(|_| context)
}

fn is_context(node: &Value) -> bool {
    node.get("Var").and_then(Value::as_str) == Some("context")
}

fn literal(node: &Value) -> Option<&Value> {
    node.get("Value")
}

fn text_of(node: &Value) -> Option<&str> {
    literal(node).and_then(Value::as_str)
}

/// A list of texts, each once.
fn texts(node: &Value) -> Option<Vec<Box<str>>> {
    let each = node.get("Set").and_then(Value::as_array)?.iter();
    let mut texts: Vec<Box<str>> = each
        .map(|item| text_of(item).map(Box::from))
        .collect::<Option<_>>()?;
    texts.sort_unstable();
    texts.dedup();
    Some(texts)
}

/// `Kind::"…"`.
fn entity(node: &Value) -> Option<Named> {
    let named: &Map<String, Value> = literal(node)?.get("__entity")?.as_object()?;
    let kind = match named.get("type").and_then(Value::as_str)? {
        "Agent" => Kind::Agent,
        "Group" => Kind::Group,
        "Person" => Kind::Person,
        "Target" => Kind::Target,
        "Team" => Kind::Team,
        "Workload" => Kind::Workload,
        _ => return None,
    };
    let id = named.get("id").and_then(Value::as_str)?;
    Some((kind, id.into()))
}

/// One entity, or a list of them.
fn entities(node: &Value) -> Option<Vec<Named>> {
    match node.get("Set").and_then(Value::as_array) {
        Some(items) => items.iter().map(entity).collect(),
        None => entity(node).map(|one| vec![one]),
    }
}
