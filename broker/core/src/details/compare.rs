//! How a field narrows: what lies within a limit, and the nearest value that does.

use super::catalogue::Rule;
use super::cidr::DetailsCidr;
use super::decimal::Decimal;
use super::flaw::list;
use super::members::Members;
use super::path;
use super::span::DetailsSpan;
use super::value::Value;

impl Rule {
    /// Whether all that `child` permits, `limit` permits too. Values of another
    /// type than the rule's are never within one another.
    pub(super) fn admits(self, limit: &Value, child: &Value) -> bool {
        let admitted = match self {
            Self::StringEqual => texts(limit, child).map(|(l, c)| l == c),
            Self::StringPrefix => texts(limit, child).map(|(l, c)| path::within(c, l)),
            Self::StringsSubset => lists(limit, child).map(|(l, c)| c.is_within(l)),
            Self::IntegerEqual => integers(limit, child).map(|(l, c)| c == l),
            Self::IntegerAtMost => integers(limit, child).map(|(l, c)| c <= l),
            Self::IntegerAtLeast => integers(limit, child).map(|(l, c)| c >= l),
            Self::DecimalEqual => decimals(limit, child).map(|(l, c)| c.order(l).is_eq()),
            Self::DecimalAtMost => decimals(limit, child).map(|(l, c)| c.order(l).is_le()),
            Self::DecimalAtLeast => decimals(limit, child).map(|(l, c)| c.order(l).is_ge()),
            Self::TimeSpanWithin => spans(limit, child).map(|(l, c)| l.contains(c)),
            Self::CidrWithin => cidrs(limit, child).map(|(l, c)| l.contains(c)),
        };
        admitted.unwrap_or(false)
    }

    /// Whether the value is of the type that the rule compares. Such a value
    /// lies within itself.
    pub(super) const fn is_for(self, value: &Value) -> bool {
        match self {
            Self::StringEqual | Self::StringPrefix => matches!(value, Value::Text(_)),
            Self::StringsSubset => matches!(value, Value::Texts(_)),
            Self::IntegerEqual | Self::IntegerAtMost | Self::IntegerAtLeast => {
                matches!(value, Value::Integer(_))
            }
            Self::DecimalEqual | Self::DecimalAtMost | Self::DecimalAtLeast => {
                matches!(value, Value::Decimal(_))
            }
            Self::TimeSpanWithin => matches!(value, Value::Span(_)),
            Self::CidrWithin => matches!(value, Value::Cidr(_)),
        }
    }

    /// What to ask for instead of a `child` outside `limit`: what both have in
    /// common where that can be said, otherwise the limit itself.
    pub(super) fn nearest(self, limit: &Value, child: &Value) -> Value {
        match self {
            Self::StringsSubset => {
                let common = lists(limit, child).and_then(|(l, c)| c.common(l));
                common.map_or_else(|| limit.clone(), Value::Texts)
            }
            Self::TimeSpanWithin => match spans(limit, child) {
                Some((limit, child)) => Value::Span(limit.nearest(child)),
                None => limit.clone(),
            },
            Self::StringEqual
            | Self::StringPrefix
            | Self::IntegerEqual
            | Self::IntegerAtMost
            | Self::IntegerAtLeast
            | Self::DecimalEqual
            | Self::DecimalAtMost
            | Self::DecimalAtLeast
            | Self::CidrWithin => limit.clone(),
        }
    }

    /// The limit in a message: `at most ...`.
    pub(super) fn phrase(self, limit: &Value) -> String {
        let limit = limit.phrase();
        match self {
            Self::StringEqual | Self::IntegerEqual | Self::DecimalEqual => limit,
            Self::StringPrefix => format!("{limit} or a path below it"),
            Self::StringsSubset => format!("a subset of {limit}"),
            Self::IntegerAtMost | Self::DecimalAtMost => format!("at most {limit}"),
            Self::IntegerAtLeast | Self::DecimalAtLeast => format!("at least {limit}"),
            Self::TimeSpanWithin | Self::CidrWithin => format!("a part of {limit}"),
        }
    }

    /// What of `child` lies outside `limit`, in a message.
    pub(super) fn excess(self, limit: &Value, child: &Value) -> String {
        match lists(limit, child).map(|(l, c)| c.outside(l)) {
            Some(outside) if !outside.is_empty() => list(outside),
            _ => child.phrase(),
        }
    }
}

fn texts<'a>(limit: &'a Value, child: &'a Value) -> Option<(&'a str, &'a str)> {
    let (Value::Text(limit), Value::Text(child)) = (limit, child) else {
        return None;
    };
    Some((limit, child))
}

fn lists<'a>(limit: &'a Value, child: &'a Value) -> Option<(&'a Members, &'a Members)> {
    let (Value::Texts(limit), Value::Texts(child)) = (limit, child) else {
        return None;
    };
    Some((limit, child))
}

fn integers(limit: &Value, child: &Value) -> Option<(u64, u64)> {
    let (Value::Integer(limit), Value::Integer(child)) = (limit, child) else {
        return None;
    };
    Some((*limit, *child))
}

fn decimals<'a>(limit: &'a Value, child: &'a Value) -> Option<(&'a Decimal, &'a Decimal)> {
    let (Value::Decimal(limit), Value::Decimal(child)) = (limit, child) else {
        return None;
    };
    Some((limit, child))
}

fn spans<'a>(limit: &'a Value, child: &'a Value) -> Option<(&'a DetailsSpan, &'a DetailsSpan)> {
    let (Value::Span(limit), Value::Span(child)) = (limit, child) else {
        return None;
    };
    Some((limit, child))
}

fn cidrs<'a>(limit: &'a Value, child: &'a Value) -> Option<(&'a DetailsCidr, &'a DetailsCidr)> {
    let (Value::Cidr(limit), Value::Cidr(child)) = (limit, child) else {
        return None;
    };
    Some((limit, child))
}
