//! What records do to the signing keys.

use super::change::revocation;
use super::{empty, live, record, replayed, shown, snapshot};
use crate::ledger::Follower;
use crate::state::{Change, KeyState, KeyUse, RETIRED_KEYS_MAX, Shared, SigningKeyEntry};
use locum_core::lineage::LineageKind;
use locum_core::record::Draft;
use locum_core::token::Alg;
use serde_json::{Value, json};

fn key(kid: &str) -> SigningKeyEntry {
    SigningKeyEntry {
        kid: kid.into(),
        alg: Alg::ES256,
        key_use: KeyUse::Token,
        public: json!({"kty": "EC"}),
        sealed: "sentinel-sealed".into(),
        created_at_ms: 1,
        activated_ms: Some(2),
        superseded_ms: None,
        retired_ms: None,
    }
}

fn put(key: &SigningKeyEntry) -> Draft {
    record(&[Change::SigningKey { key: key.clone() }])
}

/// A key that was retired as versions before this one recorded it: whole.
fn retired_whole(number: u64) -> SigningKeyEntry {
    SigningKeyEntry {
        retired_ms: Some(number),
        ..key(&format!("k{number:05}"))
    }
}

fn states(shared: &Shared) -> Vec<(String, KeyState)> {
    let state = shared.read();
    let keys = state.signing_keys.iter();
    keys.map(|key| (key.kid.clone(), key.state())).collect()
}

#[test]
fn of_a_retired_key_nothing_is_kept_but_what_is_listed() {
    let shared = live(&[put(&key("k1")), put(&retired_whole(3))]);
    let state = shared.read();
    let [in_use, retired] = state.signing_keys.as_slice() else {
        panic!("two keys");
    };
    assert_eq!(in_use, &key("k1"));
    assert_eq!(retired.kid, "k00003");
    assert_eq!(
        (&retired.public, retired.sealed.as_str()),
        (&Value::Null, "")
    );
    let text = serde_json::to_string(retired).unwrap();
    assert!(
        !text.contains("public") && !text.contains("sealed"),
        "{text}"
    );
    assert_eq!(key("k1").retired(3).retired_ms, Some(3));
    assert_eq!(key("k1").retired(3).sealed, "");
}

/// A record of a time before says nothing of the use, and its content address
/// must stay what it was.
#[test]
fn a_key_of_tokens_is_written_as_before_receipts_had_keys_and_one_of_receipts_says_so() {
    let token = serde_json::to_value(key("k1")).unwrap();
    assert_eq!(token.get("use"), None);
    let read: SigningKeyEntry = serde_json::from_value(token).unwrap();
    assert_eq!(read.key_use, KeyUse::Token);
    let receipt = SigningKeyEntry {
        key_use: KeyUse::Receipt,
        ..key("k2")
    };
    let written = serde_json::to_value(&receipt).unwrap();
    assert_eq!(written.get("use"), Some(&json!("receipt")));
    assert_eq!(
        serde_json::from_value::<SigningKeyEntry>(written).unwrap(),
        receipt
    );
    let drafts = [put(&receipt)];
    for shared in [live(&drafts), replayed(&drafts)] {
        assert_eq!(shared.read().signing_keys, std::slice::from_ref(&receipt));
    }
}

#[test]
fn of_any_number_of_retired_keys_the_newest_are_kept() {
    let most = u64::try_from(RETIRED_KEYS_MAX).unwrap();
    let mut drafts = vec![put(&key("active"))];
    drafts.extend((0..most * 3).map(|number| put(&retired_whole(number))));
    let kept = states(&live(&drafts));
    assert_eq!(kept.len(), RETIRED_KEYS_MAX + 1);
    assert_eq!(kept[0], ("active".to_owned(), KeyState::Active));
    assert_eq!(kept[1].0, format!("k{:05}", most * 2));
    // In another order they are the same.
    drafts.reverse();
    let mut backwards = states(&live(&drafts));
    let mut forwards = kept;
    backwards.sort_by(|a, b| a.0.cmp(&b.0));
    forwards.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(backwards, forwards);
}

#[test]
fn a_revoked_key_is_retired_and_no_later_record_brings_it_back() {
    let superseded = SigningKeyEntry {
        superseded_ms: Some(9),
        ..key("k1")
    };
    let drafts = [
        put(&key("k1")),
        put(&key("k2")),
        record(&[revocation(1, LineageKind::Key, "locum:k1")]),
        put(&superseded),
    ];
    for shared in [live(&drafts), replayed(&drafts)] {
        let found = states(&shared);
        assert_eq!(found[0], ("k1".to_owned(), KeyState::Retired));
        assert_eq!(found[1], ("k2".to_owned(), KeyState::Active));
    }
    // Nor one that was revoked before it was known.
    let first = [drafts[2].clone(), put(&key("k1"))];
    assert_eq!(states(&live(&first))[0].1, KeyState::Retired);
    // A key of somebody else is none of ours.
    let other = [
        put(&key("k1")),
        record(&[revocation(1, LineageKind::Key, "corp:k1")]),
    ];
    assert_eq!(states(&live(&other))[0].1, KeyState::Active);
}

#[test]
fn a_snapshot_leads_to_the_same_keys_as_the_records() {
    let mut drafts: Vec<_> = (0..100).map(|number| put(&retired_whole(number))).collect();
    drafts.push(put(&key("k1")));
    drafts.push(record(&[revocation(1, LineageKind::Key, "locum:k1")]));
    let before = live(&drafts);
    let mut after = empty();
    after.restore(&snapshot(&before)).unwrap();
    assert_eq!(shown(&before), shown(&after));
}

/// As a version before this one wrote it: retired keys whole and without end,
/// and one that was revoked while it signed.
#[test]
fn a_snapshot_of_a_version_before_is_taken_over_and_what_is_over_left_out() {
    let mut old = live(&[put(&key("k1"))]);
    old.appended(
        &super::place(1),
        &record(&[revocation(1, LineageKind::Key, "locum:k1")]),
    )
    .unwrap();
    {
        let mut state = old.write();
        let whole = (0..100).map(retired_whole);
        state.signing_keys = whole.chain([key("k1")]).collect();
    }
    let mut after = empty();
    after.restore(&snapshot(&old)).unwrap();
    let state = after.read();
    assert_eq!(state.signing_keys.len(), RETIRED_KEYS_MAX);
    assert!(state.signing_keys.iter().all(|key| key.sealed.is_empty()));
    let k1 = state.signing_keys.iter().find(|key| key.kid == "k1");
    assert_eq!(k1.unwrap().state(), KeyState::Retired);
}
