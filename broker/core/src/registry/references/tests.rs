#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::testing::{agent, grant, issuer, target};
use serde_json::json;

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.put_target(target(
        "sap",
        json!({"scopes": {"read": {}},
            "details": {"post": {"amount": {"type": "decimal", "narrow": "at_most"}}}}),
    ));
    registry.put_issuer(issuer("demo", json!({})));
    registry.put_agent(agent("helper", json!({})));
    registry.put_agent(agent("old", json!({})).retire().unwrap());
    registry
}

/// Places of what is stale, with the last word in backticks.
fn stale(references: &[Reference<'_>]) -> Vec<String> {
    let registry = registry();
    let flaws = references.iter().filter_map(|one| one.stale(&registry));
    let shown = |flaw: FieldProblem| {
        let found = flaw.detail.split('`').rev().nth(1).unwrap().to_owned();
        format!("{} {found}", flaw.pointer)
    };
    flaws.map(shown).collect()
}

#[test]
fn an_agent_names_clients_issuers_and_what_targets_have() {
    let gone = json!({"presenters": ["chat"], "subject_issuers": ["demo", "locum", "x"],
        "workload": {"issuer": "demo", "claims": {"sub": "s"}},
        "ceiling": [{"target": "hr", "scopes": ["a"], "authorization_details": [{"type": "a"}]},
            {"target": "sap", "scopes": ["pay", "read"], "authorization_details":
                [{"type": "post", "amount": "1"}, {"type": "post", "iban": "1"}, {"type": "pay"}]}]});
    assert_eq!(
        stale(&agent("a", gone).spec.references()),
        [
            "/presenters/0 chat",
            "/subject_issuers/2 x",
            "/workload/issuer demo",
            "/ceiling/0/target hr",
            "/ceiling/1/scopes pay",
            "/ceiling/1/authorization_details/1/iban iban",
            "/ceiling/1/authorization_details/2/type pay",
        ]
    );
}

#[test]
fn targets_issuers_and_grants_name_scopes_of_targets_and_agents() {
    let chat = target(
        "chat",
        json!({"resource_server": "chat-rs", "acts_as": "old",
        "derives": {"a~/": ["sap:read", "sap:pay", "chat:gone", "hr:read"]}}),
    );
    assert_eq!(
        stale(&chat.spec.references(&chat.id)),
        [
            "/resource_server chat-rs",
            "/acts_as old",
            "/derives/a~0~1 sap:pay",
            "/derives/a~0~1 hr:read",
        ]
    );
    let idp = issuer(
        "idp",
        json!({"audience_agents": {"app": ["helper", "x"]},
        "scope_map": {"theirs": ["sap:read", "sap:pay"]}}),
    );
    assert_eq!(
        stale(&idp.spec.references()),
        ["/audience_agents/app x", "/scope_map/theirs sap:pay"]
    );
    let listed =
        json!([{"target": "sap", "scopes": ["pay"], "authorization_details": [{"type": "x"}]}]);
    assert_eq!(
        stale(&grant(1, "helper", listed).spec.references()),
        [
            "/targets/0/scopes pay",
            "/targets/0/authorization_details/0/type x"
        ]
    );
}

#[test]
fn an_agent_that_is_retired_can_be_named_and_is_stale() {
    let chat = target("chat", json!({"acts_as": "old"}));
    let references = chat.spec.references(&chat.id);
    assert!(references[0].flaw(&registry()).is_none());
    assert!(references[0].stale(&registry()).is_some());
}

#[test]
fn the_same_is_the_same_wherever_it_stands_in_a_list() {
    let entry = |target: &str, scopes: &[&str]| json!({"target": target, "scopes": scopes});
    let before = agent(
        "a",
        json!({"ceiling": [entry("sap", &["pay"]), entry("hr", &["read"])]}),
    );
    let after = agent(
        "a",
        json!({"ceiling": [entry("hr", &["pay"]), entry("sap", &["list", "pay"])]}),
    );
    let before = before.spec.references();
    let after = after.spec.references();
    let new = after
        .iter()
        .filter(|one| !before.iter().any(|known| known.is(one)));
    let new: Vec<_> = new.map(|one| one.pointer.as_str()).collect();
    assert_eq!(
        new,
        ["/ceiling/0/scopes", "/ceiling/1/scopes"],
        "pay at hr, list at sap"
    );
    let map = |theirs: &str| issuer("i", json!({"scope_map": {theirs: ["sap:pay"]}}));
    let (one, other) = (map("one"), map("other"));
    assert!(!one.spec.references()[0].is(&other.spec.references()[0]));
}
