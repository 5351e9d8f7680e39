#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::*;
use crate::decide::GrantType;
use crate::ids::IssuerId;
use crate::refusal::Code;
use crate::registry::{Agent, Issuer};
use crate::testing::{
    Agreeing, NOW_S, Names, OURS, SEEN, Scene, access_token, actor, agent, claims, client,
    id_token, issuer, other_client, ours, over, target, verified,
};
use crate::token::{Claims, TokenKind, Verified};
use serde_json::{Value, json};
use std::sync::Arc;

fn workloads() -> Issuer {
    issuer("wl", json!({"role": "workload"}))
}

fn worker(patch: Value) -> Agent {
    let base = json!({"workload": {"issuer": "wl", "claims": {"sub": "wl/1", "env": "prod"}}, "presenters": ["gateway"]});
    agent("invoice-agent", over(base, patch))
}

fn token(issuer: &Issuer, patch: Value) -> Verified<Claims> {
    let patch = over(json!({"env": "prod"}), patch);
    verified(
        TokenKind::Workload,
        &issuer.spec.issuer,
        &claims(issuer, "wl/1", OURS, patch),
    )
}

fn by_workload(
    agent: &Agent,
    id: &str,
    token: &Verified<Claims>,
    client: &Authenticated<Caller>,
) -> Result<ActorProof, Code> {
    let id = IssuerId::parse(id).unwrap();
    let issuer = OURS.into();
    ActorProof::from_workload(
        Arc::new(agent.clone()),
        &id,
        token,
        NOW_S * 1000,
        client,
        ours(&issuer),
    )
    .map_err(|refusal| refusal.code)
}

#[test]
fn a_client_that_is_no_agent_does_not_act() {
    let refusal =
        ActorProof::from_client(&other_client("gateway"), ours(&OURS.into())).unwrap_err();
    assert_eq!(refusal.code, Code::ClientNotAllowed);
    let proof = actor(&worker(json!({})));
    assert_eq!((proof.from(), proof.presenter()), (ActorFrom::Client, None));
}

#[test]
fn if_both_the_client_is_that_agent_or_listed_in_its_presenters_and_the_record_says_which() {
    let agent = worker(json!({}));
    let token = token(&workloads(), json!({}));
    let own = by_workload(&agent, "wl", &token, &client(&agent)).unwrap();
    assert_eq!((own.from(), own.presenter()), (ActorFrom::ActorToken, None));
    let behind = by_workload(&agent, "wl", &token, &other_client("gateway")).unwrap();
    assert_eq!(behind.from(), ActorFrom::Presenter);
    assert_eq!(behind.presenter().unwrap().as_str(), "gateway");
    assert_eq!(behind.agent_id().as_str(), "invoice-agent");
    let stranger = crate::testing::agent("hr-agent", json!({}));
    for other in [other_client("other"), client(&stranger)] {
        assert_eq!(
            by_workload(&agent, "wl", &token, &other),
            Err(Code::ActorMismatch)
        );
    }
}

#[test]
fn a_workload_token_must_match_every_registered_claim_at_its_own_issuer() {
    let agent = worker(json!({}));
    let me = client(&agent);
    let good = token(&workloads(), json!({}));
    assert!(by_workload(&agent, "wl", &good, &me).is_ok());
    assert_eq!(
        by_workload(&agent, "other", &good, &me),
        Err(Code::ActorInvalid)
    );
    for patch in [
        json!({"env": "test"}),
        json!({"env": ["prod"]}),
        json!({"sub": "wl/12"}),
    ] {
        let other = token(&workloads(), patch);
        assert_eq!(
            by_workload(&agent, "wl", &other, &me),
            Err(Code::ActorInvalid)
        );
    }
    let none = worker(json!({"workload": null}));
    assert_eq!(
        by_workload(&none, "wl", &good, &client(&none)),
        Err(Code::ActorInvalid)
    );
}

