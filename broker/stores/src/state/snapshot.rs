//! The state as bytes and back (`docs/reference/ledger-format.md`, "Snapshot").
//! It is what the records say and nothing else: uses that are reserved are not
//! in it, and a mark in flight is kept as one whose request may run again.

use super::State;
use super::ages::TokenAges;
use super::blocks::Blocks;
use super::credentials::Credentials;
use super::entries::{
    AdminCredential, LockEntry, NamedKey, Policies, SigningKeyEntry, StoredSecret,
};
use super::handed::{CopiedHandedOut, HandedOut};
use super::idempotency::{self, Answers};
use super::marks::{self, Marks};
use locum_core::expiring::ExpiringKeys;
use locum_core::ids::{CredentialId, GrantId, LockId};
use locum_core::lineage::Key;
use locum_core::registry::{Agent, Client, Grant, Issuer, Past, Target, UpstreamSecret};
use locum_core::standing::Lock;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Version of the state's bytes: a snapshot of another is read again from the
/// records.
const VERSION: u32 = 2;

/// A copy of the state that another thread may write out. It is made under the
/// state's lock, so what is large is shared and not copied.
pub(super) struct CopiedState {
    kept: Kept,
    uses: HashMap<GrantId, u64>,
    /// Revoked keys, as they are written.
    revoked: Vec<u8>,
    tokens: ExpiringKeys,
    marks: marks::CopiedMarks,
    /// What counts at this moment is written, Unix milliseconds.
    now_ms: u64,
}

/// What is kept as it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rest {
    secrets: BTreeMap<String, Vec<StoredSecret>>,
    policies: Policies,
    locks: BTreeMap<LockId, LockEntry>,
    locked: Vec<(Key, Lock)>,
    lifted: BTreeSet<LockId>,
    lock_blocks: Blocks,
    revocation_blocks: Blocks,
    unnamed: Vec<NamedKey>,
    seen: Vec<(Key, u64, u64)>,
    credentials: BTreeMap<CredentialId, Arc<AdminCredential>>,
    signing_keys: Vec<SigningKeyEntry>,
    #[serde(default)]
    token_ages: TokenAges,
    #[serde(default, skip_serializing_if = "CopiedHandedOut::is_empty")]
    handed: CopiedHandedOut,
    /// Left out where there are none, as versions did that knew of none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    upstream_secrets: Vec<Arc<UpstreamSecret>>,
    answers: idempotency::CopiedAnswers,
    last_time_ms: u64,
}

/// What is written as JSON; the marks follow it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: u32,
    agents: Vec<Arc<Agent>>,
    past: Past,
    clients: Vec<Arc<Client>>,
    targets: Vec<Arc<Target>>,
    issuers: Vec<Arc<Issuer>>,
    grants: Vec<Arc<Grant>>,
    rest: Rest,
}

impl CopiedState {
    pub(super) fn of(state: &State) -> Self {
        Self::at(state, state.last_time_ms)
    }

    /// What counts at that moment, Unix milliseconds.
    pub(super) fn at(state: &State, now_ms: u64) -> Self {
        let now_s = now_ms / 1000;
        let registry = &state.registry;
        let stands = |end: Option<u64>| end.is_none_or(|end| end > now_ms);
        let locked = state.view.all_locks();
        let locked = locked.filter(|(_, lock)| stands(lock.expires_ms));
        let locks = state.locks.iter();
        let locks = locks.filter(|(_, lock)| stands(lock.expires_ms));
        let unnamed = state.unnamed.iter();
        let unnamed = unnamed.filter(|named| named.counts(now_ms));
        let secrets = state.secrets.iter();
        let secrets = secrets.map(|(client, hashes)| (client.clone(), hashes.clone()));
        let kept = Kept {
            v: VERSION,
            agents: registry.agents().cloned().collect(),
            past: registry.past().clone(),
            clients: registry.clients().cloned().collect(),
            targets: registry.targets().cloned().collect(),
            issuers: registry.issuers().cloned().collect(),
            grants: registry.grants().cloned().collect(),
            rest: Rest {
                secrets: secrets.collect(),
                policies: state.policies.clone(),
                locks: locks.map(|(id, lock)| (*id, lock.clone())).collect(),
                locked: locked.map(|(key, lock)| (*key, lock.clone())).collect(),
                lifted: state.lifted.clone(),
                lock_blocks: state.lock_blocks.clone(),
                revocation_blocks: state.revocation_blocks.clone(),
                unnamed: unnamed.cloned().collect(),
                seen: state.seen.kept(now_s),
                credentials: state.credentials.copied(),
                signing_keys: state.signing_keys.clone(),
                token_ages: state.token_ages.clone(),
                handed: state.handed.copied(),
                upstream_secrets: registry.secrets().cloned().collect(),
                answers: state.answers.copied(now_s),
                last_time_ms: state.last_time_ms,
            },
        };
        Self {
            kept,
            uses: state.uses.clone(),
            revoked: pairs(state.view.all_revoked()),
            tokens: state.view.revoked_tokens(),
            marks: state.marks.copied(),
            now_ms,
        }
    }

