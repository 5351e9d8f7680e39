#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use crate::ids::TargetId;
use crate::registry::{Agent, Client, Issuer, Target};
use crate::testing::KeysByType;
use serde_json::{Value, json};

fn spec(changes: Value) -> AgentSpec {
    let mut body = json!({
        "id": "a", "owner": {"kind": "team", "id": "t"}, "subject_issuers": ["people", "locum"],
        "workload": {"issuer": "wl", "claims": {"sub": "s"}},
        "ceiling": [{"target": "sap", "scopes": ["read"],
            "authorization_details": [{"type": "post", "amount": "10"}]}],
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    serde_json::from_value(body).unwrap()
}

fn issuer(id: &str, role: &str) -> Issuer {
    let body = json!({"issuer": format!("https://{id}.example"), "kind": "oidc", "role": role});
    Issuer {
        id: IssuerId::parse(id).unwrap(),
        spec: serde_json::from_value(body).unwrap(),
        created_at_ms: 0,
    }
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.put_issuer(issuer("people", "subject"));
    registry.put_issuer(issuer("wl", "workload"));
    for (id, kind) in [("rs", "resource_server"), ("chat", "presenter")] {
        let body = json!({"id": id, "kind": kind, "auth": [{"method": "client_secret"}]});
        registry.put_client(Client {
            spec: serde_json::from_value(body).unwrap(),
            created_at_ms: 0,
        });
    }
    let body = json!({"audience": "urn:x:sap", "scopes": {"read": {}},
        "details": {"post": {"amount": {"type": "decimal", "narrow": "at_most"}}}});
    registry.put_target(Target {
        id: TargetId::parse("sap").unwrap(),
        spec: serde_json::from_value(body).unwrap(),
        created_at_ms: 0,
    });
    registry
}

fn places(registry: &Registry, changes: Value) -> Vec<String> {
    let flaws = flaws(Worlds::known(registry), &spec(changes), &KeysByType).into_iter();
    flaws.map(|flaw| flaw.pointer).collect()
}

#[test]
fn a_registration_names_only_what_is_known() {
    let registry = registry();
    assert_eq!(places(&registry, json!({"presenters": ["chat"]})), [""; 0]);
    for (changes, place) in [
        (json!({"presenters": ["chat", "rs"]}), "/presenters/1"),
        (json!({"presenters": ["nobody"]}), "/presenters/0"),
        (json!({"subject_issuers": ["nobody"]}), "/subject_issuers/0"),
        (json!({"ceiling": [{"target": "x"}]}), "/ceiling/0/target"),
        (
            json!({"ceiling": [{"target": "sap", "scopes": ["read", "write"]}]}),
            "/ceiling/0/scopes",
        ),
        (
            json!({"ceiling": [{"target": "sap", "authorization_details": [{"type": "x"}]}]}),
            "/ceiling/0/authorization_details/0/type",
        ),
        (
            json!({"workload": {"issuer": "people", "claims": {"sub": "s"}}}),
            "/workload/issuer",
        ),
        (
            json!({"auth": [{"method": "private_key_jwt", "jwks": {"keys": [{"kty": "x"}]}}]}),
            "/auth/0/jwks",
        ),
    ] {
        assert_eq!(places(&registry, changes.clone()), [place], "{changes}");
    }
}

#[test]
fn no_token_can_be_of_two_agents_workloads() {
    let mut registry = registry();
    let claims = json!({"sub": "s", "team": "a"});
    let other = json!({"id": "other", "workload": {"issuer": "wl", "claims": claims}});
    registry.put_agent(Agent::new(spec(other), 0));
    let of = |registry: &Registry, claims: Value| {
        places(
            registry,
            json!({"workload": {"issuer": "wl", "claims": claims}}),
        )
    };
    for overlapping in [
        json!({"sub": "s"}),
        json!({"sub": "s", "team": "a"}),
        json!({"sub": "s", "more": 1}),
    ] {
        assert_eq!(
            of(&registry, overlapping.clone()),
            ["/workload/claims"],
            "{overlapping}"
        );
    }
    for apart in [json!({"sub": "s", "team": "b"}), json!({"sub": "s2"})] {
        assert_eq!(of(&registry, apart.clone()), [""; 0], "{apart}");
    }
    let retired = (**registry.agent("other").unwrap())
        .clone()
        .retire()
        .unwrap();
    registry.put_agent(retired);
    assert_eq!(
        of(&registry, json!({"sub": "s"})),
        [""; 0],
        "a retired one gives way"
    );
}

#[test]
fn what_an_agent_names_already_may_stay_and_what_is_new_may_not_be_gone() {
    let mut registry = registry();
    let entry = |scopes: &[&str], details: Value| json!([{"target": "sap", "scopes": scopes, "authorization_details": details}]);
    let old = json!([{"type": "post", "amount": "10"}, {"type": "pay"}]);
    let known = json!({"ceiling": entry(&["pay", "read"], old.clone()), "presenters": ["gone"]});
    registry.put_agent(Agent::new(spec(known.clone()), 0));
    assert_eq!(
        places(&registry, known),
        [""; 0],
        "what GET shows can be PUT"
    );
    let fewer = json!({"ceiling": entry(&["pay"], json!([{"type": "pay"}]))});
    assert_eq!(places(&registry, fewer), [""; 0]);
    let scope = json!({"ceiling": entry(&["list", "pay"], old)});
    assert_eq!(places(&registry, scope), ["/ceiling/0/scopes"]);
    let details = json!([{"type": "pay", "amount": "1"}]);
    let details = json!({"ceiling": entry(&["read"], details)});
    let at = "/ceiling/0/authorization_details/0/type";
    assert_eq!(
        places(&registry, details),
        [at],
        "another object is another reference"
    );
    let presenters = json!({"presenters": ["gone", "nobody"]});
    assert_eq!(places(&registry, presenters), ["/presenters/1"]);
}

#[test]
fn what_was_once_accepted_is_taken_as_it_is_and_counts_against_whoever_is_new() {
    let mut before = registry();
    // As a version with other limits took it.
    let many: Vec<_> = (0..33)
        .map(|n| json!({"type": "post", "amount": n.to_string()}))
        .collect();
    let old =
        json!({"max_depth": 40, "ceiling": [{"target": "sap", "authorization_details": many}]});
    before.put_agent(Agent::new(spec(old.clone()), 0));
    assert_eq!(places(&before, old.clone()), [""; 0]);
    let mut changed = old;
    changed["name"] = json!("another");
    let found = places(&before, changed);
    assert_eq!(found, ["/max_depth", "/ceiling/0/authorization_details"]);
    // What is declared beside it is judged with it.
    let mut after = before.clone();
    let mut twin = spec(json!({}));
    twin.id = serde_json::from_value(json!("b")).unwrap();
    after.put_agent(Agent::new(twin.clone(), 0));
    let worlds = Worlds {
        before: &before,
        after: &after,
    };
    assert_eq!(
        flaws(worlds, &twin, &KeysByType)[0].pointer,
        "/workload/claims"
    );
}

#[test]
fn a_retired_agent_is_not_replaced() {
    let draft = Agent::replaced(None, spec(json!({})), 7).unwrap();
    let again = Agent::replaced(Some(&draft), spec(json!({"name": "b"})), 9).unwrap();
    assert_eq!((&*again.spec.name, again.created_at_ms), ("b", 7));
    let retired = again.retire().unwrap();
    assert!(Agent::replaced(Some(&retired), spec(json!({})), 9).is_err());
}