/// Two trusted workload issuers may both have a `wl/1`.
#[test]
fn a_workload_token_authenticates_only_where_allowed_and_only_of_the_agents_own_issuer() {
    let allowed = worker(json!({"actor_token_authenticates": true}));
    let by = |agent: &Agent, id: &str, token: &Verified<Claims>| {
        let id = IssuerId::parse(id).unwrap();
        Authenticated::by_workload(Arc::new(agent.clone()), &id, token, NOW_S * 1000).is_some()
    };
    let good = token(&workloads(), json!({}));
    assert!(by(&allowed, "wl", &good));
    assert!(!by(
        &allowed,
        "evil",
        &token(&issuer("evil", json!({"role": "workload"})), json!({}))
    ));
    assert!(!by(&worker(json!({})), "wl", &good), "default off");
    assert!(!by(
        &allowed,
        "wl",
        &token(&workloads(), json!({"env": "test"}))
    ));
}

#[test]
fn an_assertion_and_a_secret_serve_only_clients_registered_for_them() {
    let both = worker(json!({"auth": [{"method": "private_key_jwt", "jwks": {"keys": []}}]}));
    let caller = || Caller::Agent(Arc::new(both.clone()));
    let secret = crate::secret::Secret::new("x".to_owned());
    assert!(Authenticated::by_secret(caller(), &secret, &Agreeing, NOW_S * 1000).is_none());
    let assertion = |iss: &str| {
        let all = json!({"iss": iss, "sub": iss, "aud": OURS, "iat": NOW_S, "exp": NOW_S + 60});
        verified(TokenKind::ClientAssertion, iss, &all)
    };
    assert!(
        Authenticated::by_assertion(caller(), &assertion("invoice-agent"), NOW_S * 1000).is_some()
    );
    assert!(Authenticated::by_assertion(caller(), &assertion("hr-agent"), NOW_S * 1000).is_none());
    let only_secret = Caller::Agent(Arc::new(worker(json!({}))));
    assert!(
        Authenticated::by_assertion(only_secret, &assertion("invoice-agent"), NOW_S * 1000)
            .is_none()
    );
}

#[test]
fn an_actor_token_of_ours_is_one_from_client_credentials_for_our_issuer_and_of_that_agent() {
    let invoice = worker(
        json!({"ceiling": [{"target": "sap", "scopes": ["a"], "alone": ["a"], "default": ["a"]}]}),
    );
    let sap = target("sap", json!({"scopes": {"a": {"risk": "low"}}}));
    let mut scene = Scene::alone(&invoice, &sap);
    assert_eq!(scene.ask.grant_type, GrantType::ClientCredentials);
    let for_sap = scene.token();
    scene.facts.named = crate::decide::TargetRequest::Ourselves;
    let for_us = scene.token();
    let signed_by = crate::lineage::Keyed::key(&Names, crate::lineage::LineageKind::Key, "locum:k");
    let with = |agent: &Agent, token, client: &Authenticated<Caller>| {
        ActorProof::from_own(
            Arc::new(agent.clone()),
            token,
            (&scene.recall().lineage, signed_by),
            client,
            ours(&OURS.into()),
        )
        .map_err(|refusal| refusal.code)
    };
    let proof = with(&invoice, &for_us, &client(&invoice)).unwrap();
    assert_eq!(proof.expires_s(), Some(for_us.exp));
    let descent = proof.token().unwrap();
    assert!(descent.has(&signed_by));
    let recorded = scene.recall().lineage;
    assert!(recorded.iter().all(|entry| descent.has(&entry.key)));
    let own = proof.lineage().iter().map(|entry| entry.since_ms).max();
    assert_eq!(own, Some(for_us.jti.ms()), "its names count from the token");
    assert!(with(&invoice, &for_us, &other_client("gateway")).is_ok());
    assert_eq!(
        with(&invoice, &for_sap, &client(&invoice)),
        Err(Code::ActorInvalid)
    );
    let hr = agent("hr-agent", json!({}));
    assert_eq!(with(&hr, &for_us, &client(&hr)), Err(Code::ActorInvalid));
    assert_eq!(
        with(&invoice, &for_us, &client(&hr)),
        Err(Code::ActorMismatch)
    );
}

