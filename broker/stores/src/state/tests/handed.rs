//! What was handed out is state: contract §15, "Two records".

use super::{empty, entry, live, place, record, replayed, snapshot};
use crate::ledger::{Follower, RawRecord};
use crate::state::handed::LISTED_MAX;
use crate::state::{Change, Shared};
use locum_core::decide::{
    Failure, HandedOut, Leftover, OutcomeFrame, VendorRevocation, VendorTerms, never_known,
    vendor_revocation,
};
use locum_core::handout::{Able, Expire, Narrow, Revoke, Terms, Unique};
use locum_core::ids::Jti;
use locum_core::record::Draft;
use locum_core::refusal::{Code, Refusal};
use locum_core::testing::{NOW_S, Scene, Stub, agent, grant, target, uuid};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

fn scene(number: u64) -> Scene {
    let target = target(
        "sap",
        json!({"scopes": {"a": {"risk": "low"}},
            "connector": {"profile": "oauth", "base_url": "https://vendor.example"}}),
    );
    let agent = agent(
        "invoice-agent",
        json!({"ceiling": [{"target": "sap", "scopes": ["a"], "default": ["a"]}]}),
    );
    let mut scene = Scene::new(&agent, &target);
    scene.number = number;
    scene.facts.vendor = VendorTerms::On(Terms {
        able: Able {
            narrow: Narrow::Request,
            expire: Expire::Declared(Some(60)),
            revoke: Revoke::Alone,
            unique: Unique::Yes,
            carries_person: true,
        },
        accounts: vec![],
        names: BTreeMap::new(),
    });
    scene
}

fn permit(number: u64) -> (Jti, Draft) {
    let scene = scene(number);
    let permit = scene.decide().unwrap();
    (permit.jti(), permit.draft(&scene.frame()))
}

fn frame() -> OutcomeFrame {
    OutcomeFrame {
        request_id: scene(1).frame().request_id,
        marks: vec![],
        salt: [4; 16],
    }
}

fn obtained(number: u64, print: u8, expires_s: Option<u64>) -> Draft {
    let handed = HandedOut {
        expires_s,
        fingerprint: [print; 16],
        vendor_request_id: None,
        handle: Some("sealed".into()),
    };
    scene(number).permit().obtained(handed).draft(&frame())
}

fn failed(number: u64, failure: Failure) -> Draft {
    let refusal = Refusal::new(Code::Downstream, "expected a; found b");
    scene(number)
        .permit()
        .failed(failure, refusal)
        .draft(&frame())
}

fn counts(shared: &Shared) -> (usize, usize) {
    let state = shared.read();
    (state.handed.open().count(), state.handed.live().count())
}

#[test]
fn a_permit_is_open_until_its_outcome_is_on_record() {
    let (jti, permitted) = permit(1);
    assert_eq!(counts(&live(std::slice::from_ref(&permitted))), (1, 0));
    for (outcome, left) in [
        (obtained(1, 7, Some(NOW_S + 60)), (0, 1)),
        (failed(1, Failure::Refused), (0, 0)),
        (failed(1, Failure::NotSent), (0, 0)),
        (failed(1, Failure::Unknown), (0, 1)),
        (never_known(jti, &Leftover::default(), [4; 16]), (0, 1)),
    ] {
        let records = [permitted.clone(), outcome];
        assert_eq!(counts(&live(&records)), left);
        assert_eq!(counts(&replayed(&records)), left);
    }
}

#[test]
fn a_credential_is_found_by_its_keyed_hash_with_what_it_descends_from() {
    let (jti, permitted) = permit(1);
    let shared = live(&[permitted, obtained(1, 7, Some(NOW_S + 60))]);
    let state = shared.read();
    let (found, entry) = state.handed.by_fingerprint(&[7; 16]).unwrap();
    assert_eq!(found, jti);
    assert!(entry.revocable);
    let lineage = scene(1)
        .permit()
        .lineage(&locum_core::testing::Names)
        .clone();
    assert_eq!(entry.of.lineage(), lineage);
    assert_eq!(entry.of.parties.agents.len(), 1);
    assert!(state.handed.by_fingerprint(&[8; 16]).is_none());
}

