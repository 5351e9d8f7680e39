//! The fold: one record at a time, in the order of the ledger.

use super::ages::TokenAges;
use super::blocks::Blocks;
use super::change::{self, CHANGE, Change};
use super::credentials::Credentials;
use super::entries::{LockEntry, NamedKey, Policies, SigningKeyEntry, StoredSecret};
use super::handed::HandedOut;
use super::idempotency::{Answers, Remembered};
use super::marks::Marks;
use super::others::OthersHanded;
use super::seen::AheadTokens;
use crate::ledger::SNAPSHOT;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::decide::{CREDENTIAL_REVOCATION, DECISION, OUTCOME, SUMMARY};
use locum_core::ids::{GrantId, LockId};
use locum_core::lineage::{Key, Keyed, LineageKind};
use locum_core::record::Place;
use locum_core::registry::{Agent, Grant, GrantState, GrantView, Registry, Status};
use locum_core::standing::{FOR_EVER, View, World};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What a decision's record does to the state.
pub(super) struct DecisionEffects<'a> {
    pub(super) marks: Option<&'a Value>,
    pub(super) uses: Option<&'a Value>,
    pub(super) seen: Option<&'a Value>,
}

impl<'a> DecisionEffects<'a> {
    fn of(body: &'a Value) -> Self {
        Self {
            marks: body.get("marks"),
            uses: body.get("uses"),
            seen: body.get("seen"),
        }
    }
}

/// What is known now.
pub struct State {
    /// Names to keys.
    pub names: Arc<dyn Keyed + Send + Sync>,
    /// The key of everything.
    all: Key,
    /// Declared objects.
    pub registry: Registry,
    /// Locks and revocations as the checks see them.
    pub view: View,
    /// Keyed hashes of clients' secrets.
    pub secrets: HashMap<String, Vec<StoredSecret>>,
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
    pub credentials: Credentials,
    /// Signing keys, oldest first, and the newest of those that are retired.
    pub signing_keys: Vec<SigningKeyEntry>,
    /// How old a subject token may be.
    pub token_ages: TokenAges,
    /// Replay marks.
    pub marks: Marks,
    /// Foreign tokens that came ahead of our clock.
    pub seen: AheadTokens,
    /// Credentials of vendors that were handed out.
    pub handed: HandedOut,
    /// Those that other nodes handed out.
    pub others: OthersHanded,
    pub(super) answers: Answers,
    /// Uses of grants that are on record; the registry's also count what is
    /// reserved.
    pub(super) uses: HashMap<GrantId, u64>,
    /// Uses of grants that other nodes have on record, by the trees of these.
    pub(crate) foreign_uses: HashMap<GrantId, BTreeMap<String, u64>>,
    /// Time of the newest record folded, Unix milliseconds.
    pub last_time_ms: u64,
    /// When locks expire, Unix milliseconds.
    pub(super) lock_ends: BTreeSet<(u64, LockId)>,
}