    /// The bytes: length of the JSON, the JSON, length of the revoked keys, they
    /// themselves, the same of revoked tokens, the marks.
    ///
    /// # Errors
    /// When something does not serialise, which nothing of ours does.
    pub(super) fn encode(mut self) -> Result<Vec<u8>, String> {
        for grant in &mut self.kept.grants {
            let uses = self.uses.get(&grant.id).copied().unwrap_or_default();
            if grant.uses != uses {
                Arc::make_mut(grant).uses = uses;
            }
        }
        let json = serde_json::to_vec(&self.kept).map_err(|e| e.to_string())?;
        let tokens = pairs(self.tokens.counting(self.now_ms));
        let marks = self.marks.encode(self.now_ms / 1000);
        let lens = json.len() + self.revoked.len() + tokens.len() + marks.len();
        let mut out = Vec::with_capacity(24 + lens);
        for part in [json, self.revoked, tokens] {
            out.extend_from_slice(&(part.len() as u64).to_le_bytes());
            out.extend_from_slice(&part);
        }
        out.extend_from_slice(&marks);
        Ok(out)
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
        let (revoked, rest) = part(rest).ok_or(short)?;
        let (tokens, marks) = part(rest).ok_or(short)?;
        let kept: Kept = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        if kept.v != VERSION {
            return Err(format!(
                "expected a state of version `{VERSION}`, found `{}`",
                kept.v
            ));
        }
        let marks = Marks::decode(marks).ok_or(short)?;
        let mut state = Self::new(self.names.clone());
        state.marks = marks;
        for (key, until_ms) in read_pairs(revoked) {
            state.view.revoke(key, until_ms);
        }
        for (key, ends_ms) in read_pairs(tokens) {
            state.view.revoke_token(key, ends_ms);
        }
        state.take_over(kept);
        *self = state;
        Ok(())
    }

    /// Takes over what decisions did, of a snapshot's bytes.
    ///
    /// # Errors
    /// What does not fit; nothing is changed then.
    pub(super) fn restore_decisions(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut whole = Self::new(self.names.clone());
        whole.restore(bytes)?;
        self.marks = whole.marks;
        self.seen = whole.seen;
        self.handed = whole.handed;
        self.uses = whole.uses;
        let used: Vec<GrantId> = self.uses.keys().copied().collect();
        for id in used {
            if let Some(grant) = self.registry.grant(id) {
                let mut grant = grant.clone();
                Arc::make_mut(&mut grant).uses = self.recorded_uses(id);
                self.registry.put_grant(Arc::unwrap_or_clone(grant));
            }
        }
        Ok(())
    }

    fn take_over(&mut self, kept: Kept) {
        let rest = kept.rest;
        for agent in kept.agents {
            self.registry.put_agent(Arc::unwrap_or_clone(agent));
        }
        self.registry.put_past(kept.past);
        for client in kept.clients {
            self.registry.put_client(Arc::unwrap_or_clone(client));
        }
        for target in kept.targets {
            self.registry.put_target(Arc::unwrap_or_clone(target));
        }
        for issuer in kept.issuers {
            self.registry.put_issuer(Arc::unwrap_or_clone(issuer));
        }
        for grant in kept.grants {
            if grant.uses > 0 {
                self.uses.insert(grant.id, grant.uses);
            }
            self.registry.put_grant(Arc::unwrap_or_clone(grant));
        }
        for (key, lock) in rest.locked {
            self.view.lock(key, lock);
        }
        self.secrets = rest.secrets.into_iter().collect();
        self.policies = rest.policies;
        self.hold(rest.locks);
        self.lifted = rest.lifted;
        self.lock_blocks = rest.lock_blocks;
        self.revocation_blocks = rest.revocation_blocks;
        self.unnamed = rest.unnamed;
        for (key, ms, until_s) in rest.seen {
            self.seen.recorded(key, ms, until_s);
        }
        self.credentials = Credentials::of(rest.credentials, rest.last_time_ms / 1000);
        self.signing_keys = rest.signing_keys;
        self.token_ages = rest.token_ages;
        for secret in rest.upstream_secrets {
            self.registry.put_secret(Arc::unwrap_or_clone(secret));
        }
        self.answers = Answers::of(rest.answers, rest.last_time_ms / 1000);
        self.handed = HandedOut::of(rest.handed);
        self.last_time_ms = rest.last_time_ms;
        self.settle_signing_keys(rest.last_time_ms);
        self.registry.sweep_grants(rest.last_time_ms / 1000);
    }
}

/// Keys with a time: of each 16 bytes and 8 of milliseconds.
fn pairs<'a>(all: impl Iterator<Item = (&'a Key, u64)>) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, ms) in all {
        out.extend_from_slice(key);
        out.extend_from_slice(&ms.to_le_bytes());
    }
    out
}

fn read_pairs(bytes: &[u8]) -> impl Iterator<Item = (Key, u64)> {
    bytes.as_chunks::<24>().0.iter().filter_map(|pair| {
        let (key, ms) = pair.split_first_chunk::<16>()?;
        Some((*key, u64::from_le_bytes(*ms.first_chunk::<8>()?)))
    })
}

/// A part with its length ahead of it, and what follows.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)
}
