//! What records do to the state.

use super::change::{lock, remembered, revocation};
use super::{empty, live, personal_grant, record, replayed};
use crate::ledger::Follower;
use crate::state::{Change, Shared};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::ids::LockId;
use locum_core::lineage::{Keyed, LineageKind};
use locum_core::record::Draft;
use locum_core::registry::{Grant, GrantState, GrantView};
use locum_core::testing::{NOW_S, Names, Scene, agent, grant, target, uuid};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn paid() -> (Scene, Grant) {
    let listed = json!([{"target": "sap", "scopes": ["a"]}]);
    let ceiling = json!([{"target": "sap", "scopes": ["a"], "default": ["a"]}]);
    let mut scene = Scene::new(
        &agent("invoice-agent", json!({"ceiling": ceiling})),
        &target("sap", json!({"scopes": {"a": {"risk": "high"}}})),
    );
    let granted = grant(1, "invoice-agent", listed);
    scene.facts.grants = vec![Arc::new(granted.clone())];
    (scene, granted)
}

pub(super) fn decision(scene: &Scene) -> Draft {
    scene.decide().unwrap().draft(&scene.frame())
}

pub(super) fn uses(shared: &Shared, grant: &Grant) -> u64 {
    shared.read().registry.grant(grant.id).unwrap().uses
}

fn revoked(shared: &Shared, kind: LineageKind, id: &str, issued_ms: u64) -> bool {
    shared
        .read()
        .view
        .is_revoked(&Names.key(kind, id), issued_ms)
}

#[test]
fn a_use_is_counted_once_live_where_it_was_reserved_and_once_in_replay() {
    let (scene, granted) = paid();
    let drafts = [
        record(&[Change::Grant {
            grant: granted.clone(),
        }]),
        decision(&scene),
    ];
    let mut shared = live(&drafts[..1]);
    shared.write().registry.use_grant(granted.id);
    shared.appended(&super::place(1), &drafts[1]).unwrap();
    assert_eq!(uses(&shared, &granted), 1);
    assert_eq!(uses(&replayed(&drafts), &granted), 1);
    shared.write().registry.use_grant(granted.id);
    shared.write().registry.unuse_grant(granted.id);
    assert_eq!(
        uses(&shared, &granted),
        1,
        "a record that was never made costs nothing"
    );
}

#[test]
fn a_refusal_or_a_later_hop_counts_no_use() {
    let (scene, granted) = paid();
    let refused = scene.asking("nonesuch");
    let refusal = refused.decide().unwrap_err().draft(&refused.frame());
    let drafts = [
        record(&[Change::Grant {
            grant: granted.clone(),
        }]),
        refusal,
    ];
    assert_eq!(uses(&replayed(&drafts), &granted), 0);
}

#[test]
fn a_grant_written_again_keeps_its_uses_and_stays_revoked() {
    let (scene, granted) = paid();
    let written = || {
        record(&[Change::Grant {
            grant: granted.clone(),
        }])
    };
    let drafts = [written(), decision(&scene), written()];
    assert_eq!(uses(&replayed(&drafts), &granted), 1);
    let id = granted.id.to_string();
    let drafts = [
        written(),
        record(&[revocation(1, LineageKind::Grant, &id)]),
        written(),
    ];
    for shared in [live(&drafts), replayed(&drafts)] {
        let state = shared.read();
        let known = state.registry.grant(granted.id).unwrap();
        assert_eq!(
            (known.state, known.view(NOW_S)),
            (GrantState::Revoked, GrantView::Revoked)
        );
    }
}

#[test]
fn a_revocation_is_effective_at_its_records_time_or_before_what_it_names() {
    let shared = live(&[
        record(&[]),
        record(&[revocation(1, LineageKind::Person, "demo:ada")]),
    ]);
    let at = super::place(1).time_ms;
    assert!(revoked(&shared, LineageKind::Person, "demo:ada", at));
    assert!(!revoked(&shared, LineageKind::Person, "demo:ada", at + 1));
    let mut earlier = revocation(2, LineageKind::Agent, "invoice-agent");
    if let Change::Revocation { revocation } = &mut earlier {
        revocation.before_ms = Some(at - 60_000);
    }
    let shared = live(&[record(&[earlier])]);
    assert!(revoked(
        &shared,
        LineageKind::Agent,
        "invoice-agent",
        at - 60_000
    ));
    assert!(!revoked(
        &shared,
        LineageKind::Agent,
        "invoice-agent",
        at - 59_999
    ));
}

