//! Details outlive catalogues: what an older one let through widens nothing.

use super::super::{Catalogue, Details, Enclosing, narrow};
use super::narrowing::Case;
use super::{details, invoices};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

#[test]
fn a_field_declared_after_the_parent_was_granted_is_in_no_child() {
    let old: Catalogue = serde_json::from_value(json!({"t": {}})).unwrap();
    let new: Catalogue =
        serde_json::from_value(json!({"t": {"f": {"type": "integer", "narrow": "equal"}}}))
            .unwrap();
    let parent = narrow(
        Some(&details(json!([{"type": "t"}]), &old)),
        Enclosing::default(),
        &BTreeSet::new(),
        &old,
    );
    let parent = parent.unwrap().to_json();
    let case = Case {
        requested: json!([{"type": "t", "f": 1}]),
        parent,
        ..Case::default()
    };
    assert!(case.run_in(&new).is_err());
    let inherited = Case {
        requested: Json::Null,
        ..case
    };
    assert!(inherited.run_in(&new).is_err());
}

#[test]
fn a_limit_on_a_field_no_longer_declared_is_not_lost() {
    let rule = json!({"type": "integer", "narrow": "at_most"});
    let old: Catalogue = serde_json::from_value(json!({"t": {"f": rule, "g": rule}})).unwrap();
    let new: Catalogue = serde_json::from_value(json!({"t": {"f": rule}})).unwrap();
    let limit = details(json!([{"type": "t", "f": 5, "g": 1}]), &old);
    let requested = details(json!([{"type": "t", "f": 5}]), &new);
    for limits in [
        Enclosing {
            parent: Some(&limit),
            ..Enclosing::default()
        },
        Enclosing {
            grant: Some(&limit),
            ..Enclosing::default()
        },
        Enclosing {
            ceiling: Some(&limit),
            ..Enclosing::default()
        },
    ] {
        assert!(narrow(Some(&requested), limits, &BTreeSet::new(), &new).is_err());
        let whole = narrow(None, limits, &BTreeSet::new(), &new);
        assert!(limits.ceiling.is_some() || whole.is_err());
    }
}

#[test]
fn details_read_under_another_catalogue_are_within_nothing() {
    let catalogue = |kind: &str, narrow: &str| super::single(kind, narrow);
    let (text, integer) = (catalogue("string", "equal"), catalogue("integer", "equal"));
    let foreign = details(json!([{"type": "t", "f": "1"}]), &text);
    let own = details(json!([{"type": "t", "f": 1}]), &integer);
    let none = BTreeSet::new();
    let under = |parent: &Details| {
        let limits = Enclosing {
            parent: Some(parent),
            ..Enclosing::default()
        };
        narrow(Some(&own), limits, &none, &integer)
    };
    assert!(under(&foreign).is_err());
    assert!(under(&own).is_ok());
    let gone = details(json!([{"type": "invoice_post"}]), &invoices());
    assert!(narrow(Some(&gone), Enclosing::default(), &none, &integer).is_err());
    let wide = details(json!([{"type": "t", "f": "x"}]), &text);
    let empty: Catalogue = serde_json::from_value(json!({"t": {}})).unwrap();
    assert!(narrow(Some(&wide), Enclosing::default(), &none, &empty).is_err());
}
