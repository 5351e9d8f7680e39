#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use crate::ids::TargetId;
use crate::registry::{Agent, AgentSpec, Issuer, Registry, Target};
use crate::testing::KeysByType;
use serde_json::{Value, json};

const OURS: &str = "https://broker.example";

/// Not looked at here.
fn key() -> Value {
    json!({"kty": "EC"})
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
    let flaws = flaws(
        Worlds::known(&registry()),
        OURS,
        (&id, &spec(changes)),
        &KeysByType,
    )
    .into_iter();
    flaws.map(|flaw| flaw.pointer).collect()
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
        let flaws = flaws(
            Worlds::known(&registry),
            OURS,
            (&id, &body(map)),
            &KeysByType,
        )
        .into_iter();
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
    assert_eq!(
        flaws(worlds, OURS, (&id, &declared), &KeysByType)[0].pointer,
        "/issuer"
    );
}

#[test]
fn what_is_wrong_with_keys_by_value_is_told_in_their_place() {
    let jwks = json!({"jwks": {"keys": [{"kty": "x"}]}});
    assert_eq!(places(jwks), ["/jwks"]);
}

#[test]
fn an_issuer_keeps_its_issuer_and_its_role() {
    let id = || IssuerId::parse("idp").unwrap();
    let known = Issuer::replaced(None, id(), spec(json!({})), 7).unwrap();
    let put = |changes| Issuer::replaced(Some(&known), id(), spec(changes), 9);
    assert_eq!(put(json!({"audiences": ["b"]})).unwrap().created_at_ms, 7);
    for changes in [
        json!({"role": "workload"}),
        json!({"issuer": "https://other.example"}),
    ] {
        let flaw = put(changes).unwrap_err();
        assert!(flaw.detail.contains("under a new id"), "{}", flaw.detail);
    }
}

#[test]
fn what_an_issuer_demands_of_its_tokens_is_sound() {
    for sound in [
        json!({"require": {"tid": ["a", "b"], "hd": []}, "forbid": ["idtyp"]}),
        json!({"max_token_age_s": 1}),
        json!({"max_token_age_s": 31_536_000}),
        json!({"groups_claim": "/realm_access/roles"}),
        json!({"groups_claim": "/a~1b/c~0d"}),
        json!({"groups_claim": "https://acme.example/groups"}),
    ] {
        assert_eq!(places(sound.clone()), [""; 0], "{sound}");
    }
    for (flawed, at) in [
        (json!({"require": {"": ["a"]}}), "/require/"),
        (
            json!({"require": {"a/b": []}, "forbid": ["a/b"]}),
            "/require/a~1b",
        ),
        (json!({"forbid": [""]}), "/forbid/0"),
        (json!({"max_token_age_s": 0}), "/max_token_age_s"),
        (json!({"max_token_age_s": 31_536_001}), "/max_token_age_s"),
        (json!({"groups_claim": "/a~2"}), "/groups_claim"),
        (json!({"groups_claim": "/a~"}), "/groups_claim"),
    ] {
        assert_eq!(places(flawed.clone()), [at], "{flawed}");
    }
}

#[test]
fn an_issuer_of_kind_spiffe_is_a_trust_domain_of_workloads() {
    let domain = |changes: Value| {
        let mut body =
            json!({"kind": "spiffe", "role": "workload", "issuer": "spiffe://acme.example"});
        body.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        places(body)
    };
    assert_eq!(domain(json!({})), [""; 0]);
    let uri = json!({"jwks": null, "jwks_uri": "https://spire.example/bundle"});
    assert_eq!(domain(uri), [""; 0]);
    assert_eq!(domain(json!({"role": "subject"})), ["/role"]);
    for issuer in [
        "https://acme.example",
        "spiffe://acme.example/ns",
        "spiffe://",
    ] {
        assert_eq!(domain(json!({"issuer": issuer})), ["/issuer"], "{issuer}");
    }
    assert_eq!(domain(json!({"jwks": null})), ["/jwks"]);
}

#[test]
fn members_that_came_later_leave_what_lacks_them_as_it_was() {
    let written = serde_json::to_value(spec(json!({}))).unwrap();
    for member in ["require", "forbid", "max_token_age_s"] {
        assert!(written.get(member).is_none(), "{member}");
    }
}
