#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use locum_core::registry::{Agent, AgentSpec, Target};
use serde_json::json;

fn registry() -> Registry {
    let mut registry = Registry::default();
    let body = json!({"audience": "urn:x:sap", "scopes": {"read": {}}});
    registry.put_target(Target {
        id: serde_json::from_value(json!("sap")).unwrap(),
        spec: serde_json::from_value(body).unwrap(),
        created_at_ms: 0,
    });
    registry.put_agent(agent("a"));
    registry
}

fn agent(id: &str) -> Agent {
    let body = json!({"id": id, "owner": {"kind": "team", "id": "t"},
        "ceiling": [{"target": "sap", "scopes": ["pay", "read"]}]});
    Agent::new(serde_json::from_value::<AgentSpec>(body).unwrap(), 0)
}

#[test]
fn what_is_named_and_is_not_there_is_told_with_its_place() {
    let told = lines(&stale(&registry(), 0));
    let line = "/agents/a/ceiling/0/scopes: expected scopes of the target's catalogue, found `pay`";
    assert_eq!(told, [line]);
}

#[test]
fn an_agent_that_is_retired_is_nobodys_business_any_more() {
    let mut registry = registry();
    registry.put_agent(agent("a").retire().unwrap());
    assert_eq!(stale(&registry, 0), []);
}

#[test]
fn beyond_a_number_the_rest_is_counted() {
    let problem = FieldProblem {
        pointer: "/a".into(),
        detail: "b".into(),
    };
    let told = lines(&vec![problem.clone(); TOLD_MAX + 2]);
    assert_eq!(told.len(), TOLD_MAX + 1);
    assert_eq!(told.last().unwrap(), "and 2 more");
    assert_eq!(lines(&vec![problem; TOLD_MAX]).len(), TOLD_MAX);
}
