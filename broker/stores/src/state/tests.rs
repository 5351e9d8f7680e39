#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod change;
mod credentials;
mod fold;
mod handed;
mod keys;
mod marks;
mod named;
mod properties;
mod snapshot;
mod upstream_secrets;

use super::{Author, Change, Shared, State, draft};
use crate::ledger::{Entry, Follower};
use locum_core::ids::{CredentialId, Uuid7};
use locum_core::record::{Draft, Place};
use locum_core::registry::Grant;
use locum_core::testing::{NOW_S, Names, grant};
use serde_json::{Value, json};
use std::sync::Arc;

fn author() -> Author {
    Author {
        by: "sentinel-operator".into(),
        credential: Some(CredentialId(Uuid7::new(8, [0; 10]))),
        reason: "sentinel-why".into(),
        request_id: Some("req_1".into()),
    }
}

fn record(changes: &[Change]) -> Draft {
    draft(changes, &author(), [[1; 16], [2; 16]], &Names).unwrap()
}

fn place(index: u64) -> Place {
    Place {
        tree: "tests".into(),
        index,
        time_ms: NOW_S * 1000 + index,
    }
}

fn empty() -> Shared {
    Shared::new(State::new(Arc::new(Names)))
}

/// The record as it is read back from its bytes.
fn entry(draft: &Draft, index: u64) -> Entry {
    let bytes = draft.encode(&place(index)).unwrap();
    let record: Value = serde_json::from_slice(&bytes).unwrap();
    Entry {
        place: place(index),
        kind: draft.kind().to_owned(),
        salt: draft.salt(),
        body: record["body"].clone(),
        side: serde_json::from_slice(&draft.side()).ok(),
    }
}

/// The state after these records, as they are made.
fn live(drafts: &[Draft]) -> Shared {
    let mut shared = empty();
    for (index, draft) in (0..).zip(drafts) {
        shared.appended(&place(index), draft).unwrap();
    }
    shared
}

/// The state after these records, as they are read back.
fn replayed(drafts: &[Draft]) -> Shared {
    let mut shared = empty();
    for (index, draft) in (0..).zip(drafts) {
        shared.replay(&entry(draft, index)).unwrap();
    }
    shared
}

/// What a snapshot of the state is.
fn snapshot(shared: &Shared) -> Vec<u8> {
    shared.copy().unwrap()().unwrap()
}

/// Everything of a state that has an order of its own.
fn shown(shared: &Shared) -> String {
    let state = shared.read();
    let registry = &state.registry;
    let mut secrets: Vec<_> = state.secrets.iter().collect();
    secrets.sort_by_key(|(client, _)| (*client).clone());
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{secrets:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{}",
        (
            registry.agents().collect::<Vec<_>>(),
            serde_json::to_string(registry.past())
        ),
        registry.clients().collect::<Vec<_>>(),
        registry.targets().collect::<Vec<_>>(),
        registry.issuers().collect::<Vec<_>>(),
        registry.grants().collect::<Vec<_>>(),
        state.policies,
        state.locks,
        (&state.lifted, &state.lock_blocks, &state.revocation_blocks),
        state.credentials.values().collect::<Vec<_>>(),
        (&state.signing_keys, registry.secrets().collect::<Vec<_>>()),
        state.last_time_ms,
    )
}

/// A grant with a person, groups and a reason that must not be told.
fn personal_grant(number: u64) -> Grant {
    let mut grant = grant(
        number,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["a"]}]),
    );
    grant.spec.person = "demo:sentinel-ada".into();
    grant.spec.groups = Some(["demo:sentinel-staff".to_owned()].into());
    grant.spec.reason = "sentinel-reason".into();
    grant.made_by = "sentinel-operator".into();
    grant
}
