//! Contract §8, "By a resource server".

use super::hops::{act, root_grant, soc_agent};
use super::{ceiling, hr_agent, invoice_agent, sap, scene};
use crate::decide::TargetRequest;
use crate::proof::{ActorProof, Authenticated, Caller, Parent};
use crate::refusal::Code;
use crate::registry::{Agent, Target};
use crate::testing::{OURS, Scene, actor, agent, client, other_client, ours, target};
use serde_json::json;
use std::sync::Arc;

/// chat: its server acts as hr-agent and derives sap scopes.
pub(super) fn chat() -> Target {
    target(
        "chat",
        json!({"scopes": {"chat.ask": {"risk": "low"}, "chat.pay": {"risk": "low"}, "chat.idle": {"risk": "low"}},
        "resource_server": "chat-rs", "acts_as": "hr-agent",
        "derives": {"chat.ask": ["sap:invoice.read", "chat:chat.pay"], "chat.pay": ["sap:invoice.post"]}}),
    )
}

fn chatting() -> Scene {
    let entry = json!([{"target": "chat", "scopes": ["chat.ask", "chat.pay", "chat.idle"], "default": ["chat.ask"]}]);
    Scene::new(&agent("invoice-agent", json!({"ceiling": entry})), &chat())
}

pub(super) fn server() -> Authenticated<Caller> {
    other_client("chat-rs")
}

/// What chat's server makes of the root's token, at sap.
fn derived(root: &Scene) -> Scene {
    let parent = Parent::derived(root.token(), Some(&chat().id), &chat(), &server()).unwrap();
    let acting =
        ActorProof::from_server(Arc::new(hr_agent()), &chat(), &server(), ours(&OURS.into()));
    root.later(acting.unwrap(), parent, &sap())
}

#[test]
fn the_server_of_a_target_derives_what_the_tokens_scopes_derive_as_the_agent_named() {
    let hop = derived(&chatting());
    let permit = hop.permit();
    assert_eq!(permit.scope(), "invoice.read");
    assert_eq!(permit.claims()["client_id"], json!("hr-agent"));
    assert_eq!(act(&permit)["act"]["sub"], json!("invoice-agent"));
    let wider = derived(&chatting()).asking("invoice.list");
    assert_eq!(wider.refusal().code, Code::ScopeRefused);
    let union =
        derived(&chatting().asking("chat.ask chat.pay")).asking("invoice.read invoice.post");
    assert_eq!(
        union.refusal().code,
        Code::ConsentMissing,
        "no high scope without a root grant"
    );
}

#[test]
fn a_root_grant_must_list_the_derived_scope_and_may_then_be_high() {
    for (scopes, passes) in [(&["invoice.post"][..], true), (&["invoice.read"], false)] {
        let mut root = chatting().asking("chat.pay");
        root.facts.grants = vec![Arc::new(root_grant(scopes))];
        let decided = derived(&root).asking("invoice.post").decide();
        assert_eq!(decided.is_ok(), passes);
        if let Err(refused) = decided {
            assert_eq!(refused.refusal.code, Code::ConsentMissing);
        }
    }
}

#[test]
fn a_target_that_derives_nothing_refuses_its_own_server_and_everybody_elses_is_a_mismatch() {
    let code = |scene: &Scene, target: &Target, server: &Authenticated<Caller>| {
        let TargetRequest::One(recorded, _) = &scene.facts.named else {
            panic!("expected one target");
        };
        Parent::derived(scene.token(), Some(&recorded.id), target, server)
            .map_err(|refusal| refusal.code)
            .err()
    };
    assert_eq!(
        code(&chatting().asking("chat.idle"), &chat(), &server()),
        Some(Code::TargetRefused)
    );
    assert_eq!(
        code(&chatting(), &chat(), &other_client("sap-rs")),
        Some(Code::ActorMismatch)
    );
    assert_eq!(
        code(&chatting(), &chat(), &client(&hr_agent())),
        Some(Code::ActorMismatch)
    );
    assert_eq!(
        code(&scene(), &chat(), &server()),
        Some(Code::ActorMismatch),
        "another target's token"
    );
    let mut moved = chat();
    moved.spec.resources = vec!["urn:demo:sap".into()];
    assert_eq!(
        code(&scene(), &moved, &server()),
        Some(Code::ActorMismatch),
        "a resource that moves takes no token along"
    );
    let mut silent = chat();
    silent.spec.derives.clear();
    assert_eq!(
        code(&chatting(), &silent, &server()),
        Some(Code::TargetRefused)
    );
    let mut itself = chat();
    itself.spec.derives.get_mut("chat.ask").unwrap().remove(0);
    assert_eq!(
        code(&chatting(), &itself, &server()),
        Some(Code::TargetRefused),
        "its own target is no other"
    );
}

#[test]
fn a_parent_with_details_derives_nothing() {
    let mut token = chatting().token();
    token.details = Some(json!([{"type": "payment"}]));
    assert_eq!(
        Parent::derived(token.clone(), Some(&chat().id), &chat(), &server())
            .unwrap_err()
            .code,
        Code::TargetRefused
    );
    token.details = Some(json!([]));
    assert!(Parent::derived(token, Some(&chat().id), &chat(), &server()).is_ok());
}

#[test]
fn only_the_targets_own_server_acts_as_the_agent_it_names() {
    let as_agent = |agent: Agent, target: &Target, server: &Authenticated<Caller>| {
        ActorProof::from_server(Arc::new(agent), target, server, ours(&OURS.into())).is_some()
    };
    assert!(as_agent(hr_agent(), &chat(), &server()));
    assert!(!as_agent(soc_agent(), &chat(), &server()));
    assert!(!as_agent(hr_agent(), &sap(), &server()));
    assert!(!as_agent(hr_agent(), &chat(), &other_client("sap-rs")));
    assert!(!as_agent(hr_agent(), &chat(), &client(&hr_agent())));
}

/// A server acting as the very agent that called it: kept once in the chain;
/// without a person the scopes listed as `alone` still bind.
#[test]
fn the_same_actor_twice_in_a_row_is_kept_once_and_alone_binds_also_when_derived() {
    let mut echo = chat();
    echo.spec.acts_as = Some(invoice_agent().id().clone());
    let both = json!([{"target": "chat", "scopes": ["chat.ask"], "default": ["chat.ask"], "alone": ["chat.ask"]}, ceiling()[0]]);
    let both = agent("invoice-agent", json!({"ceiling": both}));
    let again = |root: &Scene| {
        let parent = Parent::derived(root.token(), Some(&echo.id), &echo, &server()).unwrap();
        let acting =
            ActorProof::from_server(Arc::new(both.clone()), &echo, &server(), ours(&OURS.into()));
        root.later(acting.unwrap(), parent, &sap())
            .asking("invoice.read")
    };
    let for_ada = again(&Scene::new(&both, &echo));
    assert_eq!(
        (
            for_ada.case().unwrap().chain.depth(),
            for_ada.case().unwrap().chain.hops()
        ),
        (1, 2)
    );
    assert!(for_ada.decide().is_ok());
    let for_itself = again(&Scene::alone(&both, &echo));
    assert_eq!(for_itself.case().unwrap().chain.depth(), 0);
    assert_eq!(for_itself.refusal().code, Code::ScopeRefused);
}

#[test]
fn a_derived_proof_is_used_only_behind_the_server() {
    let mut hop = derived(&chatting());
    hop.actor = actor(&hr_agent());
    assert_eq!(
        hop.refusal().code,
        Code::ActorMismatch,
        "only behind the server"
    );
}
