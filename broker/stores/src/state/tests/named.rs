//! What a revocation or a lock names stands in its record as a key: erasing a
//! side record undoes nothing. And what is over leaves memory.

use super::change::{lock, revocation};
use super::{empty, entry, live, place, record, replayed, snapshot};
use crate::ledger::{Entry, Follower};
use crate::state::{Change, NamedKey, Shared};
use locum_core::ids::{Jti, LockId};
use locum_core::lineage::{Key, Keyed, LineageKind};
use locum_core::record::{Draft, Place};
use locum_core::testing::{NOW_S, Names, agent, uuid};
use serde_json::{Value, json};

const NOW_MS: u64 = NOW_S * 1000;

fn ada() -> Key {
    Names.key(LineageKind::Person, "demo:ada")
}

/// What stands in the ledger once the side record was erased.
fn erased(draft: &Draft, index: u64) -> Entry {
    Entry {
        side: None,
        ..entry(draft, index)
    }
}

/// The record as it was made before records held keys.
fn old(draft: &Draft, index: u64) -> Entry {
    let mut entry = entry(draft, index);
    for change in entry.body["changes"].as_array_mut().unwrap() {
        for object in ["revocation", "lock"] {
            if let Some(Value::Object(members)) = change.get_mut(object) {
                members.remove("key").unwrap();
            }
        }
    }
    entry
}

fn stopped() -> [Draft; 3] {
    [
        record(&[revocation(1, LineageKind::Person, "demo:ada")]),
        record(&[lock(1, LineageKind::Agent, "invoice-agent")]),
        record(&[revocation(2, LineageKind::Grant, "grt_1")]),
    ]
}

fn is_stopped(shared: &Shared) -> bool {
    let state = shared.read();
    let agent = Names.key(LineageKind::Agent, "invoice-agent");
    state.view.is_revoked(&ada(), NOW_MS)
        && state.view.locked(&agent, NOW_MS).is_some()
        && state
            .view
            .is_revoked(&Names.key(LineageKind::Grant, "grt_1"), u64::MAX)
}

#[test]
fn erasing_a_side_record_undoes_neither_its_revocation_nor_its_lock() {
    let mut shared = empty();
    for (index, draft) in (0..).zip(&stopped()) {
        shared.replay(&erased(draft, index)).unwrap();
    }
    assert!(is_stopped(&shared));
    assert!(shared.read().unnamed.is_empty());
    let id = LockId(uuid(1, 1));
    shared
        .appended(&place(9), &record(&[Change::Lift { id }]))
        .unwrap();
    assert!(!is_stopped(&shared), "and it can be lifted");
}

#[test]
fn an_agents_owner_is_known_after_its_name_was_erased() {
    let draft = record(&[Change::Agent {
        agent: agent("invoice-agent", json!({})),
    }]);
    let mut shared = empty();
    shared.replay(&erased(&draft, 0)).unwrap();
    let state = shared.read();
    let agent = state.registry.agent("invoice-agent").unwrap();
    let owner = Names.key(LineageKind::Owner, "team-invoice-agent");
    assert_eq!(agent.owner_key(&Names), owner);
}

#[test]
fn what_older_records_name_gets_its_key_in_a_record_of_its_own() {
    let mut shared = empty();
    for (index, draft) in (0..).zip(&stopped()) {
        shared.replay(&old(draft, index)).unwrap();
    }
    assert!(is_stopped(&shared));
    let names = shared.read().unnamed.clone();
    assert_eq!(names.len(), 3);
    let written = record(&[Change::Names { names }]);
    shared.appended(&place(3), &written).unwrap();
    assert!(shared.read().unnamed.is_empty(), "once");
    let mut after = empty();
    for (index, draft) in (0..).zip(&stopped()) {
        let mut bare = old(draft, index);
        bare.side = None;
        after.replay(&bare).unwrap();
    }
    assert!(!is_stopped(&after), "their names are gone");
    after.replay(&entry(&written, 3)).unwrap();
    assert!(is_stopped(&after) && after.read().unnamed.is_empty());
}

