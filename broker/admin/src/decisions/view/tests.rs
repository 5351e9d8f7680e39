#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use locum_core::record::Place;

fn entry(body: Value, side: Option<Value>) -> Entry {
    let place = Place {
        tree: "t".into(),
        index: 42,
        time_ms: 1,
    };
    Entry {
        place,
        kind: "decision".into(),
        salt: [0; 16],
        body,
        side,
    }
}

#[test]
fn a_permit_shows_the_members_of_contract_12() {
    let body = json!({
        "id": "dlg_1", "request_id": "req_1", "outcome": "permit", "code": null, "client_id": "a", "actor_from": "client",
        "subject": { "kind": "person", "commitment": "x" }, "chain": [{ "iss": "us", "sub": "a" }], "target": "sap",
        "basis": "grant", "grant": "grt_1", "presenter": null, "requested": {}, "granted": {}, "checks": [],
        "policies": ["p"], "bundle": "sha256:0", "jti": "1", "parent": null, "lineage": ["secret"], "marks": [],
    });
    let groups = json!(["demo:staff"]);
    let side = json!({ "subject": "demo:ada", "groups": groups, "salt": "secret", "purpose": "month end" });
    let shown = view(&entry(body, Some(side)), "us", "now");
    let members: Vec<&str> = shown
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for name in PLAIN
        .iter()
        .chain(&["time", "subject", "chain", "policies", "record"])
    {
        assert!(members.contains(name), "{name}");
    }
    assert_eq!(shown["subject"], json!({ "iss": "us", "sub": "demo:ada" }));
    assert_eq!(shown["groups"], groups);
    assert_eq!(shown["record"], json!({ "tree": "t", "index": 42 }));
    assert_eq!(
        (&shown["grant"], &shown["purpose"]),
        (&json!("grt_1"), &json!("month end"))
    );
    assert!(shown.get("presenter").is_none() && !shown.to_string().contains("secret"));
}

#[test]
fn a_refusal_ahead_of_the_case_has_no_subject_and_says_why() {
    let body = json!({ "request_id": "req_1", "outcome": "refusal", "code": "LCM-REQUEST", "would_pass": null });
    let side = json!({ "description": "expected this, found that" });
    let shown = view(&entry(body, Some(side)), "us", "now");
    assert_eq!(
        (&shown["subject"], &shown["id"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&shown["chain"], &shown["policies"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(shown["error_description"], "expected this, found that");
    assert!(shown.get("would_pass").is_none());
}

#[test]
fn an_erased_person_is_null() {
    let body = json!({ "subject": { "kind": "person", "commitment": "x" } });
    let shown = view(&entry(body, None), "us", "now");
    assert_eq!(shown["subject"], json!({ "iss": "us", "sub": null }));
    assert_eq!(shown["groups"], Value::Null);
}
