#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use crate::ids::{IssuerId, TargetId};
use crate::registry::{Agent, AgentSpec, Issuer, Target};
use serde_json::{Value, json};

fn registry() -> Registry {
    let mut out = Registry::default();
    let agent = |id: &str| {
        let spec = json!({ "id": id, "owner": { "kind": "team", "id": "t" } });
        Agent::new(serde_json::from_value::<AgentSpec>(spec).unwrap(), 1)
    };
    out.put_agent(agent("a"));
    out.put_agent(agent("gone").retire().unwrap());
    for (id, role) in [("demo", "subject"), ("wl", "workload")] {
        let spec = json!({ "issuer": format!("https://{id}"), "kind": "oidc", "role": role });
        out.put_issuer(Issuer {
            id: IssuerId::parse(id).unwrap(),
            spec: serde_json::from_value(spec).unwrap(),
            created_at_ms: 1,
        });
    }
    let spec = json!({
        "audience": "urn:sap", "scopes": { "read": {}, "post": {} },
        "details": { "pay": { "amount": { "type": "decimal", "narrow": "at_most" } } },
    });
    out.put_target(Target {
        id: TargetId::parse("sap").unwrap(),
        spec: serde_json::from_value(spec).unwrap(),
        created_at_ms: 1,
    });
    out
}

/// The pointers of what is wrong with a grant that is changed like this.
fn flaws(change: Value) -> Vec<String> {
    let mut wish = json!({
        "person": "demo:ada", "groups": ["demo:staff"], "agent": "a", "expires_at": "2030-01-01T00:00:00Z",
        "targets": [{ "target": "sap", "scopes": ["read"], "authorization_details": [{ "type": "pay", "amount": "5" }] }],
    });
    for (name, value) in change.as_object().unwrap() {
        wish[name] = value.clone();
    }
    let spec: GrantSpec = serde_json::from_value(wish).unwrap();
    let found = super::flaws(&spec, &registry(), Vec::new());
    found.into_iter().map(|flaw| flaw.pointer).collect()
}

#[test]
fn a_grant_that_fits_the_world_is_fine() {
    assert_eq!(flaws(json!({})), [""; 0]);
    assert_eq!(flaws(json!({ "groups": null })), [""; 0]);
}

#[test]
fn a_grant_may_go_beyond_the_agent_s_ceiling() {
    let targets = json!([{ "target": "sap", "scopes": ["read", "post"] }]);
    assert_eq!(flaws(json!({ "targets": targets })), [""; 0]);
}

#[test]
fn every_flaw_has_its_place() {
    for (change, pointer) in [
        (json!({ "person": "ada" }), "/person"),
        (json!({ "person": "other:ada", "groups": [] }), "/person"),
        (json!({ "person": "wl:job", "groups": [] }), "/person"),
        (json!({ "person": "demo:a\nb" }), "/person"),
        (json!({ "groups": ["wl:staff"] }), "/groups/0"),
        (json!({ "groups": ["demo:"] }), "/groups/0"),
        (json!({ "groups": ["staff"] }), "/groups/0"),
        (json!({ "agent": "nobody" }), "/agent"),
        (json!({ "agent": "gone" }), "/agent"),
        (json!({ "targets": [] }), "/targets"),
        (json!({ "max_uses": 0 }), "/max_uses"),
    ] {
        assert!(
            flaws(change.clone()).contains(&pointer.to_owned()),
            "{change}"
        );
    }
}

#[test]
fn targets_scopes_and_details_are_known() {
    let of = |target: &str, scope: &str, details: Value| {
        let at = json!({ "target": target, "scopes": [scope], "authorization_details": details });
        flaws(json!({ "targets": [at] }))
    };
    assert_eq!(of("nowhere", "read", json!([])), ["/targets/0/target"]);
    assert_eq!(of("sap", "shred", json!([])), ["/targets/0/scopes"]);
    let at = "/targets/0/authorization_details/0";
    assert_eq!(
        of("sap", "read", json!([{ "type": "buy" }])),
        [format!("{at}/type")]
    );
    let amount = json!([{ "type": "pay", "amount": "-5" }]);
    assert_eq!(of("sap", "read", amount), [format!("{at}/amount")]);
}
