//! The state as bytes and back (`docs/reference/ledger-format.md`, "Snapshot").
//! It is what the records say and nothing else: uses that are reserved are not
//! in it, and a mark in flight is kept as one whose request may run again.

use super::State;
use super::credentials::Credentials;
use super::entries::{
    Credential, LockEntry, Policies, RevocationEntry, SecretHash, SigningKeyEntry,
};
use super::idempotency::{Answers, Remembered};
use super::marks::Marks;
use locum_core::ids::{CredentialId, GrantId, LockId, RevocationId};
use locum_core::lineage::Key;
use locum_core::registry::{Agent, Client, Grant, Issuer, Past, Registry, Target};
use locum_core::standing::Lock;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Version of the state's bytes: a snapshot of another is read again from the
/// records.
const VERSION: u32 = 2;

/// A copy of the state that another thread may write out.
pub(super) struct Copied {
    registry: Registry,
    uses: HashMap<GrantId, u64>,
    rest: Rest,
    /// Revoked keys and marks, as they are written.
    revoked: Vec<u8>,
    marks: Vec<u8>,
}

/// What is kept as it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rest {
    secrets: BTreeMap<String, Vec<SecretHash>>,
    policies: Policies,
    locks: BTreeMap<LockId, LockEntry>,
    locked: Vec<(Key, Lock)>,
    revocations: BTreeMap<RevocationId, RevocationEntry>,
    credentials: BTreeMap<CredentialId, Credential>,
    signing_keys: Vec<SigningKeyEntry>,
    answers: Vec<Remembered>,
    last_time_ms: u64,
}

/// What is written as JSON; the marks follow it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept<'a> {
    v: u32,
    agents: Vec<Cow<'a, Agent>>,
    past: Cow<'a, Past>,
    clients: Vec<Cow<'a, Client>>,
    targets: Vec<Cow<'a, Target>>,
    issuers: Vec<Cow<'a, Issuer>>,
    grants: Vec<Cow<'a, Grant>>,
    rest: Rest,
}

impl Copied {
    pub(super) fn of(state: &State) -> Self {
        let now_s = state.last_time_ms / 1000;
        let locked = state.view.all_locks();
        let secrets = state.secrets.iter();
        let secrets = secrets.map(|(client, hashes)| (client.clone(), hashes.clone()));
        Self {
            registry: state.registry.clone(),
            uses: state.uses.clone(),
            rest: Rest {
                secrets: secrets.collect(),
                policies: state.policies.clone(),
                locks: state.locks.clone(),
                locked: locked.map(|(key, lock)| (*key, lock.clone())).collect(),
                revocations: state.revocations.clone(),
                credentials: state.credentials.copied(),
                signing_keys: state.signing_keys.clone(),
                answers: state.answers.kept(now_s),
                last_time_ms: state.last_time_ms,
            },
            revoked: revoked(state),
            marks: state.marks.encode(now_s),
        }
    }

    /// The bytes: length of the JSON, the JSON, length of the revoked keys, they
    /// themselves, the marks.
    ///
    /// # Errors
    /// When something does not serialise, which nothing of ours does.
    pub(super) fn encode(self) -> Result<Vec<u8>, String> {
        let registry = &self.registry;
        let kept = Kept {
            v: VERSION,
            agents: registry.agents().map(|a| Cow::Borrowed(&**a)).collect(),
            past: Cow::Borrowed(registry.past()),
            clients: registry.clients().map(|c| Cow::Borrowed(&**c)).collect(),
            targets: registry.targets().map(|t| Cow::Borrowed(&**t)).collect(),
            issuers: registry.issuers().map(|i| Cow::Borrowed(&**i)).collect(),
            grants: registry.grants().map(|g| self.recorded(g)).collect(),
            rest: self.rest,
        };
        let json = serde_json::to_vec(&kept).map_err(|e| e.to_string())?;
        let mut out = Vec::with_capacity(16 + json.len() + self.revoked.len() + self.marks.len());
        for part in [json, self.revoked] {
            out.extend_from_slice(&(part.len() as u64).to_le_bytes());
            out.extend_from_slice(&part);
        }
        out.extend_from_slice(&self.marks);
        Ok(out)
    }

    /// A grant with the uses that are on record.
    fn recorded<'a>(&self, grant: &'a Grant) -> Cow<'a, Grant> {
        let uses = self.uses.get(&grant.id).copied().unwrap_or_default();
        if grant.uses == uses {
            return Cow::Borrowed(grant);
        }
        let mut grant = grant.clone();
        grant.uses = uses;
        Cow::Owned(grant)
    }
}

impl State {
    /// Takes over a snapshot's bytes.
    ///
    /// # Errors
    /// What does not fit; nothing is changed then.
    pub(super) fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        let short = "expected a state of a snapshot, found other bytes";
        let (json, rest) = part(bytes).ok_or(short)?;
        let (revoked, marks) = part(rest).ok_or(short)?;
        let kept: Kept<'_> = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        if kept.v != VERSION {
            return Err(format!(
                "expected a state of version `{VERSION}`, found `{}`",
                kept.v
            ));
        }
        let marks = Marks::decode(marks).ok_or(short)?;
        let mut state = Self::new(self.names.clone());
        state.marks = marks;
        for pair in revoked.as_chunks::<24>().0 {
            let (key, until) = pair.split_first_chunk::<16>().ok_or(short)?;
            let until = until.first_chunk::<8>().ok_or(short)?;
            state.view.revoke(*key, u64::from_le_bytes(*until));
        }
        state.take_over(kept);
        *self = state;
        Ok(())
    }

    fn take_over(&mut self, kept: Kept<'_>) {
        let rest = kept.rest;
        for agent in kept.agents {
            self.registry.put_agent(agent.into_owned());
        }
        self.registry.put_past(kept.past.into_owned());
        for client in kept.clients {
            self.registry.put_client(client.into_owned());
        }
        for target in kept.targets {
            self.registry.put_target(target.into_owned());
        }
        for issuer in kept.issuers {
            self.registry.put_issuer(issuer.into_owned());
        }
        for grant in kept.grants {
            if grant.uses > 0 {
                self.uses.insert(grant.id, grant.uses);
            }
            self.registry.put_grant(grant.into_owned());
        }
        for (key, lock) in rest.locked {
            self.view.lock(key, lock);
        }
        self.secrets = rest.secrets.into_iter().collect();
        self.policies = rest.policies;
        self.locks = rest.locks;
        self.revocations = rest.revocations;
        self.credentials = Credentials::of(rest.credentials, rest.last_time_ms / 1000);
        self.signing_keys = rest.signing_keys;
        self.answers = Answers::of(rest.answers, rest.last_time_ms / 1000);
        self.last_time_ms = rest.last_time_ms;
    }
}

/// Revoked keys: of each 16 bytes and the milliseconds up to which it is dead.
fn revoked(state: &State) -> Vec<u8> {
    let mut out = Vec::with_capacity(24 * state.view.revocations());
    for (key, until) in state.view.all_revoked() {
        out.extend_from_slice(key);
        out.extend_from_slice(&until.to_le_bytes());
    }
    out
}

/// A part with its length ahead of it, and what follows.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)
}
