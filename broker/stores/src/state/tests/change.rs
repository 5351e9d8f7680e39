//! Every change through its record and back, and what stands in the record.

use super::{author, empty, entry, live, personal_grant, place, record, replayed, shown};
use crate::ledger::Follower;
use crate::state::change::read;
use crate::state::{
    AdminCredential, Change, KeyUse, LockEntry, NamedKey, Policies, Remembered, RevocationEntry,
    Role, SigningKeyEntry, StoredSecret,
};
use locum_core::ids::{AgentId, ClientId, CredentialId, LockId, RevocationId, SecretName};
use locum_core::lineage::{Keyed, LineageKind, What};
use locum_core::registry::{Client, UpstreamSecret};
use locum_core::testing::{NOW_S, Names, agent, issuer, target, uuid};
use serde_json::{Value, json};

pub(super) fn what(kind: LineageKind, id: &str) -> What {
    What {
        kind,
        id: id.into(),
    }
}

pub(super) fn revocation(number: u64, kind: LineageKind, id: &str) -> Change {
    Change::Revocation {
        revocation: RevocationEntry {
            id: RevocationId(uuid(1, number)),
            what: what(kind, id),
            before_ms: None,
            reason: "sentinel-reason".into(),
            effective_ms: 0,
            by: "sentinel-operator".into(),
            key: None,
        },
    }
}

pub(super) fn lock(number: u64, kind: LineageKind, id: &str) -> Change {
    Change::Lock {
        lock: LockEntry {
            id: LockId(uuid(1, number)),
            what: what(kind, id),
            reason: "sentinel-reason".into(),
            created_at_ms: 5,
            expires_ms: Some(u64::MAX >> 12),
            lifted: false,
            by: "sentinel-operator".into(),
            key: None,
        },
    }
}

pub(super) fn remembered(key: &str, until_s: u64) -> Change {
    Change::Answer {
        remembered: Remembered {
            key: key.into(),
            body: "00".into(),
            status: 201,
            answer: json!({"id": "sentinel-answer"}),
            until_s,
        },
    }
}

fn credential() -> AdminCredential {
    AdminCredential {
        id: CredentialId(uuid(1, 1)),
        name: "sentinel-name".into(),
        role: Role::Auditor,
        expires_s: Some(7),
        created_at_ms: 3,
        revoked: false,
        hash: "sentinel-hash".into(),
    }
}

/// One of each.
pub(super) fn every() -> Vec<Change> {
    let all = declared().into_iter().chain(upstream_secrets());
    all.chain(remaining()).collect()
}

/// The objects of the registry.
fn declared() -> Vec<Change> {
    let owned = agent(
        "invoice-agent",
        json!({"owner": {"kind": "person", "id": "demo:sentinel-bob"}}),
    );
    let client = Client {
        spec: serde_json::from_value(
            json!({"id": ClientId::parse("sap-rs").unwrap(), "kind": "resource_server"}),
        )
        .unwrap(),
        created_at_ms: 4,
    };
    vec![
        Change::Agent { agent: owned },
        Change::Client { client },
        Change::Target {
            target: target("sap", json!({"scopes": {"a": {}}})),
        },
        Change::Issuer {
            issuer: issuer("demo", json!({})),
        },
        Change::Grant {
            grant: personal_grant(1),
        },
    ]
}

pub(super) fn upstream_secret(name: &str, sealed: &str) -> UpstreamSecret {
    UpstreamSecret {
        name: SecretName::parse(name).unwrap(),
        origins: vec!["https://api.example".into()],
        expires_s: Some(NOW_S + 60),
        created_at_ms: 9,
        sealed: sealed.into(),
        index: 0,
    }
}

/// One that stays, and one that goes.
fn upstream_secrets() -> Vec<Change> {
    vec![
        Change::UpstreamSecret {
            secret: upstream_secret("btp-client", "sentinel-sealed"),
        },
        Change::UpstreamSecret {
            secret: upstream_secret("gone", "sentinel-sealed"),
        },
        Change::UpstreamSecretDeleted {
            name: SecretName::parse("gone").unwrap(),
        },
    ]
}

fn remaining() -> Vec<Change> {
    let files = [("a.cedar".to_owned(), "sentinel-policy".to_owned())].into();
    vec![
        Change::Secrets {
            client: "sap-rs".into(),
            hashes: vec![StoredSecret {
                hash: "sentinel-hash".into(),
                until_s: Some(1),
            }],
        },
        Change::Policies {
            policies: Policies {
                bundle: "sha256:x".into(),
                count: 1,
                files,
            },
        },
        revocation(1, LineageKind::Person, "demo:sentinel-ada"),
        lock(1, LineageKind::Person, "demo:sentinel-ada"),
        Change::Lift {
            id: LockId(uuid(1, 1)),
        },
        Change::Credential {
            credential: credential(),
        },
        Change::CredentialRevoked {
            id: credential().id,
        },
        Change::SigningKey {
            key: SigningKeyEntry {
                kid: "k1".into(),
                alg: locum_core::token::Alg::ES256,
                key_use: KeyUse::Token,
                public: json!({"kty": "EC"}),
                sealed: "sentinel-sealed".into(),
                created_at_ms: 6,
                activated_ms: Some(7),
                superseded_ms: None,
                retired_ms: None,
            },
        },
        Change::Mark {
            key: "AAAAAAAAAAAAAAAAAAAAAA".into(),
            until_s: NOW_S + 60,
        },
        remembered("k", NOW_S + 60),
        Change::Names {
            names: vec![NamedKey::Revocation {
                id: RevocationId(uuid(1, 1)),
                key: "AAAAAAAAAAAAAAAAAAAAAA".into(),
                until_ms: None,
            }],
        },
        Change::WorkloadReleased {
            agent: AgentId::parse("name-1").unwrap(),
        },
    ]
}

