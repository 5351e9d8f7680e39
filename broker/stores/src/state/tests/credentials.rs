//! Credentials by their ids and by their hashes.

use super::{empty, live, record, snapshot};
use crate::ledger::Follower;
use crate::state::{AdminCredential, Change, Role, Shared};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::ids::CredentialId;
use locum_core::testing::{NOW_S, uuid};

fn hash(number: u64) -> String {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn credential(number: u64, expires_s: Option<u64>) -> AdminCredential {
    AdminCredential {
        id: CredentialId(uuid(1, number)),
        name: "n".into(),
        role: Role::Admin,
        expires_s,
        created_at_ms: 3,
        revoked: false,
        hash: hash(number),
    }
}

fn made(number: u64, expires_s: Option<u64>) -> Change {
    let credential = credential(number, expires_s);
    Change::Credential { credential }
}

fn found(shared: &Shared, number: u64) -> Option<CredentialId> {
    let state = shared.read();
    state.credentials.with_hash(&hash(number)).map(|c| c.id)
}

#[test]
fn a_credential_is_found_by_the_hash_of_its_token_and_by_no_other() {
    let shared = live(&[record(&[made(1, None), made(2, None)])]);
    assert_eq!(found(&shared, 2), Some(credential(2, None).id));
    assert_eq!(found(&shared, 3), None);
    let state = shared.read();
    for none in ["", "sentinel", "AAAA"] {
        assert!(state.credentials.with_hash(none).is_none(), "{none}");
    }
}

#[test]
fn a_revoked_credential_is_found_by_its_id_alone_and_keeps_no_hash() {
    let id = credential(1, None).id;
    let before = live(&[
        record(&[made(1, None)]),
        record(&[Change::CredentialRevoked { id }]),
    ]);
    let mut after = empty();
    after.restore(&snapshot(&before)).unwrap();
    for shared in [before, after] {
        assert_eq!(found(&shared, 1), None);
        let state = shared.read();
        let kept = state.credentials.get(&id).unwrap();
        assert!(kept.revoked && kept.hash.is_empty() && kept.name == "n");
    }
}

#[test]
fn credentials_that_have_expired_leave_the_look_up() {
    let expired = (0..1_000).map(|number| made(number, Some(NOW_S - 1)));
    let mut drafts: Vec<_> = expired.map(|change| record(&[change])).collect();
    drafts.push(record(&[made(5_000, None)]));
    let shared = live(&drafts);
    let looked_up = (0..1_000).filter(|number| found(&shared, *number).is_some());
    assert!(looked_up.count() <= 64);
    assert!(found(&shared, 5_000).is_some());
    assert_eq!(shared.read().credentials.values().count(), 1_001);
}
