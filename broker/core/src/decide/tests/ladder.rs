//! Each rung by itself, and their order.

use super::{hr_agent, invoice_agent, sap, scene};
use crate::decide::{CheckResult, DelegateTo, Facts};
use crate::ids::LockId;
use crate::lineage::{LineageKind, What};
use crate::refusal::Code;
use crate::registry::{Agent, Status};
use crate::standing::{Lock, Standing};
use crate::testing::{NOW_S, Scene, agent, certification, certified, issuer, uuid};
use serde_json::json;
use std::sync::Arc;

fn lock(kind: LineageKind, id: &str) -> Standing {
    Standing::Locked(Lock {
        id: LockId(uuid(1, 1)),
        what: What {
            kind,
            id: id.into(),
        },
        expires_ms: None,
    })
}

fn code_with(change: impl Fn(&mut Facts)) -> Code {
    let mut scene = scene();
    change(&mut scene.facts);
    scene.refusal().code
}

fn code_of(agent: &Agent) -> Code {
    Scene::new(agent, &sap()).refusal().code
}

#[test]
fn the_plain_case_passes_every_rung_in_order() {
    let permit = scene().decide().unwrap();
    let names: Vec<_> = permit.trail.iter().map(|check| check.name).collect();
    assert_eq!(
        names,
        [
            "locks",
            "revocation",
            "agent",
            "presenter",
            "chain",
            "may_act",
            "target",
            "scope",
            "details",
            "policy",
            "basis",
            "lifetime",
            "size"
        ]
    );
    assert!(
        permit
            .trail
            .iter()
            .all(|check| check.result == CheckResult::Passed)
    );
}

#[test]
fn a_refusal_ends_with_the_check_that_failed() {
    let mut scene = scene();
    scene.facts.standings.subject = Standing::Revoked;
    let trail = scene.decide().unwrap_err().trail;
    assert_eq!(trail.len(), 2);
    assert_eq!(
        (trail[0].name, trail[0].result),
        ("locks", CheckResult::Passed)
    );
    assert_eq!(
        (trail[1].name, trail[1].result),
        ("revocation", CheckResult::Failed)
    );
}

#[test]
fn a_lock_wins_over_everything_else() {
    assert_eq!(
        code_with(|f| f.standings.actor = lock(LineageKind::Agent, "invoice-agent")),
        Code::Locked
    );
    assert_eq!(
        code_with(|f| f.standings.subject = lock(LineageKind::Person, "demo:ada")),
        Code::Locked
    );
    assert_eq!(
        code_with(|f| f.standings.actor = lock(LineageKind::All, "")),
        Code::Locked
    );
    assert_eq!(
        code_with(|f| f.standings.target = lock(LineageKind::Target, "sap")),
        Code::TargetLocked
    );
    assert_eq!(
        code_with(|f| f.standings.subject = lock(LineageKind::Target, "sap")),
        Code::TargetLocked
    );
    let both = code_with(|f| {
        f.standings.actor = lock(LineageKind::Agent, "invoice-agent");
        f.standings.subject = Standing::Revoked;
    });
    assert_eq!(both, Code::Locked);
}

#[test]
fn a_locked_persons_name_is_not_told() {
    let mut scene = scene();
    scene.facts.standings.subject = lock(LineageKind::Person, "demo:ada");
    assert!(!scene.refusal().description.contains("ada"));
    scene.facts.standings.subject = lock(LineageKind::Owner, "demo:bob");
    assert!(!scene.refusal().description.contains("bob"));
}

#[test]
fn what_descends_from_something_revoked_is_dead() {
    assert_eq!(
        code_with(|f| f.standings.subject = Standing::Revoked),
        Code::SubjectRevoked
    );
    assert_eq!(
        code_with(|f| f.standings.actor = Standing::Revoked),
        Code::ActorInvalid
    );
}

#[test]
fn an_agent_of_the_chain_that_is_not_in_force_acts_as_a_lock() {
    let fallen = Standing::AgentNotInForce(hr_agent().id().clone());
    assert_eq!(
        code_with(|f| f.standings.subject = fallen.clone()),
        Code::Locked
    );
}

/// The actor is certified anew, but the token it holds came from a version
/// that ended, which acts as a lock (contract §12).
#[test]
fn a_token_of_an_ended_version_of_the_actor_itself_is_refused() {
    let mut scene = Scene::new(&certified(invoice_agent(), 2), &sap());
    scene.facts.standings.subject = Standing::AgentNotInForce(invoice_agent().id().clone());
    assert_eq!(scene.refusal().code, Code::Locked);
}

