//! Contract §6, "Basis".

use super::{invoice_agent, sap, scene, would_pass};
use crate::proof::SubjectProof;
use crate::refusal::Code;
use crate::registry::{Grant, GrantState};
use crate::testing::{
    NOW_S, Names, Scene, Stub, access_token, actor, claims, grant, id_token, issuer, scope,
};
use serde_json::{Value, json};
use std::sync::Arc;

fn post(number: u64) -> Grant {
    grant(
        number,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.post", "invoice.read"]}]),
    )
}

fn with(mut scene: Scene, grants: Vec<Grant>) -> Scene {
    scene.facts.grants = grants.into_iter().map(Arc::new).collect();
    scene
}

fn trusted() -> crate::registry::Issuer {
    let map = json!({"erp.write": ["sap:invoice.post"], "erp.read": ["sap:invoice.read"]});
    issuer("demo", json!({"scope_map": map, "trust_may_act": true}))
}

fn for_agent(sub: &str) -> Value {
    json!({"may_act": {"iss": crate::testing::OURS, "sub": sub}, "scope": "erp.write erp.read"})
}

fn basis(scene: &Scene) -> Value {
    scene.permit().claims()["del"]["basis"].clone()
}

fn chosen(scene: &Scene) -> Value {
    scene.permit().claims()["del"]["grant"].clone()
}

#[test]
fn may_act_of_a_trusted_issuer_covers_also_high_scopes_and_asks_no_pre_authorisation() {
    let subject = access_token(&trusted(), for_agent("invoice-agent")).unwrap();
    let scene = Scene::of(&invoice_agent(), subject, &sap()).asking("invoice.post");
    let scene = with(scene, vec![post(1)]);
    assert_eq!(
        (basis(&scene), chosen(&scene)),
        (json!("may_act"), Value::Null)
    );
    let asked = scene.policy.asked();
    assert!(
        asked
            .iter()
            .all(|question| question.action == crate::policy::Action::Exchange)
    );
}

#[test]
fn may_act_of_an_issuer_that_is_not_trusted_for_it_is_no_basis() {
    let mut untrusted = trusted();
    untrusted.spec.trust_may_act = false;
    let subject = access_token(&untrusted, for_agent("invoice-agent")).unwrap();
    let scene = Scene::of(&invoice_agent(), subject, &sap()).asking("invoice.post");
    assert_eq!(scene.refusal().code, Code::ConsentMissing);
}

#[test]
fn in_an_id_token_may_act_only_restricts() {
    let demo = trusted();
    let named = json!({"may_act": {"iss": crate::testing::OURS, "sub": "invoice-agent"}});
    let subject = id_token(&demo, &claims(&demo, "ada", "app", named), &invoice_agent()).unwrap();
    let scene = Scene::of(&invoice_agent(), subject, &sap());
    assert_eq!(basis(&scene), json!("policy"));
    assert_eq!(
        scene.asking("invoice.post").refusal().code,
        Code::ConsentMissing
    );
}

#[test]
fn rfc8693_4_4_a_may_act_that_names_someone_else_always_refuses() {
    let demo = trusted();
    for named in [
        json!({"iss": crate::testing::OURS, "sub": "hr-agent"}),
        json!({"iss": "https://other.example", "sub": "invoice-agent"}),
        json!({"sub": "invoice-agent"}),
    ] {
        let patch = json!({"may_act": named, "scope": "erp.write"});
        let subject = access_token(&demo, patch.clone()).unwrap();
        let scene = Scene::of(&invoice_agent(), subject, &sap()).asking("invoice.post");
        assert_eq!(
            with(scene, vec![post(1)]).refusal().code,
            Code::MayAct,
            "{named}"
        );
        let token = claims(&demo, "ada", "app", json!({"may_act": named}));
        let subject = id_token(&demo, &token, &invoice_agent()).unwrap();
        let scene = with(Scene::of(&invoice_agent(), subject, &sap()), vec![post(1)]);
        assert_eq!(scene.refusal().code, Code::MayAct, "ID token, {named}");
    }
}

#[test]
fn a_may_act_that_names_nobody_is_an_invalid_token() {
    for broken in [
        json!({}),
        json!({"sub": 1}),
        json!({"sub": "invoice-agent", "iss": 5}),
    ] {
        let refusal =
            access_token(&trusted(), json!({"may_act": broken, "scope": "erp.read"})).unwrap_err();
        assert_eq!(refusal.code, Code::SubjectInvalid);
    }
}

