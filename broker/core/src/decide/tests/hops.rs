//! Contract §8: passing a chain on, deriving, and what holds on every hop.

use super::derive::{chat, server};
use super::{ceiling, hr_agent, invoice_agent, sap, scene, would_pass};
use crate::chain::Chain;
use crate::decide::Permit;
use crate::decide::Recorded;
use crate::proof::Parent;
use crate::refusal::Code;
use crate::registry::{Agent, Grant};
use crate::testing::{NOW_S, OURS, Scene, Stub, actor, agent, grant, scope, target};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn soc_agent() -> Agent {
    agent(
        "soc-agent",
        json!({"ceiling": ceiling(), "subject_issuers": ["demo", "locum"]}),
    )
}

pub(super) fn act(permit: &Recorded<Permit>) -> Value {
    permit.claims()["act"].clone()
}

#[test]
fn a_token_passed_on_is_for_the_agent_named_and_for_no_resource() {
    let permit = scene().passing_to(&hr_agent()).permit();
    let claims = permit.claims();
    assert_eq!(claims["aud"], json!("urn:locum:agent:hr-agent"));
    assert_eq!(claims["may_act"], json!({"iss": OURS, "sub": "hr-agent"}));
    assert_eq!(claims["del"]["target"], json!("sap"));
    assert!(claims.get("cnf").is_none());
    let plain = scene().permit();
    assert!(
        plain.claims().get("may_act").is_none() && plain.claims()["del"].get("target").is_none()
    );
}

#[test]
fn the_chain_wraps_the_one_before_unchanged_at_every_hop() {
    let first = scene().passing_to(&hr_agent());
    let second = first.next(&hr_agent(), &sap()).passing_to(&soc_agent());
    let third = second.next(&soc_agent(), &sap());
    let (a, b, c) = (first.permit(), second.permit(), third.permit());
    assert_eq!(
        act(&a),
        json!({"iss": OURS, "sub": "invoice-agent", "sub_profile": "ai_agent"})
    );
    assert_eq!(
        act(&b),
        json!({"iss": OURS, "sub": "hr-agent", "sub_profile": "ai_agent", "act": act(&a)})
    );
    assert_eq!(
        act(&c),
        json!({"iss": OURS, "sub": "soc-agent", "sub_profile": "ai_agent", "act": act(&b)})
    );
    assert_eq!(c.claims()["sub"], json!("demo:ada"));
    assert_eq!(c.claims()["client_id"], json!("soc-agent"));
    assert_eq!(c.claims()["del"]["up"], json!([b.jti(), a.jti()]));
    assert_eq!(c.claims()["del"]["ver"].as_array().unwrap().len(), 3);
    assert_eq!(c.claims()["del"]["basis"], json!("policy"));
}

#[test]
fn a_token_of_ours_serves_only_the_agent_it_was_meant_for() {
    let passed_on = scene().passing_to(&hr_agent()).token();
    let plain = scene().token();
    for (token, who) in [
        (&passed_on, soc_agent()),
        (&passed_on, invoice_agent()),
        (&plain, hr_agent()),
        (&plain, invoice_agent()),
    ] {
        let refusal = Parent::passed_on(token.clone(), &actor(&who)).unwrap_err();
        assert_eq!(refusal.code, Code::ActorMismatch);
    }
    let refusal = Parent::derived(passed_on, Some(&chat().id), &chat(), &server()).unwrap_err();
    assert_eq!(refusal.code, Code::ActorMismatch);
}

#[test]
fn a_proof_made_for_one_agent_is_not_used_by_another() {
    let mut hop = scene().passing_to(&hr_agent()).next(&hr_agent(), &sap());
    hop.actor = actor(&soc_agent());
    assert_eq!(hop.refusal().code, Code::ActorMismatch);
}

#[test]
fn the_next_agent_exchanges_for_that_same_target_only_and_narrowed() {
    let root = scene()
        .asking("invoice.read invoice.list")
        .passing_to(&hr_agent());
    let hop = root.next(&hr_agent(), &sap());
    assert_eq!(
        hop.permit().scope(),
        "invoice.read",
        "the default ∩ the parent's"
    );
    let wider = root
        .next(&hr_agent(), &sap())
        .asking("invoice.read invoice.post");
    assert_eq!(
        (wider.refusal().code, would_pass(&wider)),
        (Code::ScopeRefused, Some(json!({"scope": "invoice.read"})))
    );
    let both = agent(
        "hr-agent",
        json!({"ceiling": [{"target": "workday", "scopes": ["invoice.read"], "default": ["invoice.read"]}]}),
    );
    let elsewhere = target(
        "workday",
        json!({"scopes": {"invoice.read": {"risk": "low"}}}),
    );
    let hop = root.next(&both, &elsewhere);
    assert_eq!(hop.refusal().code, Code::TargetRefused);
}