#[test]
fn a_lock_that_was_lifted_before_needs_no_key() {
    let mut shared = empty();
    shared.replay(&old(&stopped()[1], 0)).unwrap();
    let id = LockId(uuid(1, 1));
    shared
        .appended(&place(1), &record(&[Change::Lift { id }]))
        .unwrap();
    assert_eq!(shared.read().unnamed, Vec::<NamedKey>::new());
}

fn at(time_ms: u64) -> Place {
    Place {
        time_ms,
        ..place(1)
    }
}

#[test]
fn a_revoked_token_leaves_memory_when_nothing_under_it_lives() {
    let jti = Jti(uuid(NOW_MS, 1));
    let dead = Names.key(LineageKind::Token, &jti.to_string());
    let mut shared = live(&[record(&[revocation(
        1,
        LineageKind::Token,
        &jti.to_string(),
    )])]);
    let end = NOW_MS + 3_660_000;
    shared.appended(&at(end), &record(&[])).unwrap();
    assert!(shared.read().view.is_revoked(&dead, 0), "until then");
    shared.appended(&at(end + 120_000), &record(&[])).unwrap();
    assert_eq!(shared.read().view.revocations(), 0);
    let of_two: Vec<_> = shared.read().revocation_blocks.from(0).collect();
    assert_eq!(of_two.len(), 1, "and is found in the record");
    assert_eq!(of_two.first(), Some(&(0..64)));
}

#[test]
fn a_lock_leaves_memory_when_it_has_expired() {
    let mut change = lock(1, LineageKind::All, "");
    if let Change::Lock { lock } = &mut change {
        lock.expires_ms = Some(NOW_MS + 10_000);
    }
    let mut shared = live(&[record(&[change])]);
    assert_eq!(shared.read().locks.len(), 1);
    let copied = snapshot(&shared);
    let mut again = empty();
    again.restore(&copied).unwrap();
    for state in [&mut shared, &mut again] {
        state.appended(&at(NOW_MS + 10_000), &record(&[])).unwrap();
        assert!(state.read().locks.is_empty());
        assert_eq!(state.read().view.all_locks().count(), 0);
    }
}

#[test]
fn a_token_that_came_ahead_of_the_clock_was_first_seen_when_the_record_says_so() {
    let body = json!({"seen": [["AQEBAQEBAQEBAQEBAQEBAQ", NOW_MS - 5, NOW_S + 60]]});
    let draft = Draft::new("decision", [0; 16], body, None);
    for shared in [
        live(std::slice::from_ref(&draft)),
        replayed(std::slice::from_ref(&draft)),
    ] {
        assert_eq!(shared.read().seen.get(&[1; 16]), Some(NOW_MS - 5));
        let mut again = empty();
        again.restore(&snapshot(&shared)).unwrap();
        assert_eq!(again.read().seen.get(&[1; 16]), Some(NOW_MS - 5));
    }
}

#[test]
fn a_grant_counts_from_its_record_and_keeps_the_owner_its_agent_had() {
    let granted = super::personal_grant(1);
    let owned = |team: &str| Change::Agent {
        agent: agent(
            "invoice-agent",
            json!({"owner": {"kind": "team", "id": team}}),
        ),
    };
    let drafts = [
        record(&[owned("team-then")]),
        record(&[Change::Grant {
            grant: granted.clone(),
        }]),
        record(&[owned("team-now")]),
        record(&[Change::Grant {
            grant: granted.clone(),
        }]),
    ];
    for shared in [live(&drafts), replayed(&drafts)] {
        let state = shared.read();
        let known = state.registry.grant(granted.id).unwrap();
        assert_eq!(known.since_ms(), place(1).time_ms);
        let then = Names.key(LineageKind::Owner, "team-then");
        assert_eq!(known.owner_key, Some(then));
    }
}
