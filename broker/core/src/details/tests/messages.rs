//! Contract §10: what a caller is told.

use super::super::{Details, Enclosing, narrow};
use super::{details, invoice, invoices};
use serde_json::json;
use std::collections::BTreeSet;

fn parse_message(json: serde_json::Value) -> String {
    Details::parse(&json, &invoices()).unwrap_err().public()
}

#[test]
fn a_message_says_expected_found_and_the_next_step() {
    let parent = details(json!([invoice("1000", "500", &["7"])]), &invoices());
    let requested = details(json!([invoice("1000", "900", &["7"])]), &invoices());
    let limits = Enclosing {
        parent: Some(&parent),
        ..Enclosing::default()
    };
    let flaw = narrow(Some(&requested), limits, &BTreeSet::new(), &invoices()).unwrap_err();
    assert_eq!(
        flaw.public(),
        "expected at most `500` at `/0/amount`, found `900`; \
         ask for the `authorization_details` shown in `would_pass`"
    );
    assert_eq!(
        parse_message(json!([{"type": "invoice_post", "amount": -1}])),
        "expected a decimal as a string like `4200.00`, at least 0, at most 30 digits \
         at `/0/amount`, found the number `-1`; change `authorization_details` and ask again"
    );
    assert_eq!(
        parse_message(json!([{"type": "payment"}])),
        "expected one of the types `invoice_post` at `/0/type`, found `payment`; \
         change `authorization_details` and ask again"
    );
}

#[test]
fn hostile_text_is_cut_and_harmless() {
    let hostile = "\"\\`\r\n\u{202e}\u{e9}".repeat(50);
    for json in [
        json!([{"type": hostile}]),
        json!([{"type": "invoice_post", hostile.as_str(): 1}]),
        json!([{"type": "invoice_post", "company": hostile}]),
        json!([{"type": "invoice_post", "amount": hostile}]),
    ] {
        let message = parse_message(json);
        let plain = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
        assert!(message.chars().all(plain), "{message}");
        let longest = message.split('`').map(str::len).max();
        assert!(longest <= Some(120), "{message}");
        assert_eq!(message.matches('`').count() % 2, 0, "{message}");
    }
}

#[test]
fn values_outside_a_list_are_named() {
    let parent = details(json!([invoice("1000", "500", &["7", "8"])]), &invoices());
    let requested = details(
        json!([invoice("1000", "500", &["8", "9", "10"])]),
        &invoices(),
    );
    let limits = Enclosing {
        parent: Some(&parent),
        ..Enclosing::default()
    };
    let flaw = narrow(Some(&requested), limits, &BTreeSet::new(), &invoices()).unwrap_err();
    assert_eq!(flaw.expected, "a subset of `8`");
    assert_eq!(flaw.found, "`9`, `10`");
}