#[test]
fn an_audience_listed_in_audience_agents_serves_only_those_agents() {
    let listed = issuer(
        "demo",
        json!({"audiences": ["app", "other"], "audience_agents": {"app": ["invoice-agent"]}}),
    );
    let subject = |aud: Value, who: &str| {
        let token = claims(&listed, "ada", "app", json!({"aud": aud}));
        id_token(&listed, &token, &agent(who, json!({})))
            .map(|_| ())
            .map_err(|refusal| refusal.code)
    };
    assert_eq!(subject(json!("app"), "invoice-agent"), Ok(()));
    assert_eq!(subject(json!("app"), "hr-agent"), Err(Code::SubjectInvalid));
    assert_eq!(
        subject(json!(["app", "other"]), "hr-agent"),
        Ok(()),
        "the other serves everybody"
    );
    assert_eq!(
        subject(json!(["app", "unlisted"]), "hr-agent"),
        Err(Code::SubjectInvalid)
    );
}

#[test]
fn a_token_speaks_only_for_its_own_issuer_and_that_issuers_one_role() {
    let demo = issuer("demo", json!({}));
    let corp = issuer("corp", json!({}));
    let who = agent("invoice-agent", json!({}));
    let of_demo = verified(
        TokenKind::IdToken,
        &demo.spec.issuer,
        &claims(&demo, "ada", "app", json!({})),
    );
    let as_corps = SubjectProof::from_id_token(&of_demo, &corp, who.id(), SEEN);
    assert_eq!(as_corps.unwrap_err().code, Code::SubjectInvalid);
    let workload = issuer("demo", json!({"role": "workload"}));
    let as_person = SubjectProof::from_id_token(&of_demo, &workload, who.id(), SEEN);
    assert_eq!(as_person.unwrap_err().code, Code::SubjectInvalid);
    let as_workload = SubjectProof::from_workload(&of_demo, &demo, None, SEEN);
    assert_eq!(as_workload.unwrap_err().code, Code::SubjectInvalid);
}

#[test]
fn a_foreign_access_token_without_a_scope_map_is_refused() {
    let refusal =
        access_token(&issuer("demo", json!({})), json!({"scope": "erp.read"})).unwrap_err();
    assert_eq!(refusal.code, Code::SubjectInvalid);
}

#[test]
fn a_workload_that_matches_no_agent_is_a_party_that_never_acts_for_itself() {
    let token = token(&workloads(), json!({}));
    let stranger = SubjectProof::from_workload(&token, &workloads(), None, SEEN).unwrap();
    let who = worker(
        json!({"subject_issuers": ["wl"], "ceiling": [{"target": "sap", "scopes": ["a"], "alone": ["a"], "default": ["a"]}]}),
    );
    let sap = target("sap", json!({"scopes": {"a": {"risk": "low"}}}));
    let scene = Scene::of(&who, stranger, &sap);
    assert!(!scene.case().unwrap().is_alone());
    assert_eq!(scene.permit().claims()["del"]["basis"], json!("policy"));
    let itself = SubjectProof::from_workload(&token, &workloads(), Some(&who), SEEN).unwrap();
    let scene = Scene::of(&who, itself, &sap);
    assert_eq!(scene.permit().claims()["del"]["basis"], json!("self"));
    assert_eq!(scene.permit().claims()["sub"], json!("invoice-agent"));
}

#[test]
fn the_record_must_name_the_subject_that_the_token_names() {
    let who = worker(json!({"ceiling": [{"target": "sap", "scopes": ["a"], "default": ["a"]}]}));
    let sap = target("sap", json!({"scopes": {"a": {"risk": "low"}}}));
    let hr = agent("hr-agent", json!({}));
    let root = Scene::new(&who, &sap).passing_to(&hr);
    let parent = Parent::passed_on(root.token(), &actor(&hr)).unwrap();
    let mut recall = root.recall();
    recall.subject = crate::party::Subject::Agent(who.id().clone());
    let refusal = SubjectProof::from_own(parent, recall, [0; 16]).unwrap_err();
    assert_eq!(refusal.code, Code::SubjectInvalid);
}
