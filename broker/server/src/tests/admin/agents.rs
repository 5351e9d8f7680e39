//! Agents over many releases, and what they were known as.

use super::{Desk, agent, certify, why};
use locum_core::registry::{DRAFTS_MAX, FORMER_MAX};
use serde_json::{Value, json};

/// Every version that the list shows, page by page.
async fn listed(desk: &Desk, limit: usize) -> Vec<(String, String, String)> {
    let (mut out, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/agents/a/versions?limit={limit}&cursor={cursor}");
        let page = desk.yes("GET", &path, &Value::Null).await;
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        let shown = |item| (text(item, "id"), text(item, "version"), text(item, "state"));
        out.extend(items.iter().map(shown));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return out,
        }
    }
}

#[tokio::test]
async fn an_agent_of_300_releases_is_certified_edited_and_started_again() {
    let desk = Desk::new().await;
    desk.with_agents(&[("a", Value::Null)]).await;
    let mut made = Vec::new();
    for number in 0..300 {
        made.push(desk.release("a", &format!("v{number}")).await);
    }
    let before = listed(&desk, 77).await;
    let last = made.last().cloned().unwrap();
    let numbered = made.into_iter().enumerate();
    let mut made: Vec<_> = numbered.map(|(n, id)| (id, format!("v{n}"))).collect();
    made.sort_unstable();
    let shown = before.iter();
    let shown: Vec<_> = shown.map(|(id, v, _)| (id.clone(), v.clone())).collect();
    assert_eq!(shown, made, "in the order of their ids, each once");
    for (id, _, state) in &before {
        assert_eq!(state, if *id == last { "certified" } else { "ended" });
    }
    desk.known_as("a", &json!({"sub": "wl/a"})).await;
    let desk = desk.again();
    assert_eq!(listed(&desk, 500).await, before);
    desk.release("a", "after").await;
    desk.known_as("a", &Value::Null).await;
    let state = desk.app.broker.records.state.read();
    assert_eq!(state.registry.agent("a").unwrap().versions.len(), 1);
}

#[tokio::test]
async fn a_superseded_version_is_shown_and_revoked_and_never_certified_again() {
    let desk = Desk::new().await;
    desk.with_agents(&[("a", Value::Null), ("b", Value::Null)])
        .await;
    let old = desk.release("a", "one").await;
    desk.release("a", "two").await;
    let path = format!("/agents/a/versions/{old}");
    let shown = desk.yes("GET", &path, &Value::Null).await;
    assert_eq!(
        (&shown["version"], &shown["state"]),
        (&json!("one"), &json!("ended"))
    );
    assert_eq!(shown["certified_until"], Value::Null);
    let said = desk
        .no(409, "POST", &format!("{path}/certify"), &certify())
        .await;
    assert!(said.contains("past that version"), "{said}");
    let of_another = format!("/agents/b/versions/{old}");
    desk.no(404, "GET", &of_another, &Value::Null).await;
    desk.no(404, "POST", &format!("{of_another}/certify"), &certify())
        .await;
    let what = json!({"what": {"kind": "agent_version", "id": old}, "reason": "tests"});
    desk.yes("POST", "/revocations", &what).await;
    let nobodys = format!("ver_{}", "0".repeat(26));
    let what = json!({"what": {"kind": "agent_version", "id": nobodys}, "reason": "tests"});
    desk.no(404, "POST", "/revocations", &what).await;
}

#[tokio::test]
async fn beyond_64_drafts_a_version_is_refused_until_one_is_certified() {
    let desk = Desk::new().await;
    desk.with_agents(&[("a", Value::Null)]).await;
    let mut newest = String::new();
    for number in 0..DRAFTS_MAX {
        newest = desk.draft("a", &format!("v{number}")).await;
    }
    let more = json!({"version": "more"});
    let said = desk.no(409, "POST", "/agents/a/versions", &more).await;
    assert!(said.contains("fewer than 64 drafts"), "{said}");
    let path = format!("/agents/a/versions/{newest}/certify");
    desk.yes("POST", &path, &certify()).await;
    desk.draft("a", "more").await;
    let all = listed(&desk, 500).await;
    let ended = all.iter().filter(|(_, _, state)| state == "ended");
    assert_eq!((all.len(), ended.count()), (DRAFTS_MAX + 1, DRAFTS_MAX - 1));
}

