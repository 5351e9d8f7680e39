#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod life_cycle;

use super::*;
use crate::registry::Agent;
use crate::testing::{NOW_S, Names, agent, uuid, version};
use serde_json::json;

const NOW_MS: u64 = NOW_S * 1000;
const ISSUED: u64 = NOW_MS - 5_000;

fn lineage(names: &[(LineageKind, &str)], since_ms: u64) -> Lineage {
    let mut out = Lineage::default();
    names
        .iter()
        .for_each(|(kind, id)| out.add(Names.key(*kind, id), since_ms));
    out
}

/// A token's whole lineage, one id of each kind.
const WHOLE: [(LineageKind, &str); 11] = [
    (LineageKind::Token, "01k"),
    (LineageKind::Grant, "grt_1"),
    (LineageKind::Agent, "invoice-agent"),
    (LineageKind::AgentVersion, "ver_1"),
    (LineageKind::Client, "invoice-agent"),
    (LineageKind::Owner, "team-invoice-agent"),
    (LineageKind::Person, "demo:ada"),
    (LineageKind::Session, "demo:s1"),
    (LineageKind::Target, "sap"),
    (LineageKind::Issuer, "demo"),
    (LineageKind::Key, "demo:k"),
];

fn invoice_agent() -> Agent {
    agent("invoice-agent", json!({}))
}

fn acting(agent: &Agent, number: u64) -> Vec<(AgentId, Option<VersionId>)> {
    vec![(agent.id().clone(), Some(version(agent.id(), number)))]
}

fn standing(view: &View, agent: &Agent, issued_ms: u64) -> Standing {
    let mut registry = Registry::default();
    registry.put_agent(agent.clone());
    world(view, &registry).standing(&lineage(&WHOLE, issued_ms), &acting(agent, 1))
}

fn world<'a>(view: &'a View, registry: &'a Registry) -> World<'a> {
    World {
        view,
        registry,
        keys: &Names,
        all: Names.key(LineageKind::All, ""),
        now_ms: NOW_MS,
    }
}

fn dead(view: &View, lineage: &Lineage) -> bool {
    world(view, &Registry::default()).is_dead(lineage)
}

fn lock(number: u64, kind: LineageKind, id: &str, expires_ms: Option<u64>) -> (Key, Lock) {
    let what = What {
        kind,
        id: id.into(),
    };
    let id = LockId(uuid(1, number));
    let key = Names.key(what.kind, &what.id);
    (
        key,
        Lock {
            id,
            what,
            expires_ms,
        },
    )
}

#[test]
fn a_token_stands_while_nothing_in_its_lineage_fell() {
    let mut view = View::default();
    view.revoke(Names.key(LineageKind::Person, "demo:bob"), FOR_EVER);
    let (key, lock) = lock(1, LineageKind::Agent, "hr-agent", None);
    view.lock(key, lock);
    assert_eq!(standing(&view, &invoice_agent(), ISSUED), Standing::Live);
}

#[test]
fn a_token_is_dead_if_anything_in_its_lineage_is() {
    for (kind, id) in WHOLE
        .into_iter()
        .chain([(LineageKind::All, ""), (LineageKind::Delegation, "dlg_01k")])
    {
        let mut view = View::default();
        view.revoke(Names.key(kind, id), ISSUED);
        assert_eq!(
            standing(&view, &invoice_agent(), ISSUED),
            Standing::Revoked,
            "{kind:?}"
        );
    }
}

#[test]
fn what_was_issued_after_a_revocation_lives_and_what_was_issued_at_it_is_dead() {
    let mut view = View::default();
    view.revoke(Names.key(LineageKind::Agent, "invoice-agent"), ISSUED);
    assert_eq!(
        standing(&view, &invoice_agent(), ISSUED + 1),
        Standing::Live
    );
    assert_eq!(standing(&view, &invoice_agent(), ISSUED), Standing::Revoked);
    assert_eq!(standing(&view, &invoice_agent(), 0), Standing::Revoked);
}

#[test]
fn a_revocation_for_ever_kills_also_what_comes_later_and_never_becomes_less() {
    let key = Names.key(LineageKind::Key, "demo:k");
    let mut view = View::default();
    view.revoke(key, FOR_EVER);
    view.revoke(key, 1);
    assert_eq!(
        standing(&view, &invoice_agent(), NOW_MS * 2),
        Standing::Revoked
    );
    assert_eq!(view.revocations(), 1);
}

#[test]
fn what_is_final_and_what_can_be_locked_is_as_the_contract_says() {
    let kinds = [
        LineageKind::Token,
        LineageKind::Delegation,
        LineageKind::Grant,
        LineageKind::Agent,
        LineageKind::AgentVersion,
        LineageKind::Client,
        LineageKind::Person,
        LineageKind::Owner,
        LineageKind::Session,
        LineageKind::Target,
        LineageKind::Issuer,
        LineageKind::Key,
        LineageKind::All,
    ];
    let of = |test: fn(LineageKind) -> bool| -> Vec<_> {
        kinds
            .into_iter()
            .filter(|k| test(*k))
            .map(LineageKind::as_str)
            .collect()
    };
    assert_eq!(
        of(LineageKind::is_final),
        ["token", "delegation", "grant", "session", "key"]
    );
    assert_eq!(
        of(LineageKind::can_be_locked),
        [
            "agent",
            "agent_version",
            "client",
            "person",
            "owner",
            "target",
            "issuer",
            "all"
        ]
    );
    assert_eq!(
        Names.key(LineageKind::Token, "01k"),
        Names.key(LineageKind::Delegation, "dlg_01k")
    );
    assert_ne!(
        Names.key(LineageKind::Agent, "x"),
        Names.key(LineageKind::Client, "x")
    );
    assert_eq!(
        Names.key(LineageKind::All, "anything"),
        Names.key(LineageKind::All, "")
    );
}