#[test]
fn the_next_agent_needs_its_own_ceiling_and_subject_issuer_and_policy() {
    let root = scene().passing_to(&hr_agent());
    let bare = agent("hr-agent", json!({}));
    assert_eq!(root.next(&bare, &sap()).refusal().code, Code::TargetUnknown);
    let nobodys = agent(
        "hr-agent",
        json!({"ceiling": ceiling(), "subject_issuers": []}),
    );
    assert_eq!(
        root.next(&nobodys, &sap()).refusal().code,
        Code::SubjectInvalid
    );
    let denied = root.next(&hr_agent(), &sap()).under(Stub::when(|_| false));
    assert_eq!(denied.refusal().code, Code::PolicyDenied);
    let asked = root.next(&hr_agent(), &sap());
    let _permit = asked.permit();
    assert_eq!(
        asked.policy.asked().len(),
        1,
        "no pre_authorise on a later hop"
    );
    assert_eq!(asked.policy.asked()[0].chain.len(), 2);
}

#[test]
fn a_later_hop_lives_no_longer_than_its_parent() {
    let mut root = scene().passing_to(&hr_agent());
    root.ask.expires_in = Some(20);
    let mut hop = root.next(&hr_agent(), &sap());
    hop.facts.now_ms += 5_000;
    assert_eq!(hop.decide().unwrap().claims["exp"], json!(NOW_S + 20));
}

#[test]
fn passing_on_to_an_agent_that_is_in_the_chain_is_refused_at_once_and_the_subject_counts() {
    let root = scene().passing_to(&hr_agent());
    let back = root.next(&hr_agent(), &sap()).passing_to(&invoice_agent());
    let refusal = back.refusal();
    assert_eq!(refusal.code, Code::ChainCycle);
    assert!(refusal.description.contains("found `invoice-agent`"));
    let own = Scene::alone(&invoice_agent(), &sap())
        .asking("invoice.list")
        .passing_to(&soc_agent());
    let back = own
        .next(&soc_agent(), &sap())
        .asking("invoice.list")
        .passing_to(&invoice_agent());
    assert_eq!(back.refusal().code, Code::ChainCycle);
}

#[test]
fn depth_counts_act_objects_and_hops_count_exchanges() {
    let root = scene().passing_to(&hr_agent());
    let mut hop = root.next(&hr_agent(), &sap());
    hop.bounds.depth = 1;
    assert_eq!(hop.case().unwrap_err().code, Code::ChainDepth);
    hop.bounds.depth = 2;
    hop.bounds.hops = 1;
    assert_eq!(hop.case().unwrap_err().code, Code::ChainHops);
    hop.bounds.hops = 2;
    assert_eq!(hop.case().unwrap().chain.hops(), 2);
    hop.facts.limits.max_hops = 1;
    assert_eq!(
        hop.refusal().code,
        Code::ChainHops,
        "decided on again, whatever the caller's bounds"
    );
    hop.facts.limits.max_hops = 8;
    let shallow = agent("hr-agent", json!({"ceiling": ceiling(), "max_depth": 1}));
    assert_eq!(root.next(&shallow, &sap()).refusal().code, Code::ChainDepth);
}

pub(super) fn root_grant(scopes: &[&str]) -> Grant {
    grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": scopes}, {"target": "chat", "scopes": ["chat.ask", "chat.pay"]}]),
    )
}

#[test]
fn a_grants_depth_binds_every_hop_and_only_the_root_takes_a_use() {
    let mut root = scene().asking("invoice.post").passing_to(&hr_agent());
    let mut granted = root_grant(&["invoice.post"]);
    granted.spec.max_depth = Some(2);
    root.facts.grants = vec![Arc::new(granted.clone())];
    let hop = root
        .next(&hr_agent(), &sap())
        .asking("invoice.post")
        .passing_to(&soc_agent());
    let permit = hop.decide().unwrap();
    assert_eq!(
        (permit.takes_use_of(), permit.del.grant),
        (None, Some(granted.id))
    );
    let third = hop.next(&soc_agent(), &sap()).asking("invoice.post");
    assert_eq!(third.refusal().code, Code::ChainDepth);
}

#[test]
fn a_root_grant_that_is_not_known_any_more_is_no_basis() {
    let mut root = scene().asking("invoice.post").passing_to(&hr_agent());
    root.facts.grants = vec![Arc::new(root_grant(&["invoice.post"]))];
    let mut hop = root.next(&hr_agent(), &sap()).asking("invoice.post");
    assert!(hop.decide().is_ok());
    hop.facts.root_grant = None;
    assert_eq!(hop.refusal().code, Code::ConsentMissing);
    hop.facts.root_grant = Some(Arc::new(grant(
        2,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.post"]}]),
    )));
    assert_eq!(hop.refusal().code, Code::ConsentMissing, "another grant");
}

#[test]
fn a_scope_that_became_high_does_not_go_on_by_policy() {
    let root = scene().passing_to(&hr_agent());
    let mut now_high = sap();
    now_high.spec.scopes.get_mut("invoice.read").unwrap().risk = crate::policy::Risk::High;
    assert_eq!(
        root.next(&hr_agent(), &now_high).refusal().code,
        Code::ConsentMissing
    );
}

#[test]
fn what_reads_back_is_what_was_built() {
    let scene = scene().passing_to(&hr_agent());
    let token = scene.token();
    let chain = Chain::extend(&scene.subject, &scene.actor, scene.bounds).unwrap();
    assert_eq!(token.links, chain.links());
    assert_eq!(token.scope, scope("invoice.read"));
    assert_eq!(
        (token.meant_for(), token.sub.as_str()),
        (Some("hr-agent"), "demo:ada")
    );
}