#[test]
fn tokens_delegations_grants_sessions_and_keys_are_revoked_for_ever() {
    for kind in [
        LineageKind::Token,
        LineageKind::Delegation,
        LineageKind::Grant,
        LineageKind::Session,
        LineageKind::Key,
    ] {
        let mut change = revocation(1, kind, "x");
        if let Change::Revocation { revocation } = &mut change {
            revocation.before_ms = Some(1);
        }
        assert!(
            revoked(&live(&[record(&[change])]), kind, "x", u64::MAX - 1),
            "{kind:?}"
        );
    }
    let retired = agent("invoice-agent", json!({})).retire().unwrap();
    let shared = replayed(&[record(&[Change::Agent { agent: retired }])]);
    assert!(
        revoked(&shared, LineageKind::Agent, "invoice-agent", u64::MAX - 1),
        "and a retired agent"
    );
}

#[test]
fn a_lock_holds_until_it_is_lifted_and_is_remembered_then() {
    let id = LockId(uuid(1, 1));
    let key = Names.key(LineageKind::Agent, "invoice-agent");
    let mut locked = lock(1, LineageKind::Agent, "invoice-agent");
    if let Change::Lock { lock } = &mut locked {
        lock.expires_ms = None;
    }
    let drafts = [record(&[locked]), record(&[Change::Lift { id }])];
    assert!(live(&drafts[..1]).read().view.locked(&key, 0).is_some());
    for shared in [live(&drafts), replayed(&drafts)] {
        assert!(shared.read().view.locked(&key, 0).is_none());
        assert!(shared.read().lifted.contains(&id));
        assert!(shared.read().locks.is_empty(), "what is over leaves memory");
    }
}

pub(super) fn with_mark(scene: &Scene, key: [u8; 16], request: Option<[u8; 32]>) -> Draft {
    let mut frame = scene.frame();
    frame.marks = vec![(key, NOW_S + 300, request)];
    scene.decide().unwrap().draft(&frame)
}

#[test]
fn a_decision_answers_its_mark_live_and_after_a_restart() {
    let (scene, _) = paid();
    let draft = with_mark(&scene, [5; 16], None);
    for shared in [
        live(std::slice::from_ref(&draft)),
        replayed(std::slice::from_ref(&draft)),
    ] {
        assert!(
            shared
                .write()
                .marks
                .take([5; 16], [1; 32], NOW_S + 300, NOW_S)
                .is_err()
        );
    }
    let faulty = with_mark(&scene, [5; 16], Some([1; 32]));
    for shared in [
        live(std::slice::from_ref(&faulty)),
        replayed(std::slice::from_ref(&faulty)),
    ] {
        let take = |request| {
            shared
                .write()
                .marks
                .take([5; 16], request, NOW_S + 300, NOW_S)
        };
        assert!(take([2; 32]).is_err(), "another request");
        assert!(take([1; 32]).is_ok(), "the identical one, after a fault");
    }
    let alone = Change::Mark {
        key: URL_SAFE_NO_PAD.encode([6; 16]),
        until_s: NOW_S + 300,
    };
    let shared = replayed(&[record(&[alone])]);
    assert!(
        shared
            .write()
            .marks
            .take([6; 16], [1; 32], NOW_S + 300, NOW_S)
            .is_err()
    );
}

#[test]
fn an_idempotent_answer_is_given_again_until_it_expires() {
    let shared = replayed(&[record(&[remembered("k", NOW_S + 60)])]);
    let state = shared.read();
    assert_eq!(state.answer("k", NOW_S + 59).map(|r| r.status), Some(201));
    assert_eq!(state.answer("k", NOW_S + 60), None);
    assert_eq!(state.answer("other", NOW_S), None);
    assert_eq!(
        state.answer("k", NOW_S).unwrap().answer,
        json!({"id": "sentinel-answer"})
    );
}

#[test]
fn a_record_type_of_another_version_is_refused() {
    let mut shared = empty();
    let strange = Draft::new("strange", [0; 16], json!({}), None);
    assert!(shared.appended(&super::place(0), &strange).is_err());
    let bare = Draft::new(
        crate::state::CHANGE,
        [0; 16],
        json!({"by": Value::Null}),
        None,
    );
    assert!(shared.appended(&super::place(0), &bare).is_err());
    assert_eq!(personal_grant(1).uses, 0);
}
