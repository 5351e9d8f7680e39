//! Contract §6, "Target".

use super::{invoice_agent, sap, scene};
use crate::decide::{DelegateTo, GrantType, TargetRequest};
use crate::ids::LockId;
use crate::lineage::{LineageKind, What};
use crate::proof::SubjectProof;
use crate::refusal::{Code, Refusal};
use crate::standing::{Lock, Standing};
use crate::testing::{
    NOW_S, Names, OURS, SEEN, Scene, access_token, actor, grant, issuer, target, verified,
};
use serde_json::json;
use std::sync::Arc;

fn named(named: TargetRequest) -> Refusal {
    let mut scene = scene();
    scene.facts.named = named;
    scene.refusal()
}

#[test]
fn an_unknown_target_and_one_outside_the_ceiling_give_the_same_answer() {
    let unknown = named(TargetRequest::Unknown("urn:demo:nonesuch".into()));
    let outside = named(TargetRequest::One(
        Arc::new(target("workday", json!({}))),
        None,
    ));
    let resource = Some("https://workday.example/api".to_owned());
    let by_resource = named(TargetRequest::One(
        Arc::new(target("workday", json!({}))),
        resource,
    ));
    let ours = named(TargetRequest::Ourselves);
    assert_eq!(unknown.code, Code::TargetUnknown);
    assert_eq!(
        unknown.would_pass,
        Some(Box::new(json!({"audience": ["sap"]})))
    );
    assert_eq!(unknown, outside);
    assert_eq!(unknown, by_resource);
    assert_eq!(unknown, ours);
}

#[test]
fn a_lock_does_not_tell_that_a_target_outside_the_ceiling_exists() {
    let mut scene = scene();
    scene.facts.named = TargetRequest::One(Arc::new(target("workday", json!({}))), None);
    let free = scene.refusal();
    scene.facts.standings.target = Standing::Locked(Lock {
        id: LockId(crate::testing::uuid(1, 1)),
        what: What {
            kind: LineageKind::Target,
            id: "workday".into(),
        },
        expires_ms: None,
    });
    assert_eq!(scene.refusal(), free);
}

#[test]
fn no_target_and_several_targets_are_refused() {
    assert_eq!(named(TargetRequest::Nothing).code, Code::TargetUnknown);
    assert_eq!(named(TargetRequest::Several).code, Code::TargetSeveral);
}

#[test]
fn a_target_that_the_subject_token_does_not_lead_to_is_refused() {
    let map = json!({"scope_map": {"erp.read": ["sap:invoice.read"], "hr.read": ["workday:worker.read"]}});
    let demo = issuer("demo", map);
    for (scope, leads) in [
        ("erp.read", true),
        ("hr.read", false),
        ("unmapped", false),
        ("", false),
    ] {
        let subject = access_token(&demo, json!({"scope": scope})).unwrap();
        let decided = Scene::of(&invoice_agent(), subject, &sap()).decide();
        match decided {
            Ok(_) => assert!(leads, "{scope}"),
            Err(refused) => {
                let refusal = refused.refusal;
                assert_eq!((leads, refusal.code), (false, Code::TargetRefused));
                let next = "with a scope that `scope_map` of its issuer maps to the target";
                assert!(refusal.description.ends_with(next), "{scope}");
            }
        }
    }
}

#[test]
fn a_grant_leads_only_to_the_targets_it_lists() {
    let elsewhere = json!([{"target": "workday", "scopes": ["worker.read"]}]);
    let grant = Arc::new(grant(1, "invoice-agent", elsewhere));
    let proof = actor(&invoice_agent());
    let subject = SubjectProof::from_grant(&grant, &proof, NOW_S, &Names).unwrap();
    let mut scene = Scene::of(&invoice_agent(), subject, &sap());
    scene.facts.grants = vec![grant];
    assert_eq!(scene.refusal().code, Code::TargetRefused);
}

#[test]
fn client_credentials_with_our_issuer_give_an_actor_token_and_nothing_else() {
    let mut scene = Scene::alone(&invoice_agent(), &sap());
    scene.facts.named = TargetRequest::Ourselves;
    let permit = scene.permit();
    assert_eq!(permit.claims()["aud"], json!(OURS));
    assert_eq!((permit.scope(), permit.lifetime()), ("", 300));
    assert!(permit.claims().get("act").is_none() && permit.details().is_none());
    scene.ask.scope = Some(crate::testing::scope("invoice.list"));
    assert_eq!(scene.refusal().code, Code::ScopeRefused);
    scene.ask.scope = None;
    scene.ask.details = Some(json!([]));
    assert_eq!(scene.refusal().code, Code::Details);
    scene.ask.details = None;
    scene.ask.expires_in = Some(20);
    assert_eq!(scene.permit().lifetime(), 20);
    let passed_on = scene.passing_to(&super::hr_agent());
    assert_eq!(passed_on.refusal().code, Code::Request);
}

#[test]
fn an_exchange_never_gives_an_actor_token() {
    let workloads = issuer("wl", json!({"role": "workload", "audiences": null}));
    let token = crate::testing::claims(&workloads, "wl/invoice-agent", OURS, json!({}));
    let token = verified(
        crate::token::TokenKind::Workload,
        &workloads.spec.issuer,
        &token,
    );
    let agent = invoice_agent();
    let subject = SubjectProof::from_workload(&token, &workloads, Some(&agent), SEEN).unwrap();
    let mut scene = Scene::of(&agent, subject, &sap());
    assert!(scene.case().unwrap().is_alone());
    scene.facts.named = TargetRequest::Ourselves;
    assert_eq!(scene.ask.grant_type, GrantType::TokenExchange);
    assert_eq!(scene.refusal().code, Code::TargetUnknown);
}

#[test]
fn the_audience_is_the_resource_if_sent_else_the_targets() {
    assert_eq!(scene().permit().claims()["aud"], json!("urn:demo:sap"));
    let mut by_resource = scene();
    let resource = "https://sap.example/api".to_owned();
    by_resource.facts.named = TargetRequest::One(Arc::new(sap()), Some(resource.clone()));
    assert_eq!(by_resource.permit().claims()["aud"], json!(resource));
    let passed_on = by_resource.passing_to(&super::hr_agent());
    assert!(matches!(passed_on.facts.delegate, DelegateTo::Agent(_)));
    assert_eq!(
        passed_on.permit().claims()["aud"],
        json!("urn:locum:agent:hr-agent")
    );
}
