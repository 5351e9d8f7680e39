#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::registry::GrantState;
use crate::testing::{NOW_S, agent, certified, grant, target, uuid, version};
use proptest::prelude::*;
use serde_json::{Value, json};

fn at(names: &[&str]) -> Value {
    let each = |name: &&str| json!({"target": name, "scopes": ["a"]});
    names.iter().map(each).collect()
}

/// The numbers of the grants that ada's exchange through `agent` meets.
fn met(registry: &Registry, agent: &str, target: Option<&str>, now_s: u64) -> Vec<GrantId> {
    let agent = AgentId::parse(agent).unwrap();
    let target = target.map(|id| TargetId::parse(id).unwrap());
    let found = registry.active_grants("demo:ada", &agent, target.as_ref(), now_s);
    found.map(|grant| grant.id).collect()
}

fn id(number: u64) -> GrantId {
    grant(number, "a", at(&["sap"])).id
}

#[test]
fn grants_are_met_by_person_agent_and_target_the_next_to_end_first_then_the_lowest_id() {
    let mut registry = Registry::default();
    let mut soon = grant(3, "a", at(&["sap", "workday"]));
    soon.expires_s -= 60;
    let mut of_bob = grant(4, "a", at(&["sap"]));
    of_bob.spec.person = "demo:bob".into();
    for each in [
        grant(2, "a", at(&["sap"])),
        grant(1, "a", at(&["sap"])),
        soon,
        of_bob,
        grant(5, "b", at(&["sap"])),
        grant(6, "a", at(&["workday"])),
    ] {
        registry.put_grant(each);
    }
    assert_eq!(
        met(&registry, "a", Some("sap"), NOW_S),
        [id(3), id(1), id(2)]
    );
    assert_eq!(met(&registry, "a", Some("workday"), NOW_S), [id(3), id(6)]);
    assert_eq!(met(&registry, "a", None, NOW_S).len(), 4);
    assert_eq!(met(&registry, "b", Some("workday"), NOW_S), []);
    assert_eq!(registry.all_active_grants(None, NOW_S).count(), 6);
    let of_bob = registry.all_active_grants(Some("demo:bob"), NOW_S);
    assert_eq!(of_bob.map(|grant| grant.id).collect::<Vec<_>>(), [id(4)]);
}

#[test]
fn a_grant_that_was_used_up_is_met_again_when_its_use_is_given_back() {
    let mut registry = Registry::default();
    let mut once = grant(1, "a", at(&["sap"]));
    once.spec.max_uses = Some(1);
    registry.put_grant(once);
    registry.use_grant(id(1));
    assert_eq!(met(&registry, "a", Some("sap"), NOW_S), []);
    registry.unuse_grant(id(1));
    assert_eq!(met(&registry, "a", Some("sap"), NOW_S), [id(1)]);
}

#[test]
fn of_grants_that_are_over_the_newest_few_are_told_of_swept_or_not() {
    let mut registry = Registry::default();
    let a = AgentId::parse("a").unwrap();
    let told = |registry: &Registry, now_s: u64| -> Vec<GrantId> {
        let over = registry.ended_grants("demo:ada", &a, now_s);
        over.map(|grant| grant.id).collect()
    };
    for number in 1..=9 {
        registry.put_grant(grant(number, "a", at(&["sap"])));
    }
    let ends = grant(1, "a", at(&["sap"])).expires_s;
    assert_eq!(told(&registry, ends - 1), []);
    assert_eq!(told(&registry, ends), [id(9), id(8), id(7), id(6)]);
    registry.sweep_grants(ends);
    assert_eq!(told(&registry, ends), [id(9), id(8), id(7), id(6)]);
    let mut revoked = grant(10, "a", at(&["sap"]));
    revoked.state = GrantState::Revoked;
    registry.put_grant(revoked);
    assert_eq!(told(&registry, ends), [id(10), id(9), id(8), id(7)]);
    let mut once = grant(11, "a", at(&["sap"]));
    (once.spec.max_uses, once.expires_s) = (Some(1), ends + 60);
    registry.put_grant(once);
    registry.use_grant(id(11));
    assert_eq!(told(&registry, ends)[0], id(11));
    registry.unuse_grant(id(11));
    assert_eq!(told(&registry, ends)[0], id(10), "it may be used again");
    let other = AgentId::parse("b").unwrap();
    assert_eq!(registry.ended_grants("demo:ada", &other, ends).count(), 0);
}

#[test]
fn a_grant_past_its_end_is_not_met_and_leaves() {
    let mut registry = Registry::default();
    let ends = grant(1, "a", at(&["sap"])).expires_s;
    registry.put_grant(grant(1, "a", at(&["sap"])));
    registry.sweep_grants(ends - 1);
    assert_eq!(met(&registry, "a", None, ends - 1), [id(1)]);
    assert_eq!(met(&registry, "a", None, ends), []);
    registry.sweep_grants(ends);
    assert_eq!(met(&registry, "a", None, ends - 1), []);
    registry.use_grant(id(1));
    registry.unuse_grant(id(1));
    assert_eq!(
        met(&registry, "a", None, ends - 1),
        [],
        "it does not come back"
    );
}

#[test]
fn more_grants_than_may_be_made_now_are_all_met() {
    let mut registry = Registry::default();
    for number in 0..100 {
        registry.put_grant(grant(number, "a", at(&["sap"])));
    }
    assert_eq!(met(&registry, "a", Some("sap"), NOW_S).len(), 100);
    let copy = registry.clone();
    assert_eq!(met(&copy, "a", Some("sap"), NOW_S).len(), 100);
}

