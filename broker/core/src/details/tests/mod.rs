//! Tests of declared types and narrowing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod arithmetic;
mod catalogue;
mod catalogue_changes;
mod long_lists;
mod messages;
mod narrowing;
mod numbers;
mod properties;
mod ranges;
mod reference;
mod shape;
mod texts;

use super::{Catalogue, Details, Enclosing, narrow};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// The catalogue of the example in contract §12.
fn invoices() -> Catalogue {
    serde_json::from_value(json!({"invoice_post": {
        "company": {"type": "string", "narrow": "equal"},
        "amount": {"type": "decimal", "narrow": "at_most"},
        "invoices": {"type": "strings", "narrow": "subset"},
    }}))
    .unwrap()
}

/// A catalogue of one type `t` with one field `f`.
fn single(kind: &str, narrow: &str) -> Catalogue {
    serde_json::from_value(json!({"t": {"f": {"type": kind, "narrow": narrow}}})).unwrap()
}

fn details(json: Json, catalogue: &Catalogue) -> Details {
    Details::parse(&json, catalogue).unwrap()
}

/// A complete object of the example in contract §12.
fn invoice(company: &str, amount: &str, invoices: &[&str]) -> Json {
    json!({"type": "invoice_post", "company": company, "amount": amount, "invoices": invoices})
}

fn reads(kind: &str, narrow: &str, value: &Json) -> bool {
    let json = json!([{"type": "t", "f": value}]);
    Details::parse(&json, &single(kind, narrow)).is_ok()
}

fn all_read(kind: &str, narrow: &str, values: &[Json]) {
    for value in values {
        assert!(reads(kind, narrow, value), "{kind} {narrow} {value}");
    }
}

fn none_read(kind: &str, narrow: &str, values: &[Json]) {
    for value in values {
        assert!(!reads(kind, narrow, value), "{kind} {narrow} {value}");
    }
}

/// Whether `child` may be had from a parent with `limit`.
fn within(rule: (&str, &str), child: &Json, limit: &Json) -> bool {
    let catalogue = single(rule.0, rule.1);
    let parse = |value: &Json| details(json!([{"type": "t", "f": value}]), &catalogue);
    let (child, parent) = (parse(child), parse(limit));
    let limits = Enclosing {
        parent: Some(&parent),
        ..Enclosing::default()
    };
    narrow(Some(&child), limits, &BTreeSet::new(), &catalogue).is_ok()
}

fn table(rule: (&str, &str), rows: &[(Json, Json, bool)]) {
    for (child, limit, expected) in rows {
        assert_eq!(
            within(rule, child, limit),
            *expected,
            "{rule:?}: {child} in {limit}"
        );
    }
}
