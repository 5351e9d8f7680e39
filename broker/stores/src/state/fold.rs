//! The fold: one record at a time, in the order of the ledger.

use super::blocks::Blocks;
use super::change::{self, CHANGE, Change};
use super::entries::{
    Credential, LockEntry, NamedKey, Policies, RevocationEntry, SecretHash, SigningKeyEntry,
};
use super::idempotency::{Answers, Remembered};
use super::marks::Marks;
use super::seen::FirstSeen;
use crate::ledger::SNAPSHOT;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::decide::DECISION;
use locum_core::ids::{CredentialId, DelegationId, GrantId, Jti, LockId};
use locum_core::lineage::{Key, Keyed, Kind, What};
use locum_core::record::{Place, key_text};
use locum_core::registry::{Agent, Grant, GrantState, GrantView, LIFETIME_MAX, Registry, Status};
use locum_core::standing::{FOR_EVER, Lock, View, World};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// How long something may live under a token after its id was made, in
/// milliseconds: the longest lifetime, and the longest until its record.
const TOKEN_ENDS_MS: u64 = LIFETIME_MAX as u64 * 1_000 + 60_000;

/// What a decision's record does to the state.
pub(super) struct Found<'a> {
    pub(super) marks: Option<&'a Value>,
    pub(super) uses: Option<&'a Value>,
    pub(super) seen: Option<&'a Value>,
}

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
    /// Locks that were not lifted and have not expired.
    pub locks: BTreeMap<LockId, LockEntry>,
    /// Locks that were lifted.
    pub lifted: BTreeSet<LockId>,
    /// Where locks stand in the ledger.
    pub lock_blocks: Blocks,
    /// Where revocations stand in the ledger: what they say is read from there.
    pub revocation_blocks: Blocks,
    /// Keys of what records name that hold the name alone.
    pub unnamed: Vec<NamedKey>,
    /// Credentials of the admin API.
    pub credentials: BTreeMap<CredentialId, Credential>,
    /// Signing keys, oldest first, and the newest of those that are retired.
    pub signing_keys: Vec<SigningKeyEntry>,
    /// Replay marks.
    pub marks: Marks,
    /// Foreign tokens that came ahead of our clock.
    pub seen: FirstSeen,
    pub(super) answers: Answers,
    /// Uses of grants that are on record; the registry's also count what is
    /// reserved.
    pub(super) uses: HashMap<GrantId, u64>,
    /// Time of the newest record folded, Unix milliseconds.
    pub last_time_ms: u64,
    /// When locks expire, Unix milliseconds.
    lock_ends: BTreeSet<(u64, LockId)>,
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
            lifted: BTreeSet::new(),
            lock_blocks: Blocks::default(),
            revocation_blocks: Blocks::default(),
            unnamed: Vec::new(),
            credentials: BTreeMap::new(),
            signing_keys: Vec::new(),
            marks: Marks::default(),
            seen: FirstSeen::default(),
            answers: Answers::default(),
            uses: HashMap::new(),
            last_time_ms: 0,
            lock_ends: BTreeSet::new(),
        }
    }

    /// The world at `now_ms` in which standing is judged.
    #[must_use]
    pub fn world(&self, now_ms: u64) -> World<'_> {
        World {
            view: &self.view,
            registry: &self.registry,
            keys: &*self.names,
            now_ms,
        }
    }

    /// Takes one use of a grant, unless it is none that can be used at `now_s`.
    /// The record of the decision that rests on it makes it a use for good.
    pub fn reserve(&mut self, id: GrantId, now_s: u64) -> bool {
        let grant = self.registry.grant(id);
        let live = grant.is_some_and(|grant| grant.view(now_s) == GrantView::Active);
        if live {
            self.registry.use_grant(id);
        }
        live
    }

    /// The remembered answer to an `Idempotency-Key`.
    #[must_use]
    pub fn answer(&self, key: &str, now_s: u64) -> Option<&Remembered> {
        self.answers.get(key, now_s)
    }

    pub(super) fn decision(&mut self, found: Found<'_>, counts_use: bool) {
        let each = |list: Option<&Value>| list.and_then(Value::as_array).cloned();
        for mark in each(found.marks).into_iter().flatten() {
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
        for seen in each(found.seen).into_iter().flatten() {
            let number = |place: usize| seen.get(place).and_then(Value::as_u64);
            if let (Some(key), Some(ms), Some(until)) =
                (seen.get(0).and_then(bytes), number(1), number(2))
            {
                self.seen.recorded(key, ms, until);
            }
        }
        let used = found
            .uses
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
            Change::Grant { grant } => self.put_grant(grant, place),
            Change::Secrets { client, hashes } => {
                self.secrets.insert(client, hashes);
            }
            Change::Policies { policies } => self.policies = policies,
            Change::Revocation { revocation } => {
                let of_key = revocation.what.kind == Kind::Key;
                self.revoke(revocation, place);
                if of_key {
                    self.settle_signing_keys(place.time_ms);
                }
            }
            Change::Lock { lock } => self.lock(lock, place),
            Change::Lift { id } => self.lift(id),
            Change::Credential { credential } => {
                self.credentials.insert(credential.id, credential);
            }
            Change::CredentialRevoked { id } => {
                if let Some(credential) = self.credentials.get_mut(&id) {
                    credential.revoked = true;
                }
            }
            Change::SigningKey { key } => self.put_signing_key(key, place.time_ms),
            Change::Mark { key, until_s } => {
                if let Some(key) = bytes(&Value::String(key)) {
                    self.marks.answered(key, until_s);
                }
            }
            Change::Names { names } => {
                names.into_iter().for_each(|named| self.name(named));
                self.settle_signing_keys(place.time_ms);
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

    /// Uses are counted by decisions, revoked is for ever, and it counts from its
    /// first record under the owner that its agent had then.
    fn put_grant(&mut self, mut grant: Grant, place: &Place) {
        let known = self.registry.grant(grant.id);
        grant.uses = known.map_or(0, |known| known.uses);
        grant.recorded_ms = known.map_or(Some(place.time_ms), |known| known.recorded_ms);
        if let Some(known) = known {
            grant.owner_key = known.owner_key;
            if known.state == GrantState::Revoked {
                grant.state = GrantState::Revoked;
            }
        }
        if grant.owner_key.is_none() {
            let agent = self.registry.agent(grant.spec.agent.as_str());
            grant.owner_key = agent.map(|agent| agent.owner_key(&*self.names));
        }
        self.registry.put_grant(grant);
    }

    fn revoke(&mut self, revocation: RevocationEntry, place: &Place) {
        let what = &revocation.what;
        let named = revocation.key;
        let key = named.unwrap_or_else(|| self.names.key(what.kind, &what.id));
        self.revocation_blocks.add(place.index);
        let (id, text) = (revocation.id, key_text::of(&key));
        let named_key = match token_ms(what, place) {
            Some(ms) => NamedKey::Token {
                id,
                key: text,
                ends_ms: ms.saturating_add(TOKEN_ENDS_MS),
            },
            None => NamedKey::Revocation {
                id,
                key: text,
                until_ms: (!what.kind.is_final())
                    .then(|| revocation.before_ms.unwrap_or(place.time_ms)),
            },
        };
        self.in_force(&named_key, key);
        if named.is_none() {
            self.unnamed.push(named_key);
        }
        if what.kind == Kind::Grant
            && let Ok(id) = GrantId::parse(&what.id)
            && let Some(grant) = self.registry.grant(id)
        {
            let mut grant = (**grant).clone();
            grant.state = GrantState::Revoked;
            self.registry.put_grant(grant);
        }
    }

    fn in_force(&mut self, named: &NamedKey, key: Key) {
        match named {
            NamedKey::Revocation { until_ms, .. } => {
                self.view.revoke(key, until_ms.unwrap_or(FOR_EVER));
            }
            NamedKey::Token { ends_ms, .. } => self.view.revoke_token(key, *ends_ms),
            NamedKey::Lock { id, .. } => {
                if let Some(entry) = self.locks.get_mut(id) {
                    let was = entry.key.replace(key);
                    let was =
                        was.unwrap_or_else(|| self.names.key(entry.what.kind, &entry.what.id));
                    self.view.lift(&was, *id);
                    self.view.lock(key, switch(entry));
                }
            }
        }
    }

    /// The key of what an earlier record names is on record now.
    fn name(&mut self, named: NamedKey) {
        let (NamedKey::Revocation { key, .. }
        | NamedKey::Token { key, .. }
        | NamedKey::Lock { key, .. }) = &named;
        if let Some(key) = key_text::read(key) {
            self.in_force(&named, key);
        }
        self.unnamed.retain(|other| !same(other, &named));
    }

    fn lock(&mut self, entry: LockEntry, place: &Place) {
        self.lock_blocks.add(place.index);
        let made = || self.names.key(entry.what.kind, &entry.what.id);
        let key = entry.key.unwrap_or_else(made);
        if let Some(end) = entry.expires_ms {
            if end <= place.time_ms {
                return;
            }
            self.lock_ends.insert((end, entry.id));
        }
        if entry.key.is_none() {
            self.unnamed.push(NamedKey::Lock {
                id: entry.id,
                key: key_text::of(&key),
            });
        }
        self.view.lock(key, switch(&entry));
        self.locks.insert(entry.id, entry);
    }

    fn lift(&mut self, id: LockId) {
        if let Some(entry) = self.locks.remove(&id) {
            self.drop_lock(&entry);
        }
        self.lifted.insert(id);
    }

    fn drop_lock(&mut self, entry: &LockEntry) {
        let made = || self.names.key(entry.what.kind, &entry.what.id);
        let key = entry.key.unwrap_or_else(made);
        self.view.lift(&key, entry.id);
        let its = |named: &NamedKey| matches!(named, NamedKey::Lock { id, .. } if *id == entry.id);
        self.unnamed.retain(|named| !its(named));
    }

    /// Forgets what is over at that time: it is read from the record, if at all.
    fn sweep(&mut self, now_ms: u64) {
        self.view.sweep(now_ms);
        self.marks.sweep(now_ms / 1_000);
        self.seen.sweep(now_ms / 1_000);
        while let Some((end, id)) = self.lock_ends.first().copied()
            && end <= now_ms
        {
            self.lock_ends.pop_first();
            if let Some(entry) = self.locks.remove(&id) {
                self.drop_lock(&entry);
            }
        }
    }

    /// Takes over locks that hold.
    pub(super) fn hold(&mut self, locks: BTreeMap<LockId, LockEntry>) {
        let ends = locks.iter();
        let ends = ends.filter_map(|(id, entry)| Some((entry.expires_ms?, *id)));
        self.lock_ends = ends.collect();
        self.locks = locks;
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
        self.sweep(place.time_ms);
        match kind {
            // A fresh decision's use was reserved before it was decided.
            DECISION => {
                let found = Found {
                    marks: body.get("marks"),
                    uses: body.get("uses"),
                    seen: body.get("seen"),
                };
                self.decision(found, !fresh);
            }
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

/// When the id of a token was made, at the latest with the record where the name
/// was erased; `None` where something else is named.
fn token_ms(what: &What, place: &Place) -> Option<u64> {
    let made = match what.kind {
        Kind::Token => Jti::parse(&what.id).map(Jti::ms),
        Kind::Delegation => DelegationId::parse(&what.id).map(DelegationId::ms),
        Kind::Grant
        | Kind::Agent
        | Kind::AgentVersion
        | Kind::Client
        | Kind::Person
        | Kind::Owner
        | Kind::Session
        | Kind::Target
        | Kind::Issuer
        | Kind::Key
        | Kind::All => return None,
    };
    Some(made.unwrap_or(place.time_ms).min(place.time_ms))
}

fn switch(entry: &LockEntry) -> Lock {
    Lock {
        id: entry.id,
        what: entry.what.clone(),
        expires_ms: entry.expires_ms,
    }
}

/// Whether both are about the same revocation or lock.
fn same(one: &NamedKey, other: &NamedKey) -> bool {
    match (one, other) {
        (
            NamedKey::Revocation { id, .. } | NamedKey::Token { id, .. },
            NamedKey::Revocation { id: other, .. } | NamedKey::Token { id: other, .. },
        ) => id == other,
        (NamedKey::Lock { id, .. }, NamedKey::Lock { id: other, .. }) => id == other,
        (NamedKey::Lock { .. }, NamedKey::Revocation { .. } | NamedKey::Token { .. })
        | (NamedKey::Revocation { .. } | NamedKey::Token { .. }, NamedKey::Lock { .. }) => false,
    }
}

fn bytes<const N: usize>(value: &Value) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD
        .decode(value.as_str()?)
        .ok()?
        .try_into()
        .ok()
}