#[derive(Debug, Clone)]
enum Step {
    Put(u64, u64),
    Revoke(u64),
    Use(u64),
    Unuse(u64),
    Sweep(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = 0..6_u64;
    let step = prop_oneof![
        (number.clone(), 1..9_u64).prop_map(|(n, s)| Step::Put(n, s)),
        number.clone().prop_map(Step::Revoke),
        number.clone().prop_map(Step::Use),
        number.prop_map(Step::Unuse),
        (0..9_u64).prop_map(Step::Sweep),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #[test]
    fn what_is_met_is_what_a_walk_over_all_grants_finds(steps in steps()) {
        let mut registry = Registry::default();
        let mut now_s = NOW_S;
        for step in steps {
            match step {
                Step::Put(number, seconds) => {
                    let known = registry.grant(id(number)).cloned();
                    let mut new = grant(number, "a", at(&["sap"]));
                    new.expires_s = NOW_S + seconds;
                    new.spec.max_uses = Some(2);
                    registry.put_grant(known.map_or(new, |known| Grant::clone(&known)));
                }
                Step::Revoke(number) => if let Some(known) = registry.grant(id(number)) {
                    let mut revoked = Grant::clone(known);
                    revoked.state = GrantState::Revoked;
                    registry.put_grant(revoked);
                },
                Step::Use(number) => registry.use_grant(id(number)),
                Step::Unuse(number) => registry.unuse_grant(id(number)),
                Step::Sweep(seconds) => {
                    now_s = now_s.max(NOW_S + seconds);
                    registry.sweep_grants(now_s);
                }
            }
            let mut walked: Vec<_> = registry.grants().filter(|grant| grant.view(now_s) == GrantView::Active).collect();
            walked.sort_by_key(|grant| (grant.expires_s, grant.id));
            let walked: Vec<GrantId> = walked.into_iter().map(|grant| grant.id).collect();
            prop_assert_eq!(met(&registry, "a", Some("sap"), now_s), walked.clone());
            prop_assert_eq!(met(&registry, "a", None, now_s), walked);
        }
    }
}

#[test]
fn a_server_is_found_by_what_its_target_declares_now() {
    let server = |id: &str| Some(ClientId::parse(id).unwrap());
    let served = |registry: &Registry, client: &str| {
        let found = registry.target_of_server(client);
        found.map(|target| target.id.to_string())
    };
    let mut registry = Registry::default();
    let mut sap = target("sap", json!({}));
    sap.spec.resource_server = server("one");
    registry.put_target(sap.clone());
    assert_eq!(served(&registry, "one").as_deref(), Some("sap"));
    sap.spec.resource_server = server("two");
    registry.put_target(sap.clone());
    assert_eq!(served(&registry, "one"), None);
    assert_eq!(served(&registry, "two").as_deref(), Some("sap"));
    let mut workday = target("workday", json!({}));
    workday.spec.resource_server = server("two");
    registry.put_target(workday);
    assert_eq!(
        served(&registry, "two").as_deref(),
        Some("sap"),
        "the first by id"
    );
    sap.spec.resource_server = None;
    registry.put_target(sap);
    assert_eq!(served(&registry, "two").as_deref(), Some("workday"));
}

#[test]
fn a_name_that_moved_to_another_target_stays_there_when_the_first_is_put_again() {
    let with = |id: &str, resources: &[&str]| target(id, json!({ "resources": resources }));
    let mut registry = Registry::default();
    registry.put_target(with("sap", &["https://x", "https://y"]));
    registry.put_target(with("sap", &["https://y"]));
    assert!(registry.target_named("https://x").is_none());
    registry.put_target(with("workday", &["https://x"]));
    registry.put_target(with("sap", &[]));
    let found = registry
        .target_named("https://x")
        .map(|target| target.id.to_string());
    assert_eq!(found.as_deref(), Some("workday"));
    assert!(registry.target_named("https://y").is_none());
    assert!(registry.target_named("urn:demo:sap").is_some());
}

#[test]
fn an_agent_is_found_by_its_workload_and_versions_of_now() {
    let declared = |id: &str, sub: Option<&str>| {
        let workload = sub.map(|sub| json!({"issuer": "k8s", "claims": {"sub": sub}}));
        agent(id, json!({ "workload": workload }))
    };
    let issuer = IssuerId::parse("k8s").unwrap();
    let found = |registry: &Registry, sub: &str| -> Vec<String> {
        let agents = registry.agents_of_workload(&issuer, sub);
        agents.map(|agent| agent.id().to_string()).collect()
    };
    let mut registry = Registry::default();
    registry.put_agent(declared("a", Some("x")));
    registry.put_agent(declared("b", Some("x")));
    assert_eq!(found(&registry, "x"), ["a", "b"]);
    registry.put_agent(declared("a", Some("y")));
    assert_eq!(found(&registry, "x"), ["b"]);
    assert_eq!(found(&registry, "y"), ["a"]);
    let without = declared("a", None);
    registry.put_agent(certified(without.clone(), 2));
    assert!(found(&registry, "y").is_empty());
    let known = |number| registry.knows_version(version(without.id(), number));
    assert!(known(1) && known(2));
    assert!(!registry.knows_version(VersionId(uuid(0, 0))));
}
