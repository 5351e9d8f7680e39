use super::super::Catalogue;
use super::invoices;
use serde_json::{Value as Json, json};

fn check(json: Json) -> Vec<String> {
    let catalogue: Catalogue = serde_json::from_value(json).unwrap();
    let flaws = catalogue.check();
    flaws.into_iter().map(|(pointer, _)| pointer).collect()
}

fn fields(count: usize) -> Json {
    let rule = json!({"type": "string", "narrow": "equal"});
    (0..count)
        .map(|n| (format!("f{n}"), rule.clone()))
        .collect()
}

#[test]
fn the_contracts_catalogue_reads_back_as_it_was_written() {
    let json = json!({"invoice_post": {
        "amount": {"type": "decimal", "narrow": "at_most"},
        "company": {"type": "string", "narrow": "equal"},
        "invoices": {"type": "strings", "narrow": "subset"},
    }});
    assert_eq!(serde_json::to_value(invoices()).unwrap(), json);
    assert!(invoices().check().is_empty());
    assert!(invoices().has("invoice_post"));
    assert!(!invoices().has("Invoice_post"));
    assert_eq!(invoices().types().collect::<Vec<_>>(), ["invoice_post"]);
}

#[test]
fn every_declared_comparator_is_read() {
    let all = [
        ("string", "equal"),
        ("string", "prefix"),
        ("strings", "subset"),
        ("integer", "equal"),
        ("integer", "at_most"),
        ("integer", "at_least"),
        ("decimal", "equal"),
        ("decimal", "at_most"),
        ("decimal", "at_least"),
        ("time_span", "within"),
        ("cidr", "within"),
    ];
    for (kind, narrow) in all {
        let json = json!({"t": {"f": {"type": kind, "narrow": narrow}}});
        let catalogue: Catalogue = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(catalogue).unwrap(), json);
    }
}

#[test]
fn unknown_comparators_and_extra_members_are_refused() {
    let bad = [
        json!({"t": {"f": {"type": "string", "narrow": "at_most"}}}),
        json!({"t": {"f": {"type": "strings", "narrow": "equal"}}}),
        json!({"t": {"f": {"type": "cidr", "narrow": "equal"}}}),
        json!({"t": {"f": {"type": "String", "narrow": "equal"}}}),
        json!({"t": {"f": {"type": "string"}}}),
        json!({"t": {"f": {"narrow": "equal"}}}),
        json!({"t": {"f": {"type": "string", "narrow": "equal", "optional": true}}}),
        json!({"t": {"f": "string"}}),
        json!({"t": {"f": null}}),
        json!({"t": []}),
        json!([]),
        json!(null),
    ];
    for json in bad {
        let read = serde_json::from_value::<Catalogue>(json.clone());
        assert!(read.is_err(), "{json}");
    }
}

#[test]
fn names_that_cannot_be_used_are_pointed_at() {
    let rule = json!({"type": "string", "narrow": "equal"});
    let catalogue = json!({"t": {"": rule, "type": rule, "a b": rule, "a/b": rule, "_ok-1.x": rule},
        "": {}, "a b": {}, "a\"": {}, "https://example.com/files": {}});
    assert_eq!(
        check(catalogue),
        ["/", "/a b", "/a\"", "/t/", "/t/a b", "/t/a~1b", "/t/type"]
    );
    assert_eq!(check(json!({"x".repeat(129): {}})).len(), 1);
    assert_eq!(check(json!({"t": {"x".repeat(65): rule}})).len(), 1);
}

#[test]
fn at_most_64_types_and_64_fields_are_declared() {
    let types =
        |count: usize| -> Json { (0..count).map(|n| (format!("t{n}"), json!({}))).collect() };
    assert!(check(types(64)).is_empty());
    assert_eq!(check(types(65)), [""]);
    assert!(check(json!({"t": fields(64)})).is_empty());
    assert_eq!(check(json!({"t": fields(65)})), ["/t"]);
}
