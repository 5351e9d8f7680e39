#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::super::{Registry, VersionState};
use super::*;
use crate::testing::{agent, certified, version};
use serde_json::json;

/// The agent with that workload identity, or none.
fn known_as(id: &str, claims: &Value) -> Agent {
    agent(id, json!({ "workload": workload(claims) }))
}

fn workload(claims: &Value) -> Value {
    match claims {
        Value::Null => Value::Null,
        claims => json!({ "issuer": "wl", "claims": claims }),
    }
}

fn after(agents: Vec<Agent>) -> Registry {
    let mut registry = Registry::default();
    agents
        .into_iter()
        .for_each(|agent| registry.put_agent(agent));
    registry
}

fn former(registry: &Registry, id: &str) -> Vec<Value> {
    let all = registry.former_workloads(id).iter();
    all.map(|workload| json!(workload.claims)).collect()
}

fn found(registry: &Registry, sub: &str) -> usize {
    let issuer = IssuerId::parse("wl").unwrap();
    registry.former_workloads_with(&issuer, sub).count()
}

#[test]
fn a_superseded_version_leaves_the_agent_and_stays_known_by_its_id() {
    let (first, second) = (agent("a", json!({})), certified(agent("a", json!({})), 2));
    assert_eq!(second.versions.len(), 1);
    let registry = after(vec![first.clone(), second]);
    let old = version(first.id(), 1);
    assert_eq!(registry.ended_versions("a"), [old]);
    assert!(registry.knows_version(old));
    assert!(registry.knows_version(version(first.id(), 2)));
    assert!(!registry.knows_version(version(first.id(), 3)));
}

#[test]
fn versions_that_a_record_of_before_holds_as_ended_leave_the_agent() {
    let mut held = certified(agent("a", json!({})), 2);
    let mut ended = held.versions[0].clone();
    ended.id = version(held.id(), 1);
    ended.state = VersionState::Ended;
    held.versions.insert(0, ended);
    let registry = after(vec![held]);
    let kept = &registry.agent("a").unwrap().versions;
    assert_eq!((kept.len(), kept[0].state), (1, VersionState::Certified));
    assert_eq!(registry.ended_versions("a").len(), 1);
}

#[test]
fn an_identity_that_is_taken_away_is_a_former_one_until_it_is_that_agents_again() {
    let claims = json!({"sub": "wl/a", "env": "prod"});
    let with = known_as("a", &claims);
    let registry = after(vec![with.clone(), known_as("a", &Value::Null)]);
    assert_eq!(former(&registry, "a"), std::slice::from_ref(&claims));
    assert_eq!((found(&registry, "wl/a"), found(&registry, "wl/b")), (1, 0));
    let again = after(vec![with.clone(), known_as("a", &Value::Null), with]);
    assert_eq!(former(&again, "a"), [Value::Null; 0]);
    assert_eq!(found(&again, "wl/a"), 0);
}

#[test]
fn a_changed_identity_leaves_the_old_one_unless_every_token_of_it_fits_the_new_one() {
    let (narrow, wide) = (json!({"sub": "s", "env": "prod"}), json!({"sub": "s"}));
    let widened = after(vec![known_as("a", &narrow), known_as("a", &wide)]);
    assert_eq!(former(&widened, "a"), [Value::Null; 0]);
    let narrowed = after(vec![known_as("a", &wide), known_as("a", &narrow)]);
    assert_eq!(former(&narrowed, "a"), [wide]);
}

#[test]
fn a_retired_agents_identity_is_a_former_one_until_it_is_released() {
    let with = known_as("a", &json!({"sub": "s"}));
    let mut registry = after(vec![with.clone(), with.clone().retire().unwrap()]);
    assert_eq!(found(&registry, "s"), 1);
    registry.release_workloads(with.id());
    assert_eq!(found(&registry, "s"), 0);
    assert_eq!(former(&registry, "a"), [Value::Null; 0]);
}

#[test]
fn what_a_record_of_before_gave_to_another_agent_is_that_agents() {
    let with = known_as("a", &json!({"sub": "s"}));
    let other = known_as("b", &json!({"sub": "s"}));
    let registry = after(vec![with.clone(), with.retire().unwrap(), other]);
    assert_eq!(found(&registry, "s"), 0);
}

#[test]
fn the_past_read_from_a_snapshot_is_looked_up_as_before() {
    let with = known_as("a", &json!({"sub": "s"}));
    let registry = after(vec![
        with.clone(),
        certified(known_as("a", &Value::Null), 2),
    ]);
    let text = serde_json::to_string(registry.past()).unwrap();
    let mut other = Registry::default();
    other.put_past(serde_json::from_str(&text).unwrap());
    assert_eq!(former(&other, "a"), former(&registry, "a"));
    assert_eq!(found(&other, "s"), 1);
    assert_eq!(other.ended_versions("a"), registry.ended_versions("a"));
    assert_eq!(serde_json::to_string(other.past()).unwrap(), text);
}

#[test]
fn two_identities_overlap_unless_a_claim_of_both_tells_them_apart() {
    let of = |claims: Value| serde_json::from_value::<Workload>(workload(&claims)).unwrap();
    let plain = of(json!({"sub": "s"}));
    let prod = of(json!({"sub": "s", "env": "prod"}));
    let test = of(json!({"sub": "s", "env": "test"}));
    assert!(plain.overlaps(&prod) && prod.overlaps(&plain) && prod.overlaps(&prod));
    assert!(!prod.overlaps(&test));
    assert!(!plain.overlaps(&of(json!({"sub": "t"}))));
}

#[test]
fn an_agent_of_300_releases_is_no_larger_than_one_of_two() {
    let mut registry = after(vec![agent("a", json!({}))]);
    let size = |registry: &Registry| {
        json!(registry.agent("a").unwrap().as_ref())
            .to_string()
            .len()
    };
    let first = size(&registry);
    for number in 2..=300 {
        let known = registry.agent("a").unwrap().as_ref().clone();
        registry.put_agent(certified(known, number));
    }
    assert!(size(&registry) <= first + 8, "{}", size(&registry));
    assert_eq!(registry.ended_versions("a").len(), 299);
}

#[test]
fn certifying_a_version_ends_the_drafts_older_than_it_and_no_newer_one() {
    let mut drafted = agent("a", json!({}));
    for number in 2..=4 {
        let mut draft = drafted.versions[0].clone();
        draft.id = version(drafted.id(), number);
        draft.state = VersionState::Draft;
        drafted.versions.push(draft);
    }
    assert_eq!(drafted.drafts().count(), 3);
    let (id, third) = (drafted.id().clone(), version(drafted.id(), 3));
    let after = drafted.certify(third, 9_999_999_999).unwrap();
    let left: Vec<_> = after.versions.iter().map(|each| each.id).collect();
    assert_eq!(left, [third, version(&id, 4)]);
    let past = after.clone().certify(version(&id, 2), 9_999_999_999);
    assert_eq!(past, Err(super::super::WrongState::past()));
    assert!(after.certify(third, 8_888_888_888).is_ok(), "renewed");
}
