//! The fold: one record at a time, in the order of the ledger.

use super::change::{self, CHANGE, Change};
use super::entries::{
    Credential, LockEntry, Policies, RevocationEntry, SecretHash, SigningKeyEntry,
};
use super::idempotency::{Answers, Remembered};
use super::marks::Marks;
use crate::ledger::SNAPSHOT;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::decide::{DECISION, SUMMARY};
use locum_core::ids::{CredentialId, GrantId, LockId, RevocationId};
use locum_core::lineage::{Keyed, Kind};
use locum_core::record::Place;
use locum_core::registry::{Agent, GrantState, Registry, Status};
use locum_core::standing::{FOR_EVER, Lock, View};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What is known now.
pub struct State {
    /// Names to keys.
    pub names: Arc<dyn Keyed + Send + Sync>,
    /// Declared objects.
    pub registry: Registry,
    /// Locks and revocations as the checks see them.
    pub view: View,
    /// Keyed hashes of clients' secrets.
    pub secrets: HashMap<String, Vec<SecretHash>>,
    /// The policy bundle in force.
    pub policies: Policies,
    /// Locks as they were set, lifted ones included.
    pub locks: BTreeMap<LockId, LockEntry>,
    /// Revocations as they were made.
    pub revocations: BTreeMap<RevocationId, RevocationEntry>,
    /// Credentials of the admin API.
    pub credentials: BTreeMap<CredentialId, Credential>,
    /// Signing keys, oldest first.
    pub signing_keys: Vec<SigningKeyEntry>,
    /// Replay marks.
    pub marks: Marks,
    pub(super) answers: Answers,
    /// Uses of grants that are on record; the registry's also count what is
    /// reserved.
    pub(super) uses: HashMap<GrantId, u64>,
    /// Time of the newest record folded, Unix milliseconds.
    pub last_time_ms: u64,
}

impl State {
    /// Nothing known yet.
    #[must_use]
    pub fn new(names: Arc<dyn Keyed + Send + Sync>) -> Self {
        Self {
            names,
            registry: Registry::default(),
            view: View::default(),
            secrets: HashMap::new(),
            policies: Policies::default(),
            locks: BTreeMap::new(),
            revocations: BTreeMap::new(),
            credentials: BTreeMap::new(),
            signing_keys: Vec::new(),
            marks: Marks::default(),
            answers: Answers::default(),
            uses: HashMap::new(),
            last_time_ms: 0,
        }
    }

    /// The remembered answer to an `Idempotency-Key`.
    #[must_use]
    pub fn answer(&self, key: &str, now_s: u64) -> Option<&Remembered> {
        self.answers.get(key, now_s)
    }

    pub(super) fn decision(
        &mut self,
        marks: Option<&Value>,
        uses: Option<&Value>,
        counts_use: bool,
    ) {
        for mark in marks.and_then(Value::as_array).into_iter().flatten() {
            if let (Some(key), Some(until)) = (
                mark.get(0).and_then(bytes),
                mark.get(1).and_then(Value::as_u64),
            ) {
                match mark.get(2).and_then(bytes) {
                    Some(request) => self.marks.failed_with(key, request, until),
                    None => self.marks.answered(key, until),
                }
            }
        }
        let used = uses
            .and_then(Value::as_str)
            .and_then(|id| GrantId::parse(id).ok())
            .filter(|id| self.registry.grant(*id).is_some());
        if let Some(id) = used {
            *self.uses.entry(id).or_default() += 1;
            if counts_use {
                self.registry.use_grant(id);
            }
        }
    }