/// The change as it is recorded: with the key of what it names.
fn keyed(mut change: Change) -> Change {
    let key = |what: &What| Some(Names.key(what.kind, &what.id));
    match &mut change {
        Change::Revocation { revocation } => revocation.key = key(&revocation.what),
        Change::Lock { lock } => lock.key = key(&lock.what),
        Change::Agent { agent } => agent.owner_key = Some(agent.owner_key(&Names)),
        _ => {}
    }
    change
}

#[test]
fn every_change_reads_back_as_it_was_made() {
    for change in every() {
        let draft = record(std::slice::from_ref(&change));
        let entry = entry(&draft, 1);
        let read = read(&entry.body, entry.side.as_ref()).unwrap();
        assert_eq!(read, [keyed(change)]);
    }
    let all = entry(&record(&every()), 1);
    let every: Vec<_> = every().into_iter().map(keyed).collect();
    assert_eq!(read(&all.body, all.side.as_ref()).unwrap(), every);
}

#[test]
fn no_personal_or_secret_value_stands_in_a_record_only_commitments() {
    let draft = record(&every());
    assert!(!draft.body().contains("sentinel"), "{}", draft.body());
    let side = String::from_utf8(draft.side()).unwrap();
    for value in [
        "sentinel-ada",
        "sentinel-staff",
        "sentinel-bob",
        "sentinel-operator",
        "sentinel-why",
        "sentinel-sealed",
    ] {
        assert!(side.contains(value), "{value}");
    }
    assert_eq!(draft.value()["request_id"], json!("req_1"));
    assert_eq!(draft.value()["credential"], json!(author().credential));
    assert_eq!(author().by, "sentinel-operator");
}

#[test]
fn the_same_value_under_another_salt_has_another_commitment() {
    let changes = [Change::Grant {
        grant: personal_grant(1),
    }];
    let one = crate::state::draft(&changes, &author(), [[1; 16], [2; 16]], &Names).unwrap();
    let other = crate::state::draft(&changes, &author(), [[1; 16], [3; 16]], &Names).unwrap();
    let person = |draft: &locum_core::record::Draft| {
        draft.value()["changes"][0]["grant"]["spec"]["person"].clone()
    };
    assert_ne!(person(&one), person(&other));
}

/// The side record is no part of the record's hash.
#[test]
fn a_side_record_that_does_not_fit_its_commitments_is_refused() {
    let draft = record(&[Change::Agent {
        agent: agent("invoice-agent", json!({})),
    }]);
    let good = entry(&draft, 1);
    let tampered = |change: &dyn Fn(&mut Value)| {
        let mut side = good.side.clone().unwrap();
        change(&mut side);
        read(&good.body, Some(&side))
    };
    assert!(tampered(&|_| ()).is_ok());
    let other_owner =
        tampered(&|side| side["changes"][0]["/agent/spec/owner/id"] = json!("mallory"));
    assert!(other_owner.unwrap_err().contains("/agent/spec/owner/id"));
    let wider = tampered(&|side| {
        side["changes"][0]["/agent/spec/ceiling"] = json!([{"target": "sap", "scopes": ["all"]}])
    });
    assert!(wider.is_err(), "what was never taken out");
    assert!(
        tampered(&|side| side["changes"][0]["/agent/status"] = json!({"state": "draft"})).is_err()
    );
    assert!(tampered(&|side| side["salt"] = json!("AAAAAAAAAAAAAAAAAAAAAA")).is_err());
    assert!(tampered(&|side| side["salt"] = json!(5)).is_err());
}

#[test]
fn what_was_erased_leaves_the_rest_readable() {
    let mut erased = entry(&record(&every()), 1);
    erased.side = None;
    let read = read(&erased.body, None).unwrap();
    assert_eq!(read.len(), every().len());
    let Change::Grant { grant } = &read[4] else {
        panic!()
    };
    assert_eq!(
        (&grant.spec.groups, grant.spec.agent.as_str()),
        (&None, "invoice-agent"),
        "groups are unknown"
    );
    let secrets = |change: &Change| match change {
        Change::Secrets { hashes, .. } => Some(hashes.len()),
        _ => None,
    };
    assert_eq!(read.iter().find_map(secrets), Some(0));
    let mut shared = empty();
    shared.replay(&erased).unwrap();
}

#[test]
fn changes_of_one_record_hold_together_or_not_at_all() {
    let good = Change::Client {
        client: Client {
            spec: serde_json::from_value(json!({"id": "x", "kind": "presenter"})).unwrap(),
            created_at_ms: 1,
        },
    };
    let mut broken = entry(&record(&[good.clone(), good]), 0);
    broken.body["changes"][1]["client"]["spec"]["kind"] = json!("nonesuch");
    let mut shared = empty();
    assert!(shared.replay(&broken).is_err());
    assert_eq!(shared.read().registry.clients().count(), 0);
}

#[test]
fn replay_gives_the_same_state_as_the_live_fold() {
    let drafts = [record(&every())];
    assert_eq!(shown(&live(&drafts)), shown(&replayed(&drafts)));
    assert_eq!(live(&drafts).read().last_time_ms, place(0).time_ms);
}
