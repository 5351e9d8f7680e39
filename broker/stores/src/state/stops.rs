//! Revocations and locks as they are folded: in force by the key of what they
//! name, forgotten when they are over.

use super::State;
use super::entries::{LockEntry, NamedKey, RevocationEntry};
use locum_core::ids::{DelegationId, GrantId, Jti, LockId};
use locum_core::lineage::{Key, Keyed, LineageKind, What};
use locum_core::record::{Place, key_text};
use locum_core::registry::{GrantState, LIFETIME_MAX};
use locum_core::standing::{FOR_EVER, Lock};
use std::collections::BTreeMap;

/// How long something may live under a token after its id was made, in
/// milliseconds: the longest lifetime, and the longest until its record.
const TOKEN_ENDS_MS: u64 = LIFETIME_MAX as u64 * 1_000 + 60_000;

impl State {
    pub(super) fn revoke(&mut self, revocation: RevocationEntry, place: &Place) {
        let what = &revocation.what;
        let named = revocation.key;
        let key = key_of(&*self.names, named, what);
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
        if what.kind == LineageKind::Grant
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
                let names = self.names.clone();
                if let Some(entry) = self.locks.get_mut(id) {
                    let was = key_of(&*names, entry.key.replace(key), &entry.what);
                    self.view.lift(&was, *id);
                    self.view.lock(key, switch(entry));
                }
            }
        }
    }

    /// The key of what an earlier record names is on record now.
    pub(super) fn name(&mut self, named: NamedKey) {
        let (NamedKey::Revocation { key, .. }
        | NamedKey::Token { key, .. }
        | NamedKey::Lock { key, .. }) = &named;
        if let Some(key) = key_text::read(key) {
            self.in_force(&named, key);
        }
        self.unnamed.retain(|other| !same(other, &named));
    }

    pub(super) fn lock(&mut self, entry: LockEntry, place: &Place) {
        self.lock_blocks.add(place.index);
        let key = key_of(&*self.names, entry.key, &entry.what);
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

    pub(super) fn lift(&mut self, id: LockId) {
        if let Some(entry) = self.locks.remove(&id) {
            self.drop_lock(&entry);
        }
        self.lifted.insert(id);
    }

    fn drop_lock(&mut self, entry: &LockEntry) {
        let key = key_of(&*self.names, entry.key, &entry.what);
        self.view.lift(&key, entry.id);
        let its = |named: &NamedKey| matches!(named, NamedKey::Lock { id, .. } if *id == entry.id);
        self.unnamed.retain(|named| !its(named));
    }

    /// Drops locks that have expired at that time.
    pub(super) fn drop_expired_locks(&mut self, now_ms: u64) {
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
}

/// The key of what is named: as it is on record, or of the name itself.
fn key_of(names: &dyn Keyed, recorded: Option<Key>, what: &What) -> Key {
    recorded.unwrap_or_else(|| names.key(what.kind, &what.id))
}

/// When the id of a token was made, at the latest with the record where the name
/// was erased; `None` where something else is named.
fn token_ms(what: &What, place: &Place) -> Option<u64> {
    let made = match what.kind {
        LineageKind::Token => Jti::parse(&what.id).map(Jti::ms),
        LineageKind::Delegation => DelegationId::parse(&what.id).map(DelegationId::ms),
        LineageKind::Grant
        | LineageKind::Agent
        | LineageKind::AgentVersion
        | LineageKind::Client
        | LineageKind::Person
        | LineageKind::Owner
        | LineageKind::Session
        | LineageKind::Target
        | LineageKind::Issuer
        | LineageKind::Key
        | LineageKind::All => return None,
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