#[test]
fn it_is_forgotten_when_it_has_ended_or_its_vendor_confirmed_that_it_is_revoked() {
    let (jti, permitted) = permit(1);
    let records = [permitted, obtained(1, 7, Some(NOW_S + 60))];
    let shared = live(&records);
    shared.write().handed.sweep((NOW_S + 59) * 1_000);
    assert_eq!(counts(&shared), (0, 1));
    shared.write().handed.sweep((NOW_S + 60) * 1_000);
    assert_eq!(counts(&shared), (0, 0));
    let mut shared = live(&records);
    let ended = |how| vendor_revocation(jti, how, [5; 16]);
    shared
        .appended(&place(2), &ended(VendorRevocation::Failed))
        .unwrap();
    let revocation = shared.read().handed.get(jti).unwrap().revocation;
    assert_eq!(revocation, Some(VendorRevocation::Failed));
    shared
        .appended(&place(3), &ended(VendorRevocation::Done))
        .unwrap();
    assert_eq!(counts(&shared), (0, 0));
    assert!(shared.read().handed.by_fingerprint(&[7; 16]).is_none());
}

#[test]
fn what_expired_unconfirmed_stays_until_that_is_on_record() {
    let (jti, permitted) = permit(1);
    let later_s = NOW_S + 100_000;
    let mut shared = live(&[permitted, obtained(1, 7, Some(later_s))]);
    shared.write().handed.sweep((later_s + 1) * 1_000);
    assert_eq!(counts(&shared), (0, 1));
    let mut restored = empty();
    restored.restore(&snapshot(&shared)).unwrap();
    restored.write().handed.sweep((later_s + 1) * 1_000);
    assert_eq!(counts(&restored), (0, 1));
    let failed = vendor_revocation(jti, VendorRevocation::Failed, [5; 16]);
    shared.appended(&place(2), &failed).unwrap();
    assert_eq!(counts(&shared), (0, 0));
}

#[test]
fn what_will_not_be_revoked_is_forgotten_when_it_ends_over_a_snapshot_too() {
    let (jti, permitted) = permit(1);
    let later_s = NOW_S + 100_000;
    let mut shared = live(&[permitted, obtained(1, 7, Some(later_s))]);
    let failed = vendor_revocation(jti, VendorRevocation::Failed, [5; 16]);
    shared.appended(&place(2), &failed).unwrap();
    assert_eq!(counts(&shared), (0, 1));
    let mut restored = empty();
    restored.restore(&snapshot(&shared)).unwrap();
    restored.write().handed.sweep(later_s * 1_000);
    assert_eq!(counts(&restored), (0, 0));
}

#[test]
fn a_credential_that_has_ended_is_known_for_a_day_more() {
    const DAY_S: u64 = 86_400;
    let (jti, permitted) = permit(1);
    let records = [permitted, obtained(1, 7, Some(NOW_S + 60))];
    let done = vendor_revocation(jti, VendorRevocation::Done, [5; 16]);
    for revoked in [false, true] {
        let mut shared = live(&records);
        if revoked {
            shared.appended(&place(2), &done).unwrap();
        }
        shared.write().handed.sweep((NOW_S + 60) * 1_000);
        let mut restored = empty();
        restored.restore(&snapshot(&shared)).unwrap();
        for shared in [shared, restored] {
            assert_eq!(counts(&shared), (0, 0));
            let mut state = shared.write();
            assert!(state.handed.knows(&[7; 16]) && !state.handed.knows(&[8; 16]));
            state.handed.sweep((NOW_S + 60 + DAY_S) * 1_000);
            assert!(!state.handed.knows(&[7; 16]));
        }
    }
}

#[test]
fn what_is_remembered_to_be_listed_alone_is_bounded_and_leaves_room_for_others() {
    let (_, first) = permit(1);
    let unknown = failed(1, Failure::Unknown);
    let named = |draft: &Draft, member: &str, number: u64| {
        let mut body = draft.value().clone();
        body[member] = json!(Jti(uuid(NOW_S * 1_000, number)));
        body
    };
    let shared = empty();
    for number in 1..=LISTED_MAX as u64 + 2 {
        let mut state = shared.write();
        let permitted = named(&first, "jti", number);
        state.handed.permitted(&permitted).unwrap();
        let ended = named(&unknown, "of", number);
        state.handed.ended(&ended, NOW_S * 1_000).unwrap();
    }
    assert_eq!(counts(&shared), (0, LISTED_MAX));
    let known = |number: u64| {
        let jti = Jti(uuid(NOW_S * 1_000, number));
        shared.read().handed.get(jti).is_some()
    };
    assert!(!known(1) && !known(2) && known(3));
    assert!(!shared.read().handed.is_full());
}