#[test]
fn a_missing_consent_names_the_nearest_grant_and_what_it_lacks() {
    let id = |number| post(number).id;
    let over = |change: fn(&mut Grant)| {
        let mut grant = post(1);
        change(&mut grant);
        grant
    };
    let expired = over(|grant| grant.expires_s = NOW_S);
    let used = over(|grant| (grant.spec.max_uses, grant.uses) = (Some(1), 1));
    let revoked = over(|grant| grant.state = GrantState::Revoked);
    for (grant, lack) in [
        (expired, "expired"),
        (used, "used 1 of 1"),
        (revoked, "revoked"),
    ] {
        let mut scene = scene().asking("invoice.post");
        scene.facts.ended_grants = vec![Arc::new(grant)];
        let refusal = scene.refusal();
        assert_eq!(refusal.code, Code::ConsentMissing);
        let said = format!(
            "(nearest: grant `{}`: {lack}); ask the person for a grant",
            id(1)
        );
        assert!(
            refusal.description.contains(&said),
            "{}",
            refusal.description
        );
    }
    let none = super::scene().asking("invoice.post").refusal();
    assert_eq!(
        none.description,
        "expected consent for `invoice.post` at `sap`, found none; ask the person for a grant"
    );
    assert_eq!(none.detail, None);
}

#[test]
fn every_grant_that_comes_near_is_told_to_the_operator_the_nearest_first() {
    let id = |number| post(number).id;
    let read = |number| {
        grant(
            number,
            "invoice-agent",
            json!([{"target": "sap", "scopes": ["invoice.read"]}]),
        )
    };
    let mut shallow = post(3);
    shallow.spec.max_depth = Some(0);
    let mut scene = with(scene().asking("invoice.post"), vec![read(2), shallow]);
    let mut gone = read(4);
    gone.state = GrantState::Revoked;
    scene.facts.ended_grants = vec![Arc::new(gone)];
    let refusal = scene.refusal();
    let nearest = format!("`{}`: 1 actors > 0", id(3));
    assert!(
        refusal
            .description
            .contains(&format!("(nearest: grant {nearest})")),
        "{}",
        refusal.description
    );
    let all = format!(
        "grants that come near: {nearest}; `{}`: no scope `invoice.post`; `{}`: revoked, no scope `invoice.post`",
        id(2),
        id(4)
    );
    assert_eq!(refusal.detail, Some(all));
}

#[test]
fn a_live_grant_that_covers_the_whole_request_comes_before_policy() {
    let scene = with(scene(), vec![post(1)]);
    assert_eq!(
        (basis(&scene), chosen(&scene)),
        (json!("grant"), json!(post(1).id))
    );
    assert!(
        scene
            .policy
            .asked()
            .iter()
            .all(|question| question.basis.is_some())
    );
    let wider = with(
        super::scene().asking("invoice.read invoice.list"),
        vec![post(1)],
    );
    assert_eq!(
        basis(&wider),
        json!("policy"),
        "it does not cover invoice.list"
    );
}

#[test]
fn the_covering_grant_that_expires_first_is_chosen_then_the_lowest_id_whatever_the_order_given() {
    let mut soon = post(9);
    soon.expires_s -= 60;
    let mut useless = grant(
        0,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.pay"]}]),
    );
    useless.expires_s -= 120;
    let scene = with(
        super::scene(),
        vec![post(3), soon.clone(), useless, post(1)],
    );
    assert_eq!(chosen(&scene), json!(soon.id));
    assert_eq!(scene.decide().unwrap().takes_use_of(), Some(soon.id));
    assert_eq!(
        chosen(&with(super::scene(), vec![post(3), post(1)])),
        json!(post(1).id)
    );
}

#[test]
fn a_grant_that_is_not_live_or_of_another_person_or_agent_is_no_basis() {
    let ask = || scene().asking("invoice.post");
    assert!(with(ask(), vec![post(1)]).decide().is_ok());
    let mut expired = post(1);
    expired.expires_s = NOW_S;
    let mut revoked = post(1);
    revoked.state = GrantState::Revoked;
    let mut used = post(1);
    used.spec.max_uses = Some(2);
    used.uses = 2;
    let mut of_bob = post(1);
    of_bob.spec.person = "demo:bob".into();
    let mut elsewhere = post(1);
    elsewhere.spec.person = "corp:ada".into();
    let mut other = post(1);
    other.spec.agent = super::hr_agent().id().clone();
    let mut shallow = post(1);
    shallow.spec.max_depth = Some(0);
    for dead in [expired, revoked, used, of_bob, elsewhere, other, shallow] {
        assert_eq!(with(ask(), vec![dead]).refusal().code, Code::ConsentMissing);
    }
}

