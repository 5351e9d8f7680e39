#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use crate::registry::{Agent, AgentSpec, Client, Target};
use serde_json::{Value, json};

const OURS: &str = "https://broker.example";

/// Whoever knows the profiles finds nothing wrong.
struct Fine;

impl ConnectorCheck for Fine {
    fn flaws(&self, _: &TargetSpec) -> Vec<FieldProblem> {
        Vec::new()
    }
}

fn id(text: &str) -> TargetId {
    TargetId::parse(text).unwrap()
}

fn spec(changes: Value) -> TargetSpec {
    let mut body = json!({"audience": "urn:x:new", "resources": ["https://new.example"],
        "resource_server": "new-rs", "scopes": {"ask": {}}});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    serde_json::from_value(body).unwrap()
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    for (name, kind) in [
        ("new-rs", "resource_server"),
        ("sap-rs", "resource_server"),
        ("chat", "presenter"),
    ] {
        let body = json!({"id": name, "kind": kind, "auth": [{"method": "client_secret"}]});
        registry.put_client(Client {
            spec: serde_json::from_value(body).unwrap(),
            created_at_ms: 0,
        });
    }
    registry.put_target(Target {
        id: id("sap"),
        spec: spec(
            json!({"audience": "urn:x:sap", "resources": ["https://sap.example"],
            "resource_server": "sap-rs", "scopes": {"read": {}}}),
        )
        .into(),
        created_at_ms: 0,
    });
    let agent = json!({"id": "helper", "owner": {"kind": "team", "id": "t"}});
    registry.put_agent(Agent::new(
        serde_json::from_value::<AgentSpec>(agent).unwrap(),
        0,
    ));
    registry
}

fn places(name: &str, changes: Value) -> Vec<String> {
    let flaws = flaws(
        Worlds::known(&registry()),
        OURS,
        (&id(name), &spec(changes)),
        &Fine,
    );
    flaws.into_iter().map(|flaw| flaw.pointer).collect()
}

#[test]
fn a_name_means_one_target_and_none_means_locum() {
    assert_eq!(places("new", json!({})), [""; 0]);
    for taken in ["urn:x:sap", "https://sap.example"] {
        assert_eq!(
            places("new", json!({"audience": taken})),
            ["/audience"],
            "{taken}"
        );
        assert_eq!(
            places("new", json!({"resources": ["https://a.example", taken]})),
            ["/resources/1"],
            "{taken}"
        );
    }
    assert_eq!(
        places("new", json!({"audience": "sap"})),
        ["/audience"],
        "an id is a name"
    );
    for ours in [OURS, "urn:locum:agent:a", "URN:Locum:x"] {
        assert_eq!(
            places("new", json!({"audience": ours})),
            ["/audience"],
            "{ours}"
        );
        assert_eq!(
            places("new", json!({"resources": [ours]})),
            ["/resources/0"],
            "{ours}"
        );
    }
    let twice = json!({"resources": ["https://a.example", "https://a.example"]});
    assert_eq!(places("new", twice), ["/resources/1"]);
    assert_eq!(places("locum", json!({})), ["/id"]);
}

#[test]
fn a_target_may_keep_its_own_names_when_it_is_put_again() {
    let same = json!({"audience": "urn:x:sap", "resources": ["https://sap.example"],
        "resource_server": "sap-rs"});
    assert_eq!(places("sap", same), [""; 0]);
}

#[test]
fn a_declaration_names_only_what_is_known() {
    for server in ["nobody", "chat", "sap-rs"] {
        let found = places("new", json!({"resource_server": server}));
        assert_eq!(found, ["/resource_server"], "{server}");
    }
    let derives = |pair: &str| json!({"acts_as": "helper", "derives": {"ask": [pair]}});
    assert_eq!(places("new", derives("sap:read")), [""; 0]);
    assert_eq!(places("new", derives("new:ask")), [""; 0]);
    for unknown in ["sap:write", "hr:read", "new:x"] {
        assert_eq!(
            places("new", derives(unknown)),
            ["/derives/ask"],
            "{unknown}"
        );
    }
    assert_eq!(places("new", json!({"acts_as": "nobody"})), ["/acts_as"]);
}

#[test]
fn what_a_target_derives_already_may_stay_and_what_is_new_may_not_be_gone() {
    let mut registry = registry();
    let derives = |pairs: &[&str]| json!({"acts_as": "helper", "derives": {"ask": pairs}});
    registry.put_target(Target {
        id: id("new"),
        spec: spec(derives(&["sap:write"])).into(),
        created_at_ms: 0,
    });
    let places = |changes: Value| {
        let flaws = flaws(
            Worlds::known(&registry),
            OURS,
            (&id("new"), &spec(changes)),
            &Fine,
        );
        flaws
            .into_iter()
            .map(|flaw| flaw.pointer)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        places(derives(&["sap:write"])),
        [""; 0],
        "what GET shows can be PUT"
    );
    assert_eq!(places(derives(&["sap:read", "sap:write"])), [""; 0]);
    assert_eq!(
        places(derives(&["sap:write", "sap:post"])),
        ["/derives/ask"]
    );
}

#[test]
fn a_name_that_the_api_gave_away_is_not_taken_by_a_file() {
    let before = registry();
    for (taken, place) in [
        (json!({"audience": "urn:x:sap"}), "/audience"),
        (
            json!({"resources": ["https://sap.example"]}),
            "/resources/0",
        ),
        (json!({"resource_server": "sap-rs"}), "/resource_server"),
    ] {
        let declared = spec(taken);
        let mut after = before.clone();
        after.put_target(Target {
            id: id("a"),
            spec: declared.clone().into(),
            created_at_ms: 0,
        });
        let worlds = Worlds {
            before: &before,
            after: &after,
        };
        let found = flaws(worlds, OURS, (&id("a"), &declared), &Fine);
        assert_eq!(found[0].pointer, place);
        // What has it both ways on record is taken at every later start.
        assert_eq!(
            flaws(Worlds::known(&after), OURS, (&id("a"), &declared), &Fine),
            []
        );
    }
}

#[test]
fn a_name_may_move_from_one_declared_target_to_another() {
    let before = registry();
    let mut after = before.clone();
    let put = |registry: &mut Registry, name: &str, spec: TargetSpec| {
        registry.put_target(Target {
            id: id(name),
            spec: spec.into(),
            created_at_ms: 0,
        });
    };
    let bare = spec(json!({"audience": "urn:x:sap", "resources": [], "resource_server": null}));
    put(&mut after, "sap", bare);
    let heir = spec(json!({"resources": ["https://sap.example"], "resource_server": "sap-rs"}));
    put(&mut after, "new", heir.clone());
    let worlds = Worlds {
        before: &before,
        after: &after,
    };
    assert_eq!(flaws(worlds, OURS, (&id("new"), &heir), &Fine), []);
}

#[test]
fn a_target_keeps_its_audience() {
    let known = Target::replaced(None, id("new"), spec(json!({})), 7).unwrap();
    let put = |changes| Target::replaced(Some(&known), id("new"), spec(changes), 9);
    let more = json!({"scopes": {"ask": {}, "more": {}}});
    assert_eq!(put(more).unwrap().created_at_ms, 7);
    assert!(put(json!({"audience": "urn:x:other"})).is_err());
}
