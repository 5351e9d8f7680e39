//! Which lists are read, and how they are written back.

use super::super::Details;
use super::{details, invoices, single};
use serde_json::{Value as Json, json};

#[test]
fn only_arrays_of_objects_of_declared_types_are_read() {
    let bad = [
        json!({}),
        json!("[]"),
        json!(null),
        json!([[]]),
        json!(["invoice_post"]),
        json!([null]),
        json!([{}]),
        json!([{"type": 1}]),
        json!([{"type": null}]),
        json!([{"type": ["invoice_post"]}]),
        json!([{"type": "Invoice_post"}]),
        json!([{"type": "invoice_post", "actions": ["post"]}]),
        json!([{"type": "invoice_post", "locations": ["https://x"]}]),
        json!([{"type": "invoice_post", "": "x"}]),
        json!([{"type": "invoice_post", "company": {"company": "x"}}]),
        json!(vec![json!({"type": "invoice_post"}); 33]),
    ];
    for json in bad {
        assert!(Details::parse(&json, &invoices()).is_err(), "{json}");
    }
    let many = json!(vec![json!({"type": "invoice_post"}); 32]);
    assert_eq!(details(many, &invoices()).iter().count(), 32);
    assert!(details(json!([]), &invoices()).is_empty());
}

#[test]
fn json_has_its_members_sorted_and_decimals_and_times_as_written() {
    let list = json!([{"type": "invoice_post", "invoices": ["7", "3"], "company": "1", "amount": "4200.00"}]);
    let text = details(list, &invoices()).to_json().to_string();
    let sorted =
        r#"[{"amount":"4200.00","company":"1","invoices":["7","3"],"type":"invoice_post"}]"#;
    assert_eq!(text, sorted);
    let span =
        r#"{"not_after":"2026-01-02T00:00:00.50+01:00","not_before":"2026-01-01T00:00:00Z"}"#;
    let list: Json = serde_json::from_str(&format!(r#"[{{"type":"t","f":{span}}}]"#)).unwrap();
    let text = details(list, &single("time_span", "within"))
        .to_json()
        .to_string();
    assert_eq!(text, format!(r#"[{{"f":{span},"type":"t"}}]"#));
}
