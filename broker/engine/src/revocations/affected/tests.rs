#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use locum_core::ids::{Jti, TargetId, Uuid7};
use locum_core::lineage::{Key, Keyed};
use locum_core::registry::{Agent, AgentSpec, GrantSpec, GrantState, Target};
use locum_stores::ledger::Entry;
use serde_json::{Value, json};
use std::sync::Arc;

const NOW_MS: u64 = 1_800_000_000_000;
const NOW: Act = Act::Revoke(None);

/// Names that are hashed with nothing: enough to tell them apart.
struct Plain;

impl Keyed for Plain {
    fn hash(&self, kind: &str, id: &str) -> Key {
        locum_core::record::leaf_hash(format!("{kind}\0{id}").as_bytes())[..16]
            .try_into()
            .unwrap()
    }
}

fn world() -> State {
    let mut state = State::new(Arc::new(Plain));
    for (agent, owner) in [("a", "red"), ("b", "blue")] {
        let spec = json!({ "id": agent, "owner": { "kind": "team", "id": owner } });
        let mut agent = Agent::new(serde_json::from_value::<AgentSpec>(spec).unwrap(), 1);
        agent.owner_key = Some(Plain.key(LineageKind::Owner, owner));
        state.registry.put_agent(agent);
    }
    for (id, server) in [("asks", json!("rs")), ("offline", Value::Null)] {
        let spec = json!({ "audience": format!("urn:{id}"), "resource_server": server });
        state.registry.put_target(Target {
            id: TargetId::parse(id).unwrap(),
            spec: serde_json::from_value(spec).unwrap(),
            created_at_ms: 1,
        });
    }
    state
}

/// A token that agent `a` got for ada at a target.
fn permit(target: &str, delegate_to: Option<&str>, state: &State) -> RecordedPermit {
    let jti = Jti(Uuid7::new(NOW_MS - 10, [1; 10]));
    let key = |kind, id: &str| key_text::of(&Plain.key(kind, id));
    let entry = Entry {
        place: locum_core::record::Place {
            tree: "t".into(),
            index: 1,
            time_ms: NOW_MS - 5,
        },
        kind: locum_core::decide::DECISION.into(),
        salt: [0; 16],
        body: json!({
            "outcome": "permit", "jti": jti, "exp": NOW_MS / 1000 + 300, "target": target, "actor": "a",
            "chain": [{ "iss": "us", "sub": "a" }], "subject": { "kind": "person" }, "delegate_to": delegate_to,
            "lineage": [key(LineageKind::Agent, "a"), key(LineageKind::Person, "demo:ada"), key(LineageKind::Token, &jti.to_string())],
        }),
        side: Some(json!({ "subject": "demo:ada" })),
    };
    RecordedPermit::read(&entry, "us", state).unwrap()
}

fn what(kind: LineageKind, id: &str) -> What {
    What {
        kind,
        id: id.to_owned(),
    }
}

fn affected(kind: LineageKind, id: &str, state: &State) -> Affected {
    stopped(&Stop::new(&what(kind, id), NOW, state, NOW_MS), state)
}

/// What it stops of a token at a target that asks.
fn stopped(stop: &Stop, state: &State) -> Affected {
    let mut out = Affected::default();
    let permit = permit("asks", None, state);
    stop.token(&permit, &state.world(NOW_MS), &mut out);
    out
}

#[test]
fn a_token_is_stopped_by_anything_in_its_lineage_its_owner_and_everything() {
    let state = world();
    for (kind, id, hit) in [
        (LineageKind::Agent, "a", 1),
        (LineageKind::Agent, "b", 0),
        (LineageKind::Person, "demo:ada", 1),
        (LineageKind::Person, "demo:bob", 0),
        (LineageKind::Owner, "red", 1),
        (LineageKind::Owner, "blue", 0),
        (LineageKind::All, "", 1),
    ] {
        let found = affected(kind, id, &state);
        assert_eq!(found.tokens, hit, "{kind:?} {id}");
        assert_eq!(found.people.len() as u64, hit, "{kind:?} {id}");
    }
}

