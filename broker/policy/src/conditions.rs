//! What can be told of a policy without Cedar: that it cannot match a request.
//! A question meets thousands of policies of which a few match, and Cedar looks
//! at each of them anew.
//!
//! Only what is said in plain terms is judged: members of the context, the
//! principal and the entities in them against literals. All else is left for
//! Cedar, and so is everything after it in the same condition, for it may err,
//! and an error refuses (contract §13).

use crate::expression::{EntityName, Expression, ExpressionPlace, Range, all};
use crate::told::{Member, RequestFacts};
use crate::vocabulary::{EntityKind, Vocabulary};
use cedar_policy::{EntityUid, Policy, PrincipalConstraint, ResourceConstraint};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// A policy's principal and conditions, as far as they can be judged.
#[derive(Debug, Clone)]
pub(crate) struct Conditions(Vec<Expression>);

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
            let body = condition
                .get("body")
                .map_or(Expression::Unknown, Expression::read);
            tests.push(match kind {
                Some("when") => body,
                Some("unless") => Expression::Not(Box::new(body)),
                Some(_) | None => Expression::Unknown,
            });
        }
        tests.retain(|test| !matches!(test, Expression::Constant(true)));
        Self(tests)
    }

    /// Whether the policy matches a question about its action and target;
    /// `None` where only Cedar can tell, or where it may err.
    pub(crate) fn judge(&self, told: &RequestFacts<'_>) -> Option<bool> {
        all(self.0.iter().map(|test| test.judge(told)))
    }
}

/// The principal is always an agent, and an agent is in teams at most. A
/// question meets only policies that any agent or its own fits.
fn principal(constraint: &PrincipalConstraint, words: &Vocabulary) -> Expression {
    let uid = |uid: &EntityUid| {
        let kinds = [EntityKind::Agent, EntityKind::Team];
        let kind = kinds
            .into_iter()
            .find(|kind| words.type_of(*kind) == uid.type_name())?;
        Some((kind, Box::from(uid.id().unescaped())))
    };
    let found = match constraint {
        PrincipalConstraint::Any => return Expression::Constant(true),
        PrincipalConstraint::Is(kind) => {
            (kind == words.type_of(EntityKind::Agent)).then_some(Expression::Constant(true))
        }
        PrincipalConstraint::Eq(named) => uid(named).map(|(kind, id)| match kind {
            EntityKind::Agent => Expression::Constant(true),
            _ => Expression::Is(ExpressionPlace::Principal, (kind, id)),
        }),
        PrincipalConstraint::In(named) => {
            uid(named).map(|named| Expression::IsIn(ExpressionPlace::Principal, vec![named]))
        }
        PrincipalConstraint::IsIn(kind, named) => (kind == words.type_of(EntityKind::Agent))
            .then(|| {
                uid(named).map(|named| Expression::IsIn(ExpressionPlace::Principal, vec![named]))
            })
            .flatten(),
    };
    found.unwrap_or(Expression::Unknown)
}

/// A question meets only policies that any target or its own fits. One that
/// names something else than a target is left for Cedar to say no to.
fn resource(constraint: &ResourceConstraint, words: &Vocabulary) -> Expression {
    let target = words.type_of(EntityKind::Target);
    let fits = match constraint {
        ResourceConstraint::Any => true,
        ResourceConstraint::Is(kind) => kind == target,
        ResourceConstraint::Eq(named) | ResourceConstraint::In(named) => {
            named.type_name() == target
        }
        ResourceConstraint::IsIn(kind, named) => kind == target && named.type_name() == target,
    };
    if fits {
        Expression::Constant(true)
    } else {
        Expression::Unknown
    }
}

impl Expression {
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
        let place = ExpressionPlace::read(operand.get("left")?)?;
        let kind = operand.get("entity_type").and_then(Value::as_str)?;
        let fits = match &place {
            ExpressionPlace::Principal => kind == "Agent",
            ExpressionPlace::Member(member) => member.is_of_kind(kind),
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
            "in" => Some(Self::IsIn(ExpressionPlace::read(left)?, entities(right)?)),
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
            return Some(Self::Is(ExpressionPlace::read(one)?, uid));
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
                Some((EntityKind::Agent, id)) => Some(Self::HoldsAgent(name, id)),
                Some(_) => None,
                None => Some(Self::Holds(name, text_of(right)?.into())),
            },
            (None, Some(name)) => Some(Self::TextIsOneOf(name, texts(left)?)),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }
}

impl ExpressionPlace {
    fn read(node: &Value) -> Option<Self> {
        if node.get("Var").and_then(Value::as_str) == Some("principal") {
            return Some(Self::Principal);
        }
        member(node).map(Self::Member)
    }
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
fn entity(node: &Value) -> Option<EntityName> {
    let named: &Map<String, Value> = literal(node)?.get("__entity")?.as_object()?;
    let kind = match named.get("type").and_then(Value::as_str)? {
        "Agent" => EntityKind::Agent,
        "Group" => EntityKind::Group,
        "Person" => EntityKind::Person,
        "Target" => EntityKind::Target,
        "Team" => EntityKind::Team,
        "Workload" => EntityKind::Workload,
        _ => return None,
    };
    let id = named.get("id").and_then(Value::as_str)?;
    Some((kind, id.into()))
}

/// One entity, or a list of them.
fn entities(node: &Value) -> Option<Vec<EntityName>> {
    match node.get("Set").and_then(Value::as_array) {
        Some(items) => items.iter().map(entity).collect(),
        None => entity(node).map(|one| vec![one]),
    }
}
