//! Locum's own signing keys (contract §4, §12): one use and one algorithm a key,
//! the next one published before it signs, sealed in the ledger's side record.
//! Keys of receipts (contract §15) stand apart from those of tokens: what one
//! signs is never taken for the other.

mod plan;
mod planning;
mod series;
mod turn;

pub use plan::{NotTurned, of_revocation, retirement, rotation};
pub use planning::{Planning, planned};
pub use series::Series;
pub use turn::{Turn, record};

use crate::unavailable::Unavailable;
use crate::vault::Vault;
use locum_core::token::Alg;
use locum_stores::state::{Changed, KeyState, KeyUse, Shared, SigningKeyEntry};
use locum_tokens::keys::{KeySet, SigningKey};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// One key as it stands.
struct HeldKey {
    key: Arc<SigningKey>,
    series: Series,
    state: KeyState,
    ends_ms: Option<u64>,
}

/// The keys as they stand; replaced whole. Those that are retired, and old ones
/// whose last token or receipt has expired, are not among them.
struct Ring {
    held: Vec<HeldKey>,
    /// Of keys of tokens alone.
    checks: Arc<KeySet>,
}

/// The shared ring.
pub struct Keyring {
    now: RwLock<Arc<Ring>>,
    /// One that was opened when a change was planned, with keys that are about to
    /// be recorded.
    planned: Mutex<Option<Arc<Ring>>>,
}

/// Keys that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected signing keys sealed under this master key, found `{kid}` that does not open: {detail}"
)]
pub struct KeyringFlaw {
    kid: String,
    detail: String,
}

impl From<KeyringFlaw> for Unavailable {
    fn from(flaw: KeyringFlaw) -> Self {
        Self(flaw.to_string())
    }
}

/// When the last token or receipt of a key has expired; `None` while it may sign
/// more.
fn ends_ms(entry: &SigningKeyEntry) -> Option<u64> {
    let superseded_ms = entry.superseded_ms?;
    Some(superseded_ms.saturating_add(Series::of(entry).old_for_ms()))
}

/// Whether a key signs, will sign, or has signed what may still live.
fn lives(entry: &SigningKeyEntry, now_ms: u64) -> bool {
    entry.state() != KeyState::Retired && ends_ms(entry).is_none_or(|end| end > now_ms)
}

impl Keyring {
    /// Opens the sealed keys of the state that live, however many they are.
    ///
    /// # Errors
    /// [`KeyringFlaw`] under another master key.
    pub fn open(
        entries: &[SigningKeyEntry],
        vault: &Vault,
        now_ms: u64,
    ) -> Result<Self, KeyringFlaw> {
        let ring = Ring::open(entries, (vault, now_ms), None)?;
        Ok(Self {
            now: RwLock::new(Arc::new(ring)),
            planned: Mutex::default(),
        })
    }

    /// Opens the keys that will hold, so that what is recorded can be in force.
    fn plan(&self, entries: &[SigningKeyEntry], at: (&Vault, u64)) -> Result<(), KeyringFlaw> {
        let ring = Ring::open(entries, at, Some(&self.ring()))?;
        *self.planned() = Some(Arc::new(ring));
        Ok(())
    }

    fn planned(&self) -> MutexGuard<'_, Option<Arc<Ring>>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a ring in force.
    fn put(&self, ring: Ring) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    fn ring(&self) -> Arc<Ring> {
        self.now
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The key of an algorithm that signs tokens, if there is one.
    pub fn signer(&self, alg: Alg) -> Option<Arc<SigningKey>> {
        self.signer_of(Series::tokens(alg))
    }

    /// The key of a series that signs, if there is one.
    pub fn signer_of(&self, series: Series) -> Option<Arc<SigningKey>> {
        let ring = self.ring();
        let mut held = ring.held.iter();
        held.find(|held| held.series == series && held.state == KeyState::Active)
            .map(|held| held.key.clone())
    }

    /// The public keys that verify tokens of ours.
    pub fn checks(&self) -> Arc<KeySet> {
        self.ring().checks.clone()
    }

    /// The document of `/jwks` (RFC 7517 §5): old keys until their last token
    /// has expired.
    pub fn jwks(&self, now_ms: u64) -> Value {
        self.published(KeyUse::Token, now_ms)
    }

    /// The document of `/receipts/jwks`: old keys until their last receipt can no
    /// longer be checked.
    pub fn receipts_jwks(&self, now_ms: u64) -> Value {
        self.published(KeyUse::Receipt, now_ms)
    }

    fn published(&self, key_use: KeyUse, now_ms: u64) -> Value {
        let ring = self.ring();
        let held = ring.held.iter();
        let held = held.filter(|held| held.series.key_use == key_use);
        let shown = held.filter(|held| held.ends_ms.is_none_or(|end| end > now_ms));
        json!({ "keys": shown.map(|held| held.key.public_jwk()).collect::<Vec<_>>() })
    }

    /// Catches up with a change that is on record and in the state.
    pub(crate) fn follow(&self, changed: &Changed, state: &Shared, at: (&Vault, u64)) {
        if !changed.signing_keys {
            return;
        }
        let entries = state.read().signing_keys.clone();
        let known = self.planned().take().unwrap_or_else(|| self.ring());
        match Ring::open(&entries, at, Some(&known)) {
            Ok(ring) => self.put(ring),
            // It was opened when the change was planned.
            Err(flaw) => tracing::error!(%flaw, "the signing keys of before stay in use"),
        }
    }
}

impl Ring {
    /// Opens the keys that live; those that `known` holds are open already.
    fn open(
        entries: &[SigningKeyEntry],
        (vault, now_ms): (&Vault, u64),
        known: Option<&Self>,
    ) -> Result<Self, KeyringFlaw> {
        let mut held = Vec::new();
        for entry in entries.iter().filter(|entry| lives(entry, now_ms)) {
            let open = known.and_then(|ring| ring.key(&entry.kid));
            held.push(HeldKey {
                key: match open {
                    Some(key) => key,
                    None => Arc::new(unsealed(entry, vault)?),
                },
                series: Series::of(entry),
                state: entry.state(),
                ends_ms: ends_ms(entry),
            });
        }
        let tokens = |held: &&HeldKey| held.series.key_use == KeyUse::Token;
        let checks = held.iter().filter(tokens).map(|held| &*held.key);
        let checks = KeySet::of_ours(checks);
        let checks = checks.map_err(|e| KeyringFlaw {
            kid: "all".into(),
            detail: e.to_string(),
        })?;
        Ok(Self {
            held,
            checks: Arc::new(checks),
        })
    }

    fn key(&self, kid: &str) -> Option<Arc<SigningKey>> {
        let held = self.held.iter().find(|held| held.key.kid() == kid);
        held.map(|held| held.key.clone())
    }
}

fn unsealed(entry: &SigningKeyEntry, vault: &Vault) -> Result<SigningKey, KeyringFlaw> {
    let flaw = |detail: &dyn std::fmt::Display| KeyringFlaw {
        kid: entry.kid.clone(),
        detail: detail.to_string(),
    };
    let plain = vault.unseal(&entry.sealed, &entry.kid);
    let plain = plain.map_err(|e| flaw(&e))?;
    let jwk: Value = serde_json::from_slice(plain.expose()).map_err(|e| flaw(&e))?;
    SigningKey::from_private_jwk(&jwk).map_err(|e| flaw(&e))
}

#[cfg(test)]
mod tests;