#[test]
fn what_was_dead_already_is_not_stopped_again() {
    let mut state = world();
    let key = Plain.key(LineageKind::Agent, "a");
    state.view.revoke(key, NOW_MS - 1_000);
    assert_eq!(
        affected(LineageKind::Agent, "a", &state).tokens,
        1,
        "issued later"
    );
    state.view.revoke(key, FOR_EVER);
    for (kind, id) in [
        (LineageKind::Agent, "a"),
        (LineageKind::Person, "demo:ada"),
        (LineageKind::All, ""),
    ] {
        assert_eq!(affected(kind, id, &state).tokens, 0, "{kind:?}");
    }
}

#[test]
fn a_stop_in_force_counts_what_it_stopped_itself() {
    let mut state = world();
    let stop = Stop::new(&what(LineageKind::Agent, "a"), NOW, &state, NOW_MS);
    state
        .view
        .revoke(Plain.key(LineageKind::Agent, "a"), NOW_MS);
    assert_eq!(stopped(&stop, &state).tokens, 1);
}

#[test]
fn what_was_issued_after_the_moment_is_spared() {
    let state = world();
    let before = |ms| {
        let act = Act::Revoke(Some(ms));
        stopped(
            &Stop::new(&what(LineageKind::Agent, "a"), act, &state, NOW_MS),
            &state,
        )
        .tokens
    };
    assert_eq!(before(NOW_MS - 11), 0);
    assert_eq!(before(NOW_MS - 10), 1);
}

#[test]
fn a_token_lives_on_where_nobody_can_ask_and_never_when_it_is_only_passed_on() {
    let state = world();
    let survivors = |target, delegate_to| {
        let mut out = Affected::default();
        let stop = Stop::new(&what(LineageKind::All, ""), NOW, &state, NOW_MS);
        let permit = permit(target, delegate_to, &state);
        stop.token(&permit, &state.world(NOW_MS), &mut out);
        out.survivors.into_iter().collect::<Vec<_>>()
    };
    assert!(survivors("asks", None).is_empty());
    assert!(survivors("offline", Some("b")).is_empty());
    let until = NOW_MS / 1000 + 300;
    assert_eq!(
        survivors("offline", None),
        [("offline".to_owned(), Some(until))]
    );
}

#[test]
fn live_grants_end_with_their_person_agent_owner_issuer_and_target() {
    let mut state = world();
    let spec = json!({
        "person": "demo:ada", "agent": "a", "expires_at": "2030-01-01T00:00:00Z",
        "targets": [{ "target": "asks", "scopes": ["x"] }],
    });
    let spec: GrantSpec = serde_json::from_value(spec).unwrap();
    let grant = |n: u8, expires_s: u64| Grant {
        id: locum_core::ids::GrantId(Uuid7::new(NOW_MS - 10, [n; 10])),
        spec: spec.clone(),
        expires_s,
        state: GrantState::Active,
        uses: 0,
        made_by: "admin".into(),
        created_at_ms: NOW_MS - 10,
        recorded_ms: None,
        owner_key: Some(Plain.key(LineageKind::Owner, "red")),
        kept: locum_core::registry::KeptLineage::default(),
    };
    state.registry.put_grant(grant(1, NOW_MS / 1000 + 10));
    state.registry.put_grant(grant(2, NOW_MS / 1000));
    let ending =
        |kind, id: &str, state: &State| Stop::new(&what(kind, id), NOW, state, NOW_MS).grants.len();
    for (kind, id, count) in [
        (LineageKind::Grant, grant(1, 0).id.to_string(), 1),
        (LineageKind::Grant, grant(2, 0).id.to_string(), 0),
        (LineageKind::Person, "demo:ada".into(), 1),
        (LineageKind::Person, "demo:bob".into(), 0),
        (LineageKind::Agent, "a".into(), 1),
        (LineageKind::Client, "a".into(), 1),
        (LineageKind::Owner, "red".into(), 1),
        (LineageKind::Owner, "blue".into(), 0),
        (LineageKind::Issuer, "demo".into(), 1),
        (LineageKind::Target, "asks".into(), 1),
        (LineageKind::Target, "offline".into(), 0),
        (LineageKind::All, String::new(), 1),
    ] {
        assert_eq!(ending(kind, &id, &state), count, "{kind:?} {id}");
    }
    state
        .view
        .revoke(Plain.key(LineageKind::Person, "demo:ada"), NOW_MS);
    assert_eq!(ending(LineageKind::All, "", &state), 0);
}