impl State {
    /// Nothing known yet.
    #[must_use]
    pub fn new(names: Arc<dyn Keyed + Send + Sync>) -> Self {
        Self {
            all: names.key(LineageKind::All, ""),
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
            credentials: Credentials::default(),
            signing_keys: Vec::new(),
            token_ages: TokenAges::default(),
            marks: Marks::default(),
            seen: AheadTokens::default(),
            handed: HandedOut::default(),
            others: OthersHanded::default(),
            answers: Answers::default(),
            uses: HashMap::new(),
            foreign_uses: HashMap::new(),
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
            all: self.all,
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
    pub fn answer(&self, key: &str, now_s: u64) -> Option<Remembered> {
        self.answers.get(key, now_s)
    }

    pub(super) fn decision(&mut self, found: DecisionEffects<'_>, counts_use: bool) {
        for mark in each(found.marks) {
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
        for seen in each(found.seen) {
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
            .and_then(|id| GrantId::parse(id).ok());
        if let Some(id) = used {
            *self.uses.entry(id).or_default() += 1;
            if counts_use {
                self.registry.use_grant(id);
            }
        }
    }

    /// Gives the use of a grant back under whose permit nothing was sent.
    fn unused(&mut self, body: &Value) {
        let id = body.get("unused").and_then(Value::as_str);
        let Some(id) = id.and_then(|id| GrantId::parse(id).ok()) else {
            return;
        };
        if let Some(uses) = self.uses.get_mut(&id).filter(|uses| **uses > 0) {
            *uses -= 1;
            self.registry.unuse_grant(id);
        }
    }

    fn change(&mut self, change: Change, place: &Place) {
        match change {
            Change::Agent { agent } => self.put_agent(agent),
            Change::WorkloadReleased { agent } => self.registry.release_workloads(&agent),
            Change::Client { client } => self.registry.put_client(client),
            Change::Target { target } => self.registry.put_target(target),
            Change::Issuer { issuer } => self.registry.put_issuer(issuer),
            Change::Grant { grant } => self.put_grant(grant, place),
            Change::Secrets { client, hashes } => {
                self.secrets.insert(client, hashes);
            }
            Change::Policies { policies } => self.policies = policies,
            Change::Revocation { revocation } => {
                let of_key = revocation.what.kind == LineageKind::Key;
                self.revoke(revocation, place);
                if of_key {
                    self.settle_signing_keys(place.time_ms);
                }
            }
            Change::Lock { lock } => self.lock(lock, place),
            Change::Lift { id } => self.lift(id),
            Change::Credential { credential } => {
                self.credentials.put(credential, place.time_ms / 1000);
            }
            Change::CredentialRevoked { id } => self.credentials.revoke(&id),
            Change::SigningKey { key } => self.put_signing_key(key, place.time_ms),
            Change::UpstreamSecret { mut secret } => {
                secret.index = place.index;
                self.registry.put_secret(secret);
            }
            Change::UpstreamSecretDeleted { name } => self.registry.drop_secret(&name),
            Change::Mark { key, until_s } => {
                if let Some(key) = bytes(&Value::String(key)) {
                    self.marks.answered(key, until_s);
                }
            }
            Change::Names { names } => {
                names.into_iter().for_each(|named| self.name(named));
                self.settle_signing_keys(place.time_ms);
            }
            Change::TokenAge { max_s, always } => {
                let from_ms = if always { 0 } else { place.time_ms };
                self.token_ages.put(from_ms, max_s);
            }
            Change::Answer { remembered } => self.answers.put(remembered, place.time_ms / 1000),
        }
    }

    fn put_agent(&mut self, agent: Agent) {
        if agent.status == Status::Retired {
            self.view.revoke(
                self.names.key(LineageKind::Agent, agent.id().as_str()),
                FOR_EVER,
            );
        }
        self.registry.put_agent(agent);
    }

    /// Uses are counted by decisions, revoked is for ever, and it counts from its
    /// first record under the owner that its agent had then.
    fn put_grant(&mut self, mut grant: Grant, place: &Place) {
        let known = self.registry.grant(grant.id);
        grant.uses = known.map_or_else(|| self.recorded_uses(grant.id), |known| known.uses);
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

    /// Uses of a grant that are on record, of all nodes.
    pub(super) fn recorded_uses(&self, id: GrantId) -> u64 {
        let own = self.uses.get(&id).copied().unwrap_or_default();
        let foreign = self.foreign_uses.get(&id);
        own + foreign.map_or(0, |trees| trees.values().sum())
    }

    /// Forgets what is over at that time: it is read from the record, if at all.
    fn sweep(&mut self, now_ms: u64) {
        self.view.sweep(now_ms);
        self.marks.sweep(now_ms / 1_000);
        self.seen.sweep(now_ms / 1_000);
        self.handed.sweep(now_ms);
        self.others.sweep(now_ms);
        self.drop_expired_locks(now_ms);
    }

    pub(super) fn apply(
        &mut self,
        kind: &str,
        place: &Place,
        record: (&Value, Option<&Value>),
        fresh: bool,
    ) -> Result<(), String> {
        let (body, side) = record;
        self.last_time_ms = self.last_time_ms.max(place.time_ms);
        self.sweep(place.time_ms);
        self.registry.sweep_grants(place.time_ms / 1000);
        match kind {
            // A fresh decision's use was reserved before it was decided.
            DECISION => {
                self.decision(DecisionEffects::of(body), !fresh);
                self.handed.permitted(body)?;
            }
            // Where nothing was sent, its marks may be used once more.
            OUTCOME => {
                self.decision(DecisionEffects::of(body), false);
                self.unused(body);
                self.outcome(body, place.time_ms)?;
            }
            CREDENTIAL_REVOCATION => self.credential_revoked(body)?,
            // What it counts is no state; its marks are.
            SUMMARY => self.decision(DecisionEffects::of(body), false),
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

/// The entries of a list, where it is one.
fn each(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

fn bytes<const N: usize>(value: &Value) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD
        .decode(value.as_str()?)
        .ok()?
        .try_into()
        .ok()
}