#[test]
fn only_the_chosen_grant_limits() {
    let mut long = post(1);
    long.expires_s = NOW_S + 400;
    let mut short = grant(
        2,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.list"]}]),
    );
    short.expires_s = NOW_S + 5;
    let scene = with(super::scene().asking("invoice.post"), vec![short, long]);
    assert_eq!(scene.permit().lifetime(), 400);
}

#[test]
fn the_limits_of_a_grant_are_read_only_where_all_else_holds() {
    let limits = json!([{"type": "payment", "company": "DE01", "amount": "5"}]);
    let at = |scopes: &[&str]| json!([{"target": "sap", "scopes": scopes, "authorization_details": limits}]);
    let elsewhere = grant(1, "invoice-agent", at(&["invoice.list"]));
    let covering = grant(2, "invoice-agent", at(&["invoice.pay"]));
    for grant in [&elsewhere, &covering] {
        grant.spec.targets[0].authorization_details.keep(true);
    }
    let scene = with(
        super::scene().asking("invoice.pay"),
        vec![elsewhere.clone(), covering.clone()],
    );
    assert_eq!(chosen(&scene), json!(covering.id));
    let was_read = |grant: &Grant| grant.spec.targets[0].authorization_details.is_kept();
    assert_eq!((was_read(&elsewhere), was_read(&covering)), (false, true));
}

#[test]
fn scopes_marked_high_never_go_by_policy() {
    let scene = scene().asking("invoice.post");
    assert_eq!(scene.refusal().code, Code::ConsentMissing);
    let asked = scene.policy.asked();
    assert!(
        asked
            .iter()
            .all(|question| question.action == crate::policy::Action::Exchange)
    );
}

#[test]
fn consent_required_says_what_would_pass_without_it() {
    let scene = scene().asking("invoice.read invoice.post");
    assert_eq!(scene.refusal().code, Code::ConsentMissing);
    assert_eq!(would_pass(&scene), Some(json!({"scope": "invoice.read"})));
    let nothing = super::scene().under(Stub::exchange_only());
    assert_eq!(
        (nothing.refusal().code, would_pass(&nothing)),
        (Code::ConsentMissing, None)
    );
}

#[test]
fn what_passes_only_one_by_one_is_not_said_to_pass_together() {
    let one_at_a_time =
        Stub::when(|q| q.action == crate::policy::Action::Exchange || q.scopes.iter().count() == 1);
    let scene = scene()
        .asking("invoice.read invoice.list")
        .under(one_at_a_time);
    assert_eq!(scene.refusal().code, Code::ConsentMissing);
    assert!(!scene.refusal().description.contains("``"));
    assert_eq!(would_pass(&scene), Some(json!({"scope": "invoice.list"})));
}

#[test]
fn a_grant_as_subject_token_is_the_only_grant_and_no_policy_takes_its_place() {
    let away = Arc::new(post(5));
    let proof = actor(&invoice_agent());
    let subject = SubjectProof::from_grant(&away, &proof, NOW_S, &Names).unwrap();
    let of = || Scene::of(&invoice_agent(), subject.clone(), &sap());
    let mut other = grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.list"]}]),
    );
    other.expires_s -= 100;
    let scene = with(of(), vec![other.clone(), post(5)]);
    assert_eq!(chosen(&scene), json!(away.id));
    let permit = scene.permit();
    assert_eq!(
        (permit.scope(), permit.claims()["sub"].clone()),
        ("invoice.read", json!("demo:ada"))
    );
    assert!(permit.claims().get("auth_time").is_none());
    let beyond = with(of().asking("invoice.list"), vec![other, post(5)]);
    assert_eq!(beyond.refusal().code, Code::ConsentMissing);
    assert!(
        beyond
            .policy
            .asked()
            .iter()
            .all(|q| q.action == crate::policy::Action::Exchange)
    );
}

#[test]
fn a_grant_serves_as_subject_token_only_its_own_agent_while_it_is_live() {
    let live = Arc::new(post(1));
    let other = actor(&super::hr_agent());
    let its = actor(&invoice_agent());
    assert!(SubjectProof::from_grant(&live, &other, NOW_S, &Names).is_none());
    assert!(SubjectProof::from_grant(&live, &its, NOW_S, &Names).is_some());
    assert!(SubjectProof::from_grant(&live, &its, live.expires_s, &Names).is_none());
}

#[test]
fn a_person_is_never_asked_for_when_the_workload_acts_for_itself() {
    let scene = Scene::alone(&invoice_agent(), &sap())
        .asking("invoice.list")
        .under(Stub::exchange_only());
    assert_eq!(basis(&scene), json!("self"));
    assert_eq!(scene.policy.asked().len(), 1);
    assert_eq!(scene.policy.asked()[0].scopes, scope("invoice.list"));
}