#[test]
fn a_use_of_a_grant_is_given_back_where_nothing_was_sent() {
    let grant = grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["a"]}]),
    );
    let id = grant.id;
    let mut scene = scene(1);
    scene.policy = Stub::exchange_only();
    scene.facts.grants = vec![Arc::new(grant.clone())];
    let permit = scene.decide().unwrap();
    assert_eq!(permit.takes_use_of(), Some(id));
    let permitted = permit.draft(&scene.frame());
    let refusal = Refusal::new(Code::Downstream, "expected a; found b");
    for (failure, left) in [(Failure::NotSent, 0), (Failure::Refused, 1)] {
        let outcome = scene.permit().failed(failure, refusal.clone());
        let outcome = outcome.draft(&frame());
        let declared = record(&[Change::Grant {
            grant: grant.clone(),
        }]);
        let drafts = [declared, permitted.clone(), outcome];
        let mut restored = empty();
        let replayed = replayed(&drafts);
        restored.restore(&snapshot(&replayed)).unwrap();
        for shared in [replayed, restored] {
            let uses = shared.read().registry.grant(id).unwrap().uses;
            assert_eq!(uses, left, "{failure:?}");
        }
    }
}

#[test]
fn what_was_handed_out_survives_a_snapshot() {
    let shared = live(&[
        permit(1).1,
        obtained(1, 7, None),
        permit(2).1,
        permit(3).1,
        failed(3, Failure::Unknown),
    ]);
    let mut after = empty();
    after.restore(&snapshot(&shared)).unwrap();
    let shown = |shared: &Shared| {
        let state = shared.read();
        let all = (state.handed.open(), state.handed.live());
        format!(
            "{:?}",
            (all.0.collect::<Vec<_>>(), all.1.collect::<Vec<_>>())
        )
    };
    assert_eq!(shown(&shared), shown(&after));
    assert_eq!(counts(&after), (1, 2));
    assert!(after.read().handed.by_fingerprint(&[7; 16]).is_some());
    let nothing = live(&[record(&[])]);
    let text = String::from_utf8_lossy(&snapshot(&nothing)).into_owned();
    assert!(!text.contains("handed"), "as before there were any");
}

#[test]
fn whose_permits_they_are_is_remembered_once_for_all_of_theirs() {
    let shared = live(&[permit(1).1, obtained(1, 7, None), permit(2).1]);
    let mut after = empty();
    after.restore(&snapshot(&shared)).unwrap();
    for shared in [shared, after] {
        let state = shared.read();
        let (_, open) = state.handed.open().next().unwrap();
        let (_, live) = state.handed.live().next().unwrap();
        assert!(Arc::ptr_eq(&open.parties, &live.of.parties));
    }
}

#[test]
fn a_permit_that_awaits_an_outcome_is_never_skimmed() {
    let (_, permitted) = permit(1);
    let mut shared = empty();
    let past = RawRecord {
        place: place(0),
        kind: permitted.kind().to_owned(),
        body: permitted.body().as_bytes(),
    };
    assert!(!shared.skim(&past));
    shared.replay(&entry(&permitted, 0)).unwrap();
    assert_eq!(counts(&shared), (1, 0));
}

#[test]
fn a_mark_under_which_nothing_was_sent_may_be_used_once_more() {
    const KEY: [u8; 16] = [9; 16];
    const REQUEST: [u8; 32] = [1; 32];
    let until_s = NOW_S + 300;
    let scene = scene(1);
    let mut framed = scene.frame();
    framed.marks = vec![(KEY, until_s, None)];
    let permitted = scene.decide().unwrap().draft(&framed);
    let mut outcome = frame();
    outcome.marks = vec![(KEY, until_s, Some(REQUEST))];
    let refusal = Refusal::new(Code::Downstream, "expected a; found b");
    let not_sent = scene
        .permit()
        .failed(Failure::NotSent, refusal)
        .draft(&outcome);
    let shared = live(&[permitted, not_sent]);
    let taken = |request| shared.write().marks.take(KEY, request, until_s, NOW_S);
    assert!(taken([2; 32]).is_err());
    assert!(taken(REQUEST).is_ok());
}