#[test]
fn a_draft_or_an_ended_certification_is_uncertified_and_a_suspended_agent_has_the_wrong_state() {
    let draft = Agent::new(invoice_agent().spec, 0);
    assert_eq!(code_of(&draft), Code::AgentUncertified);
    let mut ended = invoice_agent();
    certification(&mut ended).unwrap().until = NOW_S;
    assert_eq!(code_of(&ended), Code::AgentUncertified);
    assert_eq!(
        code_of(&invoice_agent().suspend().unwrap()),
        Code::AgentState
    );
    assert_eq!(
        code_of(&invoice_agent().retire().unwrap()),
        Code::AgentState
    );
    let resumed = invoice_agent().suspend().unwrap().resume().unwrap();
    assert!(Scene::new(&resumed, &sap()).decide().is_ok());
}

/// The actor's own state is told by its own code, also when the subject's
/// lineage fell with it.
#[test]
fn a_suspended_actor_is_not_called_locked() {
    let mut scene = Scene::new(&invoice_agent().suspend().unwrap(), &sap());
    scene.facts.standings.actor = Standing::AgentNotInForce(invoice_agent().id().clone());
    assert_eq!(scene.refusal().code, Code::AgentState);
}

#[test]
fn the_issuer_of_the_subject_must_be_among_the_actors_subject_issuers_default_none() {
    let nobody = agent(
        "invoice-agent",
        json!({"ceiling": super::ceiling(), "subject_issuers": []}),
    );
    assert_eq!(code_of(&nobody), Code::SubjectInvalid);
    let others = agent(
        "invoice-agent",
        json!({"ceiling": super::ceiling(), "subject_issuers": ["corp"]}),
    );
    assert_eq!(code_of(&others), Code::SubjectInvalid);
    let corp = issuer("corp", json!({}));
    let token = crate::testing::claims(&corp, "ada", "app", json!({}));
    let subject = crate::testing::id_token(&corp, &token, &others).unwrap();
    assert!(Scene::of(&others, subject, &sap()).decide().is_ok());
}

#[test]
fn the_agent_itself_may_always_be_the_subject() {
    let nobody = agent(
        "invoice-agent",
        json!({"ceiling": super::ceiling(), "subject_issuers": []}),
    );
    assert!(
        Scene::alone(&nobody, &sap())
            .asking("invoice.list")
            .decide()
            .is_ok()
    );
}

#[test]
fn delegate_to_itself_unknown_or_not_active_is_one_text() {
    let mut texts = Vec::new();
    let mut case = |name: &str, place: DelegateTo| {
        let mut scene = scene();
        scene.ask.delegate_to = Some(crate::ids::AgentId::parse(name).unwrap());
        scene.facts.delegate = place;
        let refusal = scene.refusal();
        assert_eq!(refusal.code, Code::Request, "{name}");
        texts.push(refusal.description);
    };
    let place = |agent: Agent| DelegateTo::Agent(Arc::new(agent));
    case("nobody", DelegateTo::Nowhere);
    case("nobody", DelegateTo::NotAsked);
    case("invoice-agent", place(invoice_agent()));
    case("hr-agent", place(Agent::new(hr_agent().spec, 0)));
    case("hr-agent", place(hr_agent().suspend().unwrap()));
    case("hr-agent", place(agent("soc-agent", json!({}))));
    let mut ended = hr_agent();
    ended.status = Status::Active(crate::registry::Certification {
        until: NOW_S,
        ..*certification(&mut ended).unwrap()
    });
    case("hr-agent", place(ended));
    texts.dedup();
    assert_eq!(texts.len(), 1);
}

#[test]
fn a_chain_of_other_proofs_or_wider_bounds_is_never_decided_on() {
    let one = scene();
    let other = Scene::new(&hr_agent(), &sap());
    let mut mixed = one.case().unwrap();
    mixed.chain = other.case().unwrap().chain;
    let decision = crate::decide::decide(mixed, &one.facts, &one.policy);
    assert!(
        matches!(decision, crate::decide::Decision::Refusal(refused) if refused.refusal.code == Code::Internal)
    );
}

#[test]
fn every_refusal_ends_with_a_next_step_in_printable_ascii() {
    let refusals = [
        scene().asking("nonesuch").refusal(),
        Scene::new(&Agent::new(invoice_agent().spec, 0), &sap()).refusal(),
        scene()
            .under(crate::testing::Stub::when(|_| false))
            .refusal(),
        scene()
            .under(crate::testing::Stub::exchange_only())
            .refusal(),
    ];
    for refusal in refusals {
        let text = refusal.description;
        assert!(
            text.contains("; ") && text.starts_with("expected "),
            "{text}"
        );
        assert!(
            text.bytes()
                .all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\'),
            "{text}"
        );
    }
}
