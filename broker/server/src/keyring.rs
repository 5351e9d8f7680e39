//! Locum's own signing keys (contract §4, §12): one algorithm a key, the next
//! one published before it signs, sealed in the ledger's side record.

use crate::app::{App, Unavailable};
use crate::changing::Changing;
use crate::vault::Vault;
use locum_core::token::Alg;
use locum_stores::state::{Author, Change, KeyState, SigningKeyEntry};
use locum_tokens::keys::{KeySet, SigningKey};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError, RwLock};

/// How long an old key stays published, in milliseconds: as long as its last
/// token can live, and the skew that verifiers may allow.
const OLD_FOR_MS: u64 = (3_600 + 300) * 1_000;

/// One key as it stands.
struct Held {
    key: Arc<SigningKey>,
    state: KeyState,
    superseded_ms: Option<u64>,
}

/// The keys as they stand; replaced whole. Retired ones are not among them.
struct Ring {
    held: Vec<Held>,
    checks: Arc<KeySet>,
}

/// The shared ring.
pub(crate) struct Keyring(RwLock<Arc<Ring>>);

/// Keys that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected signing keys sealed under this master key, found `{kid}` that does not open: {detail}"
)]
pub(crate) struct KeyringFlaw {
    kid: String,
    detail: String,
}

impl Keyring {
    /// Opens the sealed keys of the state.
    ///
    /// # Errors
    /// [`KeyringFlaw`] under another master key.
    pub(crate) fn open(entries: &[SigningKeyEntry], vault: &Vault) -> Result<Self, KeyringFlaw> {
        Ok(Self(RwLock::new(Arc::new(Ring::open(entries, vault)?))))
    }

    /// Takes over the keys of the state as they stand now.
    pub(crate) fn reload(&self, app: &App) {
        let ring = Ring::open(&app.state.read().signing_keys, &app.vault);
        match ring {
            Ok(ring) => *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring),
            Err(flaw) => tracing::error!(%flaw, "the keys stay as they were"),
        }
    }

    fn ring(&self) -> Arc<Ring> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The key of an algorithm that signs, if there is one.
    pub(crate) fn signer(&self, alg: Alg) -> Option<Arc<SigningKey>> {
        let ring = self.ring();
        let mut held = ring.held.iter();
        held.find(|held| held.key.alg() == alg && held.state == KeyState::Active)
            .map(|held| held.key.clone())
    }

    /// The public keys that verify tokens of ours.
    pub(crate) fn checks(&self) -> Arc<KeySet> {
        self.ring().checks.clone()
    }

    /// The document of `/jwks` (RFC 7517 §5): old keys until their last token
    /// has expired.
    pub(crate) fn jwks(&self, now_ms: u64) -> Value {
        let ring = self.ring();
        let shown = ring.held.iter().filter(|held| {
            held.superseded_ms
                .is_none_or(|then| then + OLD_FOR_MS > now_ms)
        });
        json!({ "keys": shown.map(|held| held.key.public_jwk()).collect::<Vec<_>>() })
    }
}

impl Ring {
    fn open(entries: &[SigningKeyEntry], vault: &Vault) -> Result<Self, KeyringFlaw> {
        let mut held = Vec::new();
        let living = |entry: &&SigningKeyEntry| entry.state() != KeyState::Retired;
        for entry in entries.iter().filter(living) {
            let flaw = |detail: String| KeyringFlaw {
                kid: entry.kid.clone(),
                detail,
            };
            let plain = vault.unseal(&entry.sealed, &entry.kid);
            let plain = plain.map_err(|e| flaw(e.to_string()))?;
            let jwk: Value =
                serde_json::from_slice(plain.expose()).map_err(|e| flaw(e.to_string()))?;
            let key = SigningKey::from_private_jwk(&jwk).map_err(|e| flaw(e.to_string()))?;
            held.push(Held {
                key: Arc::new(key),
                state: entry.state(),
                superseded_ms: entry.superseded_ms,
            });
        }
        let public: Vec<Value> = held.iter().map(|held| held.key.public_jwk()).collect();
        let checks = KeySet::from_jwks(&json!({ "keys": public }), &Alg::ALL);
        let checks = checks.map_err(|e| KeyringFlaw {
            kid: "all".into(),
            detail: e.to_string(),
        })?;
        Ok(Self {
            held,
            checks: Arc::new(checks),
        })
    }
}

/// A new key, sealed, not yet recorded.
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub(crate) fn generate(
    app: &App,
    alg: Alg,
    activated_ms: Option<u64>,
) -> Result<SigningKeyEntry, Unavailable> {
    let failed = |e: &dyn std::fmt::Display| Unavailable(format!("signing key: {e}"));
    let key = SigningKey::generate(alg, None).map_err(|e| failed(&e))?;
    let private = key.private_jwk().map_err(|e| failed(&e))?;
    let sealed = app.vault.seal(private.expose(), key.kid());
    Ok(SigningKeyEntry {
        kid: key.kid().to_owned(),
        alg,
        public: key.public_jwk(),
        sealed: sealed.map_err(|e| failed(&e))?,
        created_at_ms: app.clock.now_ms(),
        activated_ms,
        superseded_ms: None,
        retired_ms: None,
    })
}

/// The changes after which the next key of an algorithm signs and another is
/// published: also the first two keys, where there are none.
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub(crate) fn rotation(
    app: &App,
    entries: &[SigningKeyEntry],
    alg: Alg,
    now_ms: u64,
) -> Result<Vec<Change>, Unavailable> {
    let in_state = |wanted: KeyState| {
        let mut of_alg = entries.iter().filter(|entry| entry.alg == alg);
        of_alg.find(|entry| entry.state() == wanted).cloned()
    };
    let mut keys = Vec::new();
    if let Some(mut active) = in_state(KeyState::Active) {
        active.superseded_ms = Some(now_ms);
        keys.push(active);
    }
    match in_state(KeyState::Next) {
        Some(mut next) => {
            next.activated_ms = Some(now_ms);
            keys.push(next);
        }
        None => keys.push(generate(app, alg, Some(now_ms))?),
    }
    keys.push(generate(app, alg, None)?);
    Ok(keys
        .into_iter()
        .map(|key| Change::SigningKey { key })
        .collect())
}

/// Makes sure there is a key of the algorithm, and that it is recorded and
/// published before it signs.
///
/// # Errors
/// [`Unavailable`] when it cannot be recorded.
pub(crate) async fn ensure(app: &App, alg: Alg) -> Result<(), Unavailable> {
    if app.keyring.signer(alg).is_some() {
        return Ok(());
    }
    let changing = app.changing().await?;
    if app.keyring.signer(alg).is_some() {
        return Ok(());
    }
    let changes = {
        let state = app.state.read();
        rotation(app, &state.signing_keys, alg, app.clock.now_ms())?
    };
    let reason = format!("first signing keys for {alg}");
    rotated(app, &changing, &changes, reason).await
}

/// Records a rotation of Locum's own accord and puts it in force.
///
/// # Errors
/// [`Unavailable`] when it cannot be recorded.
pub(crate) async fn rotated(
    app: &App,
    changing: &Changing,
    changes: &[Change],
    reason: String,
) -> Result<(), Unavailable> {
    let draft = app.draft(changes, &Author::itself(reason))?;
    let reload = Box::new(|app: &App| app.keyring.reload(app));
    app.change(changing, draft, reload).await?;
    Ok(())
}
