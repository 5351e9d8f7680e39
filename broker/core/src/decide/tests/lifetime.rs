//! Contract §6, "Lifetime".

use super::{ceiling, invoice_agent, sap, scene};
use crate::refusal::Code;
use crate::testing::{
    NOW_S, OURS, Scene, agent, certification, claims, grant, id_token, issuer, target, verified,
};
use serde_json::json;
use std::sync::Arc;

fn signed_in(exp: u64) -> Scene {
    let demo = issuer("demo", json!({}));
    let agent = invoice_agent();
    let token = claims(&demo, "ada", "app", json!({"exp": exp}));
    Scene::of(&agent, id_token(&demo, &token, &agent).unwrap(), &sap())
}

#[test]
fn a_target_allows_five_minutes_unless_it_says_otherwise() {
    let plain = target("sap", json!({"scopes": {"invoice.read": {"risk": "low"}}}));
    assert_eq!(
        Scene::new(&invoice_agent(), &plain).permit().lifetime(),
        300
    );
}

#[test]
fn the_lifetime_is_the_least_of_all_bounds() {
    assert_eq!(signed_in(NOW_S + 6000).permit().lifetime(), 900, "target");
    assert_eq!(scene().permit().lifetime(), 600, "subject token");
    let mut asked = scene();
    asked.ask.expires_in = Some(7);
    assert_eq!(asked.permit().lifetime(), 7, "expires_in");
    asked.ask.expires_in = Some(70_000);
    assert_eq!(
        asked.permit().lifetime(),
        600,
        "expires_in makes nothing longer"
    );
    let mut entry = ceiling();
    entry[0]["max_lifetime"] = json!(30);
    let short = agent("invoice-agent", json!({"ceiling": entry}));
    assert_eq!(
        Scene::new(&short, &sap()).permit().lifetime(),
        30,
        "ceiling"
    );
    let mut certified = invoice_agent();
    certification(&mut certified).unwrap().until = NOW_S + 40;
    assert_eq!(
        Scene::new(&certified, &sap()).permit().lifetime(),
        40,
        "certification"
    );
    let mut granted = grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.read"]}]),
    );
    granted.expires_s = NOW_S + 50;
    let mut by_grant = scene();
    by_grant.facts.grants = vec![Arc::new(granted)];
    assert_eq!(by_grant.permit().lifetime(), 50, "grant");
}

#[test]
fn an_actor_token_bounds_what_it_obtains() {
    let workloads = issuer("wl", json!({"role": "workload"}));
    let patch =
        json!({"workload": {"issuer": "wl", "claims": {"sub": "wl/1"}}, "ceiling": ceiling()});
    let agent = agent("invoice-agent", patch);
    let token = claims(&workloads, "wl/1", OURS, json!({"exp": NOW_S + 20}));
    let token = verified(
        crate::token::TokenKind::Workload,
        &workloads.spec.issuer,
        &token,
    );
    let issuer = OURS.into();
    let client = crate::testing::client(&agent);
    let proof = crate::proof::ActorProof::from_workload(
        Arc::new(agent.clone()),
        &workloads.id,
        &token,
        NOW_S * 1000,
        &client,
        crate::testing::ours(&issuer),
    );
    let mut scene = Scene::new(&agent, &sap());
    scene.actor = proof.unwrap();
    assert_eq!(scene.permit().lifetime(), 20);
}

#[test]
fn the_tokens_end_is_no_later_than_the_subject_tokens_also_within_a_second() {
    for exp in [NOW_S + 1, NOW_S + 2, NOW_S + 599] {
        let mut scene = signed_in(exp);
        scene.facts.now_ms = NOW_S * 1000 + 999;
        assert_eq!(scene.permit().claims()["exp"], json!(exp));
    }
    let mut late = signed_in(NOW_S + 1);
    late.facts.now_ms = (NOW_S + 1) * 1000;
    assert_eq!(late.refusal().code, Code::SubjectInvalid);
}
