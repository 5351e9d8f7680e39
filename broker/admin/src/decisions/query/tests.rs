#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use locum_core::record::{Draft, Place};

fn place() -> Place {
    Place {
        tree: "t".into(),
        index: 1,
        time_ms: 1,
    }
}

fn record() -> (Entry, String) {
    let body = json!({
        "outcome": "permit", "client_id": "front", "actor": "a", "target": "sap", "task_id": "t:1",
        "chain": [{ "iss": "us", "sub": "a" }, { "iss": "them", "sub": "z" }, { "iss": "us", "sub": "b" }],
    });
    let side = json!({ "subject": "demo:a\"da" });
    let draft = Draft::new(DECISION, [1; 16], body.clone(), Some(side.clone()));
    let bytes = [draft.encode(&place()).unwrap(), draft.side()].concat();
    let entry = Entry {
        place: place(),
        kind: DECISION.into(),
        salt: [0; 16],
        body,
        side: Some(side),
    };
    (entry, String::from_utf8(bytes).unwrap())
}

fn by(name: &str, value: &str) -> Query {
    let value = Some(value.to_owned());
    let mut query = Query::default();
    match name {
        "agent" => query.agent = value,
        "person" => query.person = value,
        "target" => query.target = value,
        "outcome" => query.outcome = value,
        _ => query.task_id = value,
    }
    query
}

#[test]
fn a_record_that_is_wanted_holds_every_text_looked_for() {
    let (entry, bytes) = record();
    assert!(Query::default().wants(&entry, "us"));
    for (name, value) in [
        ("agent", "front"),
        ("agent", "a"),
        ("agent", "b"),
        ("person", "demo:a\"da"),
        ("target", "sap"),
        ("outcome", "permit"),
        ("task_id", "t:1"),
    ] {
        let query = by(name, value);
        assert!(query.wants(&entry, "us"), "{name} {value}");
        for text in query.texts() {
            assert!(bytes.contains(&text), "{name} {value}: {text}");
        }
    }
}

#[test]
fn every_filter_must_hold_and_a_foreign_namesake_is_another() {
    let (entry, _) = record();
    for (name, value) in [
        ("agent", "z"),
        ("agent", "c"),
        ("person", "demo:bob"),
        ("target", "sa"),
        ("outcome", "refusal"),
        ("task_id", "t:2"),
    ] {
        assert!(!by(name, value).wants(&entry, "us"), "{name} {value}");
    }
    let mut both = by("agent", "a");
    both.target = Some("other".into());
    assert!(!both.wants(&entry, "us"));
}

#[test]
fn a_change_is_no_decision() {
    let (mut entry, _) = record();
    entry.kind = "change".into();
    assert!(!Query::default().wants(&entry, "us"));
}
