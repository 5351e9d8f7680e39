#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::*;
use crate::registry::Issuer;
use crate::testing::{OURS, SEEN, actor, agent, claims, id_token, issuer, verified};
use crate::token::TokenKind;

const WIDE: ChainBounds = ChainBounds {
    depth: 16,
    hops: 16,
};

fn act(sub: &str, inner: Option<Value>) -> Value {
    let mut object = json!({"iss": "https://demo.example", "sub": sub});
    if let Some(inner) = inner {
        object["act"] = inner;
    }
    object
}

fn with_act(issuer: &Issuer, act: &Value) -> Result<SubjectProof, Refusal> {
    let who = agent("invoice-agent", json!({}));
    id_token(
        issuer,
        &claims(issuer, "ada", "app", json!({"act": act})),
        &who,
    )
}

fn workload(sub: &str, agent: Option<&crate::registry::Agent>) -> SubjectProof {
    let issuer = issuer("wl", json!({"role": "workload"}));
    let token = verified(
        TokenKind::Workload,
        &issuer.spec.issuer,
        &claims(&issuer, sub, OURS, json!({})),
    );
    SubjectProof::from_workload(&token, &issuer, agent, SEEN).unwrap()
}

#[test]
fn an_act_inside_a_foreign_token_refuses_it_unless_the_issuer_is_accepted() {
    let refusal = with_act(&issuer("demo", json!({})), &act("tool", None)).unwrap_err();
    assert_eq!(refusal.code, Code::SubjectInvalid);
}

#[test]
fn an_accepted_act_is_wrapped_whole_beneath_ours_and_is_nobody_of_ours() {
    let accepting = issuer("demo", json!({"accept_act": true}));
    let inner = act("invoice-agent", Some(act("b", None)));
    let subject = with_act(&accepting, &inner).unwrap();
    let ours = agent("invoice-agent", json!({}));
    let chain = Chain::extend(&subject, &actor(&ours), WIDE).unwrap();
    assert_eq!(chain.act().unwrap()["act"], inner);
    assert_eq!(chain.depth(), 3);
    assert_eq!(
        chain.agents().count(),
        1,
        "the foreign one of the same name is somebody else"
    );
    let versions: Vec<_> = chain
        .links()
        .iter()
        .map(|link| link.version.is_some())
        .collect();
    assert_eq!(versions, [true, false, false]);
}

#[test]
fn a_foreign_act_that_names_our_issuer_at_any_depth_is_refused() {
    let accepting = issuer("demo", json!({"accept_act": true}));
    let ours = json!({"iss": OURS, "sub": "hr-agent"});
    for forged in [
        ours.clone(),
        act("a", Some(ours.clone())),
        act("a", Some(act("b", Some(ours)))),
    ] {
        assert_eq!(
            with_act(&accepting, &forged).unwrap_err().code,
            Code::SubjectInvalid
        );
    }
}

#[test]
fn each_act_has_exactly_iss_sub_and_optional_sub_profile_and_act() {
    for bad in [
        json!("x"),
        json!({}),
        json!({"iss": "i"}),
        json!({"sub": "s"}),
        json!({"iss": "i", "sub": ""}),
        json!({"iss": "i", "sub": 1}),
        json!({"iss": "i", "sub": "s", "exp": 1}),
        json!({"iss": "i", "sub": "s", "act": null}),
        json!({"iss": "i", "sub": "s", "sub_profile": {}}),
        json!({"iss": "i", "sub": "a\nb"}),
        act("a", Some(json!([]))),
    ] {
        assert!(read_act(&bad).is_err(), "{bad}");
    }
    let deep = (0..40).fold(act("x", None), |inner, _| act("x", Some(inner)));
    assert!(read_act(&deep).is_err());
    let good = json!({"iss": "i", "sub": "s", "sub_profile": "p"});
    assert_eq!(
        read_act(&good).unwrap()[0].sub_profile.as_deref(),
        Some("p")
    );
}

#[test]
fn foreign_actors_count_for_depth() {
    let accepting = issuer("demo", json!({"accept_act": true}));
    let subject = with_act(&accepting, &act("a", Some(act("b", None)))).unwrap();
    let ours = actor(&agent("invoice-agent", json!({})));
    let refusal = Chain::extend(&subject, &ours, ChainBounds { depth: 2, hops: 8 }).unwrap_err();
    assert_eq!(refusal.code, Code::ChainDepth);
    assert!(Chain::extend(&subject, &ours, ChainBounds { depth: 3, hops: 1 }).is_ok());
}

#[test]
fn the_same_workload_as_subject_and_actor_adds_no_act_and_another_does() {
    let ours = agent("invoice-agent", json!({}));
    let itself = Chain::extend(&workload("wl/1", Some(&ours)), &actor(&ours), WIDE).unwrap();
    assert_eq!((itself.act(), itself.depth(), itself.hops()), (None, 0, 1));
    let other = Chain::extend(&workload("wl/2", None), &actor(&ours), WIDE).unwrap();
    assert_eq!(other.depth(), 1);
    assert_eq!(other.subject().sub(), "wl:wl/2");
}

#[test]
fn a_person_named_like_a_client_and_two_issuers_same_sub_never_meet() {
    let ours = agent("ada", json!({"subject_issuers": ["demo"]}));
    let demo = issuer("demo", json!({}));
    let corp = issuer("corp", json!({}));
    let of = |issuer: &Issuer| {
        id_token(issuer, &claims(issuer, "ada", "app", json!({})), &ours).unwrap()
    };
    assert_ne!(of(&demo).subject(), of(&corp).subject());
    assert_eq!(of(&demo).subject().agent(), None);
    let chain = Chain::extend(&of(&demo), &actor(&ours), WIDE).unwrap();
    assert_eq!(
        (chain.subject().sub().as_str(), chain.depth()),
        ("demo:ada", 1)
    );
    assert!(
        of(&demo)
            .lineage()
            .iter()
            .all(|entry| !of(&corp).lineage().has(&entry.key))
    );
}