#[tokio::test]
async fn an_agent_that_is_too_large_is_refused_when_it_grows_and_not_when_it_shrinks() {
    let desk = Desk::new().await;
    desk.with_agents(&[("a", Value::Null)]).await;
    let long =
        json!({"version": "v".repeat(500), "digest": "d".repeat(500), "model": "m".repeat(500)});
    let mut newest = String::new();
    let said = loop {
        let (status, answer) = desk.ask("POST", "/agents/a/versions", &long).await;
        match answer["id"].as_str() {
            Some(id) => id.clone_into(&mut newest),
            None => break (status, answer["detail"].to_string()),
        }
    };
    assert_eq!(said.0, 422);
    assert!(said.1.contains("certify a version"), "{}", said.1);
    let path = format!("/agents/a/versions/{newest}/certify");
    desk.yes("POST", &path, &certify()).await;
    desk.yes("POST", "/agents/a/versions", &long).await;
}

#[tokio::test]
async fn what_was_an_agents_is_no_others_until_it_is_released() {
    let desk = Desk::new().await;
    let (its, others) = (
        json!({"sub": "wl/a", "env": "prod"}),
        json!({"sub": "wl/a"}),
    );
    desk.with_agents(&[("a", its.clone()), ("b", Value::Null)])
        .await;
    desk.no(409, "POST", "/agents/a/workload/release", &why())
        .await;
    desk.known_as("a", &Value::Null).await;
    for claims in [&its, &others] {
        for (method, path) in [("PUT", "/agents/b"), ("POST", "/agents")] {
            let id = if method == "PUT" { "b" } else { "c" };
            let said = desk.no(409, method, path, &agent(id, claims)).await;
            assert!(said.contains("/agents/a/workload/release"), "{said}");
        }
    }
    let apart = json!({"sub": "wl/a", "env": "test"});
    desk.known_as("b", &apart).await;
    desk.known_as("b", &Value::Null).await;
    desk.yes("POST", "/agents/b/workload/release", &why()).await;
    desk.known_as("a", &its).await;
    desk.no(409, "POST", "/agents/a/workload/release", &why())
        .await;
    desk.known_as("a", &Value::Null).await;
    let desk = desk.again();
    desk.no(409, "PUT", "/agents/b", &agent("b", &its)).await;
    desk.yes("POST", "/agents/a/workload/release", &why()).await;
    let desk = desk.again();
    desk.no(409, "POST", "/agents/a/workload/release", &why())
        .await;
    desk.known_as("b", &its).await;
}

#[tokio::test]
async fn what_a_retired_agent_was_known_as_is_released_too() {
    let desk = Desk::new().await;
    let its = json!({"sub": "wl/a"});
    desk.with_agents(&[("a", its.clone()), ("b", Value::Null)])
        .await;
    desk.yes("POST", "/agents/a/retire", &why()).await;
    desk.no(409, "PUT", "/agents/b", &agent("b", &its)).await;
    desk.yes("POST", "/agents/a/workload/release", &why()).await;
    desk.no(409, "POST", "/agents/a/workload/release", &why())
        .await;
    desk.known_as("b", &its).await;
}

#[tokio::test]
async fn beyond_64_former_identities_another_is_refused_until_they_are_released() {
    let desk = Desk::new().await;
    let named = |number: usize| json!({ "sub": format!("wl/{number}") });
    desk.with_agents(&[("a", named(0))]).await;
    for number in 1..=FORMER_MAX {
        desk.known_as("a", &named(number)).await;
    }
    let more = agent("a", &named(FORMER_MAX + 1));
    let said = desk.no(409, "PUT", "/agents/a", &more).await;
    assert!(said.contains("fewer than 64 former"), "{said}");
    let desk = desk.again();
    desk.known_as("a", &named(FORMER_MAX)).await;
    desk.yes("POST", "/agents/a/workload/release", &why()).await;
    desk.yes("PUT", "/agents/a", &more).await;
}
