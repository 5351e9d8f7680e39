#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use locum_core::ids::TargetId;
use locum_core::registry::{Agent, AgentSpec, Issuer, Target};
use locum_core::token::Alg;
use locum_tokens::keys::SigningKey;
use serde_json::json;

const OURS: &str = "https://broker.example";

fn key() -> Value {
    SigningKey::generate(Alg::ES256, None).unwrap().public_jwk()
}

fn spec(changes: Value) -> IssuerSpec {
    let mut body = json!({"issuer": "https://idp.example", "kind": "jwt", "role": "subject",
        "jwks": {"keys": [key()]}, "audiences": ["app"]});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    serde_json::from_value(body).unwrap()
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.put_issuer(Issuer {
        id: IssuerId::parse("other").unwrap(),
        spec: spec(json!({"issuer": "https://other.example"})),
        created_at_ms: 0,
    });
    registry.put_target(Target {
        id: TargetId::parse("sap").unwrap(),
        spec: serde_json::from_value(json!({"audience": "urn:x:sap", "scopes": {"read": {}}}))
            .unwrap(),
        created_at_ms: 0,
    });
    let agent = json!({"id": "helper", "owner": {"kind": "team", "id": "t"}});
    registry.put_agent(Agent::new(
        serde_json::from_value::<AgentSpec>(agent).unwrap(),
        0,
    ));
    registry
}

fn places(changes: Value) -> Vec<String> {
    let id = IssuerId::parse("idp").unwrap();
    let flaws = flaws(&registry(), OURS, &id, &spec(changes)).into_iter();
    flaws.map(|flaw| flaw.pointer).collect()
}

#[test]
fn keys_by_value_are_public_and_one_can_be_used() {
    let mut private = key();
    private["d"] = json!("AAAA");
    assert_eq!(places(json!({})), [""; 0]);
    let strange = json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"});
    assert_eq!(places(json!({"jwks": {"keys": [key(), strange]}})), [""; 0]);
    for bad in [
        json!({"keys": [key(), private]}),
        json!({"keys": []}),
        json!({"keys": "x"}),
    ] {
        assert_eq!(places(json!({ "jwks": bad })), ["/jwks"]);
    }
    assert_eq!(places(json!({"algs": ["RS256"]})), ["/jwks"]);
}

#[test]
fn a_declaration_names_only_what_is_known() {
    assert_eq!(
        places(json!({"scope_map": {"theirs": ["sap:read"]}})),
        [""; 0]
    );
    for unknown in ["sap:write", "hr:read"] {
        let map = json!({"scope_map": {"the/irs": [unknown]}});
        assert_eq!(places(map), ["/scope_map/the~1irs"], "{unknown}");
    }
    assert_eq!(
        places(json!({"audience_agents": {"app": ["helper"]}})),
        [""; 0]
    );
    for bad in [json!({"app": ["nobody"]}), json!({"x": ["helper"]})] {
        assert_eq!(places(json!({ "audience_agents": bad })).len(), 1);
    }
    assert_eq!(
        places(json!({"issuer": "https://other.example"})),
        ["/issuer"]
    );
    assert_eq!(places(json!({"audiences": [""]})), ["/audiences/0"]);
}

#[test]
fn what_an_issuer_maps_already_may_stay_and_what_is_new_may_not_be_gone() {
    let mut registry = registry();
    let id = IssuerId::parse("idp").unwrap();
    let jwks = json!({"keys": [key()]});
    let body = |map: Value| spec(json!({"jwks": jwks, "scope_map": map}));
    registry.put_issuer(Issuer {
        id: id.clone(),
        spec: body(json!({"theirs": ["sap:write"]})),
        created_at_ms: 0,
    });
    let places = |map: Value| {
        let flaws = flaws(&registry, OURS, &id, &body(map)).into_iter();
        flaws.map(|flaw| flaw.pointer).collect::<Vec<_>>()
    };
    assert_eq!(
        places(json!({"theirs": ["sap:write"]})),
        [""; 0],
        "what GET shows can be PUT"
    );
    assert_eq!(
        places(json!({"theirs": ["sap:read", "sap:write"]})),
        [""; 0]
    );
    assert_eq!(
        places(json!({"more": ["sap:write"], "theirs": ["sap:write"]})),
        ["/scope_map/more"]
    );
}

#[test]
fn an_issuer_that_the_api_trusts_is_not_taken_by_a_file() {
    let before = registry();
    let id = IssuerId::parse("another").unwrap();
    let declared = spec(json!({"issuer": "https://other.example"}));
    let mut after = before.clone();
    after.put_issuer(Issuer {
        id: id.clone(),
        spec: declared.clone(),
        created_at_ms: 0,
    });
    let worlds = Worlds {
        before: &before,
        after: &after,
    };
    assert_eq!(among(worlds, OURS, &id, &declared)[0].pointer, "/issuer");
}
