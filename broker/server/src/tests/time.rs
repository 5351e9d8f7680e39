//! What ends by itself, and what a clock that jumps does not bring back. The
//! clock is the test's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::broker::{decode, shown};
use super::small_world::{BEGIN_MS, SmallWorld, exp_s, kid};
use serde_json::{Value, json};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

#[test]
fn a_token_is_active_until_its_exp_and_not_after() {
    let world = SmallWorld::new();
    let token = world.token();
    world.broker.set(exp_s(&token) * 1_000 - 1);
    assert!(world.is_active(&token));
    world.broker.set(exp_s(&token) * 1_000);
    assert!(!world.is_active(&token));
}

#[test]
fn a_subject_token_is_accepted_until_its_exp_and_the_token_ends_no_later() {
    let world = SmallWorld::new();
    let subject = world.signed_in(BEGIN_MS, 200);
    let (status, answer) = world.exchange(&subject, "read");
    assert_eq!(
        (status, &answer["expires_in"]),
        (200, &json!(200)),
        "{answer}"
    );
    world.broker.pass(199_000);
    assert_eq!(world.exchange(&subject, "read").1["expires_in"], json!(1));
    world.broker.pass(1_000);
    let (_, answer) = world.exchange(&subject, "read");
    assert_eq!(answer["code"], "LCM-SUBJECT-INVALID", "{answer}");
}

#[test]
fn a_lock_with_an_expiry_ends_by_itself() {
    let world = SmallWorld::new();
    let token = world.token();
    let body = json!({
        "what": {"kind": "agent", "id": "agent"}, "reason": "test",
        "expires_at": shown(BEGIN_MS + MINUTE_MS),
    });
    world.broker.must("POST", "/locks", &body);
    assert_eq!(world.code("read"), "LCM-LOCKED");
    world.broker.set(BEGIN_MS + MINUTE_MS - 1);
    assert!(world.code("read") == "LCM-LOCKED" && !world.is_active(&token));
    world.broker.set(BEGIN_MS + MINUTE_MS);
    assert!(world.ask("read").0 == 200 && world.is_active(&token));
}

#[test]
fn a_grant_expires_by_itself() {
    let world = SmallWorld::new();
    let body = json!({
        "person": "corp:ada", "agent": "agent", "expires_at": shown(BEGIN_MS + MINUTE_MS),
        "targets": [{"target": "target", "scopes": ["post"]}], "reason": "test",
    });
    let made = world.broker.must("POST", "/grants", &body);
    let path = format!("/grants/{}", made["id"].as_str().unwrap());
    world.broker.set(BEGIN_MS + MINUTE_MS - 1_000);
    let (status, answer) = world.ask("post");
    assert_eq!(
        (status, &answer["expires_in"]),
        (200, &json!(1)),
        "{answer}"
    );
    world.broker.set(BEGIN_MS + MINUTE_MS);
    assert_eq!(world.code("post"), "LCM-CONSENT-MISSING");
    let shown = world.broker.must("GET", &path, &Value::Null);
    assert_eq!(shown["state"], "expired");
}

#[test]
fn a_token_does_not_outlive_the_certification_and_its_end_acts_as_a_lock() {
    let mut world = SmallWorld::new();
    let lasting = world.token();
    world.certified(60);
    let (status, answer) = world.ask("read");
    assert_eq!(
        (status, &answer["expires_in"]),
        (200, &json!(60)),
        "{answer}"
    );
    world.broker.pass(MINUTE_MS);
    assert_eq!(world.code("read"), "LCM-AGENT-UNCERTIFIED");
    assert!(!world.is_active(&lasting));
}

#[test]
fn a_credential_expires_by_itself() {
    let world = SmallWorld::new();
    let body = json!({
        "role": "auditor", "name": "auditor", "expires_at": shown(BEGIN_MS + MINUTE_MS),
    });
    let made = world.broker.must("POST", "/credentials", &body);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let ask = || {
        world
            .broker
            .admin_as(&bearer, "GET", "/agents", &Value::Null)
            .0
    };
    world.broker.set(BEGIN_MS + MINUTE_MS - 1_000);
    assert_eq!(ask(), 200);
    world.broker.set(BEGIN_MS + MINUTE_MS);
    assert_eq!(ask(), 401);
}

