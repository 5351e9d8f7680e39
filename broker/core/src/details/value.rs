//! One field's value: read under its rule, written back as it was.

use super::catalogue::Rule;
use super::cidr::DetailsCidr;
use super::decimal::Decimal;
use super::flaw::{describe, list, quote};
use super::members::Members;
use super::path;
use super::span::DetailsSpan;
use serde_json::{Value as Json, json};

/// Most bytes of a string.
const STRING_LIMIT: usize = 1024;
/// Most members of an array of strings.
const ARRAY_LIMIT: usize = 256;
/// Integers in JSON stay below 2^53 (contract §2).
const INTEGER_LIMIT: u64 = 1 << 53;

/// A value of a declared type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Texts(Members),
    Integer(u64),
    Decimal(Decimal),
    Span(DetailsSpan),
    Cidr(DetailsCidr),
}

/// What was expected and what was found instead.
pub(super) type Mismatch = (String, String);

impl Value {
    /// Reads a value of the type that `rule` is for.
    pub(super) fn parse(rule: Rule, json: &Json) -> Result<Self, Mismatch> {
        match rule {
            Rule::StringEqual => text(json).map(Self::Text),
            Rule::StringPrefix => prefix(json).map(Self::Text),
            Rule::StringsSubset => texts(json).map(Self::Texts),
            Rule::IntegerEqual | Rule::IntegerAtMost | Rule::IntegerAtLeast => integer(json),
            Rule::DecimalEqual | Rule::DecimalAtMost | Rule::DecimalAtLeast => decimal(json),
            Rule::TimeSpanWithin => span(json),
            Rule::CidrWithin => cidr(json),
        }
    }

    /// The value as JSON: strings, decimals and timestamps as they were written.
    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Texts(texts) => json!(texts.iter().collect::<Vec<_>>()),
            Self::Integer(number) => json!(number),
            Self::Decimal(decimal) => json!(decimal.text()),
            Self::Span(span) => {
                let (not_before, not_after) = span.texts();
                // In this order, so that the members are sorted.
                json!({"not_after": not_after, "not_before": not_before})
            }
            Self::Cidr(cidr) => json!(cidr.to_string()),
        }
    }

    /// The value in a message.
    pub(super) fn phrase(&self) -> String {
        match self {
            Self::Text(text) => quote(text),
            Self::Texts(texts) => list(texts.iter()),
            Self::Integer(number) => quote(&number.to_string()),
            Self::Decimal(decimal) => quote(decimal.text()),
            Self::Span(span) => {
                let (not_before, not_after) = span.texts();
                format!("{} to {}", quote(not_before), quote(not_after))
            }
            Self::Cidr(cidr) => quote(&cidr.to_string()),
        }
    }
}

fn text(json: &Json) -> Result<String, Mismatch> {
    let Json::String(text) = json else {
        return Err(("a string".to_owned(), describe(json)));
    };
    if !(1..=STRING_LIMIT).contains(&text.len()) {
        let expected = format!("a string of 1 to {STRING_LIMIT} bytes");
        return Err((expected, format!("{} bytes", text.len())));
    }
    if text.chars().any(char::is_control) {
        return Err((
            "a string without control characters".to_owned(),
            quote(text),
        ));
    }
    Ok(text.clone())
}

fn prefix(json: &Json) -> Result<String, Mismatch> {
    let text = text(json)?;
    match path::flaw(&text) {
        Some(expected) => Err((expected.to_owned(), quote(&text))),
        None => Ok(text),
    }
}

fn texts(json: &Json) -> Result<Members, Mismatch> {
    let Json::Array(items) = json else {
        return Err(("an array of strings".to_owned(), describe(json)));
    };
    // An empty array is refused: a reader might take it for "all".
    if !(1..=ARRAY_LIMIT).contains(&items.len()) {
        let expected = format!("an array of 1 to {ARRAY_LIMIT} strings");
        return Err((expected, format!("{} members", items.len())));
    }
    let texts: Vec<String> = items.iter().map(text).collect::<Result<_, _>>()?;
    Ok(Members::of(texts))
}

fn integer(json: &Json) -> Result<Value, Mismatch> {
    let number = json.as_u64().filter(|number| *number < INTEGER_LIMIT);
    let expected = "an integer from 0 to 9007199254740991";
    number
        .map(Value::Integer)
        .ok_or_else(|| (expected.to_owned(), describe(json)))
}

fn decimal(json: &Json) -> Result<Value, Mismatch> {
    let decimal = json.as_str().and_then(Decimal::parse);
    let expected = "a decimal as a string like `4200.00`, at least 0, at most 30 digits";
    decimal
        .map(Value::Decimal)
        .ok_or_else(|| (expected.to_owned(), describe(json)))
}

fn span(json: &Json) -> Result<Value, Mismatch> {
    let expected = "`not_before` and `not_after`, RFC 3339 timestamps in this order";
    let Json::Object(members) = json else {
        return Err((expected.to_owned(), describe(json)));
    };
    let known = |name: &&String| *name == "not_before" || *name == "not_after";
    if let Some(name) = members.keys().find(|name| !known(name)) {
        return Err((expected.to_owned(), quote(name)));
    }
    let end = |name: &str| match members.get(name) {
        Some(Json::String(text)) => Ok(text.as_str()),
        Some(other) => Err((expected.to_owned(), describe(other))),
        None => Err((expected.to_owned(), format!("no `{name}`"))),
    };
    let (not_before, not_after) = (end("not_before")?, end("not_after")?);
    let found = || format!("{} to {}", quote(not_before), quote(not_after));
    DetailsSpan::parse(not_before, not_after)
        .map(Value::Span)
        .ok_or_else(|| (expected.to_owned(), found()))
}

fn cidr(json: &Json) -> Result<Value, Mismatch> {
    let cidr = json.as_str().and_then(DetailsCidr::parse);
    let expected = "an IPv4 or IPv6 block like `10.0.0.0/8` without host bits";
    cidr.map(Value::Cidr)
        .ok_or_else(|| (expected.to_owned(), describe(json)))
}
