#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use locum_core::registry::{AgentSpec, TargetSpec};
use serde_json::json;

fn flaws<T: DeserializeOwned>(body: Value) -> Vec<(String, String)> {
    let Value::Object(members) = body else {
        panic!("an object");
    };
    let list = whole::<T>(members).err().unwrap().into_iter();
    list.map(|flaw| (flaw.pointer, flaw.detail)).collect()
}

fn agent(changes: Value) -> Value {
    let mut body = json!({"id": "a", "owner": {"kind": "team", "id": "t"}});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn what_fits_is_read_as_serde_json_reads_it() {
    let body = agent(json!({
        "auth": [{"method": "private_key_jwt", "jwks": {"keys": [{"n": [1, -2, null]}]}}],
        "ceiling": [{"target": "t", "scopes": ["a", "b"], "max_lifetime": 7}],
    }));
    let direct: AgentSpec = serde_json::from_value(body.clone()).unwrap();
    let Value::Object(members) = body else {
        panic!("an object")
    };
    assert_eq!(whole::<AgentSpec>(members).unwrap(), direct);
}

#[test]
fn every_bad_member_is_named_with_its_place() {
    let body = agent(json!({
        "id": "Bad", "risk": "enormous", "max_depth": -1,
        "ceiling": [{"target": "t", "scopes": ["two words"]}],
    }));
    let found = flaws::<AgentSpec>(body);
    let places: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        places,
        ["/id", "/risk", "/max_depth", "/ceiling/0/scopes/0"],
        "{found:?}"
    );
    assert_eq!(
        found[1].1,
        "expected one of `low`, `medium`, `high`, found another value"
    );
}

#[test]
fn a_missing_and_an_unknown_member_have_a_place_too() {
    let found = flaws::<AgentSpec>(json!({"id": "a", "owner": {"kind": "team"}}));
    assert_eq!(found[0].0, "/owner/id");
    let found = flaws::<AgentSpec>(json!({"id": "a"}));
    assert_eq!(
        found,
        [("/owner".into(), "expected a value, found none".into())]
    );
    let found = flaws::<TargetSpec>(json!({"audience": "a", "scopes": {"x": {"ri/sk": 1}}}));
    assert_eq!(found[0].0, "/scopes/x/ri~1sk");
}

#[test]
fn what_was_sent_is_not_repeated() {
    let canary = "canary-7b";
    let body = agent(json!({
        "risk": canary, "name": [canary], "owner": canary,
        "auth": [{"method": "client_secret", "client_secret": canary}],
    }));
    assert!(!format!("{:?}", flaws::<AgentSpec>(body)).contains(canary));
}

#[test]
fn a_number_that_two_readers_could_take_for_two_is_named_with_its_place() {
    let keys =
        json!({"keys": [{"n": [1.1e-7, 1, 9_007_199_254_740_992u64, -9_007_199_254_740_991i64]}]});
    let body = agent(json!({
        "auth": [{"method": "private_key_jwt", "jwks": keys}],
        "workload": {"issuer": "w", "claims": {"sub": "x", "a/b": 2.0}},
    }));
    let found = flaws::<AgentSpec>(body);
    let places: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    let expected = [
        "/auth/0/jwks/keys/0/n/0",
        "/auth/0/jwks/keys/0/n/2",
        "/workload/claims/a~1b",
    ];
    assert_eq!(places, expected);
}