#[test]
fn an_old_key_is_retired_by_locum_once_its_last_token_has_expired_and_revokes_nothing() {
    let world = SmallWorld::new();
    let first = kid(&world.token());
    let state = || {
        let body = json!({"alg": "ES256", "reason": "test"});
        world.broker.must("POST", "/keys/rotate", &body);
        let keys = world.broker.must("GET", "/keys", &Value::Null);
        let mut keys = keys["items"].as_array().unwrap().iter();
        let found = keys.find(|key| key["kid"] == first.as_str());
        found.unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "old");
    // Its last token lives an hour, and verifiers' clocks may lag by five minutes.
    world.broker.set(BEGIN_MS + HOUR_MS + 4 * MINUTE_MS);
    assert_eq!(state(), "old");
    world.broker.set(BEGIN_MS + HOUR_MS + 6 * MINUTE_MS);
    assert_eq!(state(), "retired");
    let revoked = world.broker.must("GET", "/revocations", &Value::Null);
    assert_eq!(revoked["items"], json!([]));
}

#[test]
fn a_client_over_its_rate_may_ask_again_when_its_time_has_come() {
    let world = SmallWorld::limited(Some(5));
    let subject = world.signed_in(BEGIN_MS, 600);
    let ask = || world.exchange(&subject, "read").0;
    let burst: Vec<u16> = (0..8).map(|_| ask()).collect();
    assert_eq!(burst, [200, 200, 200, 200, 200, 429, 429, 429]);
    // One of five a second.
    world.broker.pass(200);
    assert_eq!([ask(), ask()], [200, 429]);
    world.broker.pass(1_000);
    assert_eq!((0..6).filter(|_| ask() == 200).count(), 5);
    let told = |minute: u64| {
        let path = format!("/decisions?since={}", shown(BEGIN_MS + minute * MINUTE_MS));
        let found = world.broker.must("GET", &path, &Value::Null);
        let mut items = found["items"].as_array().unwrap().clone();
        items.retain(|item| item["code"] == "LCM-RATE");
        items.len()
    };
    assert_eq!(told(0), 1, "once a minute");
    world.broker.set(BEGIN_MS + MINUTE_MS);
    assert_eq!((0..6).filter(|_| ask() == 429).count(), 1);
    assert_eq!(told(1), 1);
}

/// What is dead when the clock is far ahead stays dead when it jumps back.
#[test]
fn a_step_back_while_running_revives_nothing() {
    let world = SmallWorld::new();
    let (token, dead) = (world.token(), world.token());
    let short = world.signed_in(BEGIN_MS, 200);
    world.revoke(&dead);
    world.broker.set(BEGIN_MS + 2 * HOUR_MS);
    assert!(!world.is_active(&token));
    for back_ms in [BEGIN_MS, BEGIN_MS - 2 * HOUR_MS] {
        world.broker.set(back_ms);
        assert!(!world.is_active(&token) && !world.is_active(&dead));
        let (_, answer) = world.exchange(&short, "read");
        assert_eq!(answer["code"], "LCM-SUBJECT-INVALID", "{answer}");
    }
}

/// Its `iat` is after the revocation, so that only what is remembered of it tells
/// that it was used before.
#[test]
fn a_token_from_ahead_of_the_clock_stays_revoked_where_its_issuer_gets_an_age_of_its_own() {
    const DAY_MS: u64 = 24 * HOUR_MS;
    let world = SmallWorld::new();
    let revoked = world.signed_in(BEGIN_MS + 25_000, 9 * 86_400);
    assert_eq!(world.exchange(&revoked, "read").0, 200);
    let person = json!({"what": {"kind": "person", "id": "corp:ada"}, "reason": "test"});
    world.broker.must("POST", "/revocations", &person);
    world.broker.set(BEGIN_MS + 2 * DAY_MS);
    // Another one from ahead of the clock: what is over is swept out.
    let other = world.signed_in(BEGIN_MS + 2 * DAY_MS + 25_000, 600);
    assert_eq!(world.exchange(&other, "read").0, 200);
    world.change_issuer("max_token_age_s", &json!(10 * 86_400));
    let (_, answer) = world.exchange(&revoked, "read");
    assert_eq!(answer["code"], "LCM-SUBJECT-REVOKED", "{answer}");
}

#[test]
fn records_keep_their_order_over_steps() {
    let world = SmallWorld::new();
    let mut seen = Vec::new();
    for offset_ms in [0, HOUR_MS, 0, MINUTE_MS, 2 * HOUR_MS, 0] {
        world.broker.set(BEGIN_MS + offset_ms);
        seen.push(decode(&world.token()).1["iat"].as_u64());
    }
    assert!(seen.is_sorted(), "{seen:?}");
}

#[test]
fn what_was_revoked_or_spent_stays_so_over_a_step_and_a_restart() {
    for step_ms in [0, 2 * MINUTE_MS, 2 * HOUR_MS] {
        let mut world = SmallWorld::new();
        let token = world.token();
        world.revoke(&token);
        world.broker.set(BEGIN_MS + step_ms);
        assert!(!world.is_active(&token));
        world.broker.end();
        world.broker.begin();
        assert!(!world.is_active(&token));
        assert_eq!(world.ask("read").0, 200);
    }
}
