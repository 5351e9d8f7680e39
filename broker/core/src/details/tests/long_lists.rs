//! Lists with many members, and what they were read as before.

use super::super::{Listed, narrowed};
use super::{Details, Enclosing, details, invoices, single};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn listed(json: Json) -> Listed {
    serde_json::from_value(json).unwrap()
}

/// `f` of type `t`, a list of so many numbers.
fn object(numbers: &[u8]) -> Json {
    let texts: Vec<String> = numbers.iter().map(u8::to_string).collect();
    json!({"type": "t", "f": texts})
}

proptest! {
    #[test]
    fn a_list_is_within_another_as_a_set_and_written_back_as_it_was(
        child in prop::collection::vec(0..20_u8, 1..12),
        limit in prop::collection::vec(0..20_u8, 1..20),
    ) {
        let catalogue = single("strings", "subset");
        let (asked, grant) = (details(json!([object(&child)]), &catalogue), details(json!([object(&limit)]), &catalogue));
        let limits = Enclosing { grant: Some(&grant), ..Enclosing::default() };
        let granted = narrowed(Some(&asked), limits, &BTreeSet::new(), &catalogue);
        let within = child.iter().all(|number| limit.contains(number));
        prop_assert_eq!(granted.is_some(), within);
        prop_assert_eq!(listed(json!([object(&limit)])).read(&catalogue).may_hold(&asked), within);
        let mut seen = BTreeSet::new();
        let once: Vec<u8> = child.iter().copied().filter(|number| seen.insert(*number)).collect();
        prop_assert_eq!(asked.to_json(), json!([object(&once)]));
    }
}

#[test]
fn what_a_grant_lists_is_read_once_while_it_is_kept() {
    let list = listed(json!([{"type": "invoice_post", "company": "DE01"}]));
    let catalogue = invoices();
    let first = list.read(&catalogue);
    assert!(!Arc::ptr_eq(&first, &list.read(&catalogue)), "not kept");
    list.keep(true);
    let kept = list.clone().read(&catalogue);
    assert!(Arc::ptr_eq(&kept, &list.read(&invoices())), "kept");
    list.keep(false);
    assert_eq!(Arc::strong_count(&kept), 1, "dropped");
}

#[test]
fn what_a_grant_lists_is_read_anew_under_another_declaration() {
    let list = listed(json!([object(&[1])]));
    list.keep(true);
    let strings = single("strings", "subset");
    assert!(!list.read(&strings).remaining().is_gone());
    assert!(list.read(&single("integer", "equal")).remaining().is_gone());
    assert!(list.read(&single("integer", "equal")).remaining().is_gone());
    let again = list.read(&strings);
    assert_eq!(
        *again.remaining().left(),
        Details::parse(&list.to_json(), &strings).unwrap()
    );
}

#[test]
fn a_list_is_written_as_it_came() {
    let json = json!([{"b": 1, "a": [2]}, "odd"]);
    assert_eq!(json!(listed(json.clone())), json);
    assert_eq!(listed(json.clone()), listed(json));
}