    fn change(&mut self, change: Change, place: &Place) {
        match change {
            Change::Agent { agent } => self.put_agent(agent),
            Change::Client { client } => self.registry.put_client(client),
            Change::Target { target } => self.registry.put_target(target),
            Change::Issuer { issuer } => self.registry.put_issuer(issuer),
            Change::Grant { mut grant } => {
                // Uses are counted by decisions, and revoked is for ever.
                let known = self.registry.grant(grant.id);
                grant.uses = known.map_or(0, |known| known.uses);
                if known.is_some_and(|known| known.state == GrantState::Revoked) {
                    grant.state = GrantState::Revoked;
                }
                self.registry.put_grant(grant);
            }
            Change::Secrets { client, hashes } => {
                self.secrets.insert(client, hashes);
            }
            Change::Policies { policies } => self.policies = policies,
            Change::Revocation { revocation } => self.revoke(revocation, place),
            Change::Lock { lock } => self.lock(lock),
            Change::Lift { id } => self.lift(id),
            Change::Credential { credential } => {
                self.credentials.insert(credential.id, credential);
            }
            Change::CredentialRevoked { id } => {
                if let Some(credential) = self.credentials.get_mut(&id) {
                    credential.revoked = true;
                }
            }
            Change::SigningKey { key } => {
                match self
                    .signing_keys
                    .iter_mut()
                    .find(|known| known.kid == key.kid)
                {
                    Some(known) => *known = key,
                    None => self.signing_keys.push(key),
                }
            }
            Change::Mark { key, until_s } => {
                if let Some(key) = bytes(&Value::String(key)) {
                    self.marks.answered(key, until_s);
                }
            }
            Change::Answer { remembered } => self.answers.put(remembered, place.time_ms / 1000),
        }
    }

    fn put_agent(&mut self, agent: Agent) {
        if agent.status == Status::Retired {
            self.view
                .revoke(self.names.key(Kind::Agent, agent.id().as_str()), FOR_EVER);
        }
        self.registry.put_agent(agent);
    }

    fn revoke(&mut self, mut revocation: RevocationEntry, place: &Place) {
        revocation.effective_ms = place.time_ms;
        let kind = revocation.what.kind;
        let until = if kind.is_final() {
            FOR_EVER
        } else {
            revocation.before_ms.unwrap_or(place.time_ms)
        };
        self.view
            .revoke(self.names.key(kind, &revocation.what.id), until);
        if kind == Kind::Grant
            && let Ok(id) = GrantId::parse(&revocation.what.id)
            && let Some(grant) = self.registry.grant(id)
        {
            let mut grant = (**grant).clone();
            grant.state = GrantState::Revoked;
            self.registry.put_grant(grant);
        }
        self.revocations.insert(revocation.id, revocation);
    }

    fn lock(&mut self, entry: LockEntry) {
        let key = self.names.key(entry.what.kind, &entry.what.id);
        let lock = Lock {
            id: entry.id,
            what: entry.what.clone(),
            expires_ms: entry.expires_ms,
        };
        self.view.lock(key, lock);
        self.locks.insert(entry.id, entry);
    }

    fn lift(&mut self, id: LockId) {
        if let Some(entry) = self.locks.get_mut(&id) {
            entry.lifted = true;
            let key = self.names.key(entry.what.kind, &entry.what.id);
            self.view.lift(&key, id);
        }
    }

    pub(super) fn apply(
        &mut self,
        kind: &str,
        place: &Place,
        record: (&Value, Option<&Value>),
        fresh: bool,
    ) -> Result<(), String> {
        let (body, side) = record;
        self.last_time_ms = place.time_ms;
        match kind {
            // A fresh decision's use was reserved before it was decided.
            DECISION => self.decision(body.get("marks"), body.get("uses"), !fresh),
            // What it counts is no state; the mark of an assertion is.
            SUMMARY => self.decision(body.get("marks"), None, false),
            // It vouches for what was folded before.
            SNAPSHOT => {}
            CHANGE => {
                for change in change::read(body, side)? {
                    self.change(change, place);
                }
            }
            other => {
                return Err(format!(
                    "expected a record type of this version, found `{other}`"
                ));
            }
        }
        Ok(())
    }
}

fn bytes<const N: usize>(value: &Value) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD
        .decode(value.as_str()?)
        .ok()?
        .try_into()
        .ok()
}