#[test]
fn while_locked_it_is_refused_and_after_lifting_it_lives_again() {
    let (key, first) = lock(1, LineageKind::Person, "demo:ada", None);
    let (_, second) = lock(2, LineageKind::Person, "demo:ada", None);
    let mut view = View::default();
    view.lock(key, first.clone());
    view.lock(key, second.clone());
    assert_eq!(
        standing(&view, &invoice_agent(), ISSUED),
        Standing::Locked(first.clone())
    );
    view.lift(&key, first.id);
    assert_eq!(
        standing(&view, &invoice_agent(), ISSUED),
        Standing::Locked(second.clone())
    );
    view.lift(&key, second.id);
    view.lift(&key, second.id);
    assert_eq!(standing(&view, &invoice_agent(), ISSUED), Standing::Live);
}

#[test]
fn a_lock_holds_until_it_expires() {
    for (expires_ms, holds) in [
        (Some(NOW_MS + 1), true),
        (Some(NOW_MS), false),
        (None, true),
    ] {
        let (key, lock) = lock(1, LineageKind::All, "", expires_ms);
        let mut view = View::default();
        view.lock(key, lock);
        let locked = matches!(
            standing(&view, &invoice_agent(), ISSUED),
            Standing::Locked(_)
        );
        assert_eq!(locked, holds, "{expires_ms:?}");
    }
}

#[test]
fn dead_is_told_before_locked() {
    let (key, lock) = lock(1, LineageKind::All, "", None);
    let mut view = View::default();
    view.lock(key, lock);
    view.revoke(Names.key(LineageKind::Token, "01k"), FOR_EVER);
    assert_eq!(standing(&view, &invoice_agent(), ISSUED), Standing::Revoked);
}

#[test]
fn time_is_judged_per_thing_that_a_token_descends_from() {
    let person = Names.key(LineageKind::Person, "demo:ada");
    let mut token = lineage(
        &[(LineageKind::Token, "01k"), (LineageKind::Target, "sap")],
        ISSUED,
    );
    token.add(person, ISSUED - 1_000);
    let mut view = View::default();
    view.revoke(person, ISSUED - 1_001);
    assert!(!dead(&view, &token), "she signed in after that");
    view.revoke(person, ISSUED - 1_000);
    assert!(dead(&view, &token), "the token is younger than her sign-in");
    let mut by_target = View::default();
    by_target.revoke(Names.key(LineageKind::Target, "sap"), ISSUED - 1);
    assert!(!dead(&by_target, &token), "a target counts from the token");
}

#[test]
fn everything_is_judged_by_the_earliest_thing_in_it() {
    let mut token = lineage(&[(LineageKind::Token, "01k")], ISSUED);
    token.add(Names.key(LineageKind::Person, "demo:ada"), ISSUED - 1_000);
    let mut view = View::default();
    view.revoke(Names.key(LineageKind::All, ""), ISSUED - 1_001);
    assert!(!dead(&view, &token));
    view.revoke(Names.key(LineageKind::All, ""), ISSUED - 1_000);
    assert!(dead(&view, &token));
}

#[test]
fn a_token_that_was_revoked_is_dead_until_nothing_under_it_lives() {
    let token = lineage(&[(LineageKind::Token, "01k")], ISSUED);
    let mut view = View::default();
    view.revoke_token(Names.key(LineageKind::Delegation, "dlg_01k"), NOW_MS);
    assert!(dead(&view, &token));
    view.sweep(NOW_MS);
    assert!(dead(&view, &token));
    assert_eq!(
        view.revoked_until(&Names.key(LineageKind::Token, "01k")),
        Some(FOR_EVER)
    );
    view.sweep(NOW_MS + 120_000);
    assert_eq!(view.revocations(), 0);
}

#[test]
fn one_revocation_can_be_looked_at_as_if_it_were_another() {
    let key = Names.key(LineageKind::Person, "demo:ada");
    let token = lineage(&[(LineageKind::Person, "demo:ada")], ISSUED);
    let mut view = View::default();
    view.revoke(key, ISSUED);
    let registry = Registry::default();
    let world = world(&view, &registry);
    let as_if = |until_ms| Instead { key, until_ms };
    assert!(!world.is_dead_with(&token, Some(as_if(None))));
    assert!(world.is_dead_with(&token, Some(as_if(Some(ISSUED)))));
    assert!(world.is_killed_by(&token, as_if(Some(ISSUED))));
    assert!(!world.is_killed_by(&token, as_if(Some(ISSUED - 1))));
    let all = Names.key(LineageKind::All, "");
    let everything = |until_ms| Instead { key: all, until_ms };
    assert!(world.is_killed_by(&token, everything(Some(ISSUED))));
    assert!(!world.is_killed_by(&token, everything(Some(ISSUED - 1))));
}
