//! Locum's own signing keys: one algorithm a key, made when first needed,
//! sealed in the ledger's side record, published in `/jwks`.

use crate::app::{App, Unavailable};
use locum_core::token::{Alg, Kid, SignatureCheck, SignatureFlaw};
use locum_stores::state::{Author, Change, SigningKeyEntry};
use locum_tokens::keys::{KeySet, SigningKey};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError, RwLock};

/// The keys as they stand; replaced whole.
struct Ring {
    signing: Vec<Arc<SigningKey>>,
    jwks: Value,
    checks: KeySet,
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
    pub(crate) fn open(
        entries: &[SigningKeyEntry],
        vault: &crate::vault::Vault,
    ) -> Result<Self, KeyringFlaw> {
        let mut signing = Vec::new();
        for entry in entries {
            let flaw = |detail: String| KeyringFlaw {
                kid: entry.kid.clone(),
                detail,
            };
            let plain = vault
                .unseal(&entry.sealed, &entry.kid)
                .map_err(|e| flaw(e.to_string()))?;
            let jwk: Value =
                serde_json::from_slice(plain.expose()).map_err(|e| flaw(e.to_string()))?;
            let key = SigningKey::from_private_jwk(&jwk).map_err(|e| flaw(e.to_string()))?;
            signing.push(Arc::new(key));
        }
        let ring = Ring::of(signing).map_err(|detail| KeyringFlaw {
            kid: "all".into(),
            detail,
        })?;
        Ok(Self(RwLock::new(Arc::new(ring))))
    }

    fn ring(&self) -> Arc<Ring> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The newest key of an algorithm, if there is one.
    pub(crate) fn signer(&self, alg: Alg) -> Option<Arc<SigningKey>> {
        self.ring()
            .signing
            .iter()
            .rev()
            .find(|key| key.public_jwk().get("alg") == Some(&json!(alg)))
            .cloned()
    }

    /// The document of `/jwks` (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> Value {
        self.ring().jwks.clone()
    }

    fn add(&self, key: SigningKey) -> Result<(), String> {
        let mut signing = self.ring().signing.clone();
        signing.push(Arc::new(key));
        let ring = Arc::new(Ring::of(signing)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }
}

impl Ring {
    fn of(signing: Vec<Arc<SigningKey>>) -> Result<Self, String> {
        let public: Vec<Value> = signing.iter().map(|key| key.public_jwk()).collect();
        let jwks = json!({ "keys": public });
        let checks = KeySet::from_jwks(&jwks, &Alg::ALL).map_err(|e| e.to_string())?;
        Ok(Self {
            signing,
            jwks,
            checks,
        })
    }
}

impl SignatureCheck for Keyring {
    fn check(
        &self,
        alg: Alg,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<Kid, SignatureFlaw> {
        self.ring().checks.check(alg, kid, signed, signature)
    }
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
    let _changing = app.changing.lock().await;
    if app.keyring.signer(alg).is_some() {
        return Ok(());
    }
    let failed = |e: &dyn std::fmt::Display| Unavailable(format!("signing key: {e}"));
    let key = SigningKey::generate(alg, None).map_err(|e| failed(&e))?;
    let private = key.private_jwk().map_err(|e| failed(&e))?;
    let entry = SigningKeyEntry {
        kid: key.kid().to_owned(),
        alg,
        public: key.public_jwk(),
        sealed: app
            .vault
            .seal(private.expose(), key.kid())
            .map_err(|e| failed(&e))?,
        created_at_ms: app.clock.now_ms(),
    };
    let author = Author {
        by: "locum".into(),
        reason: format!("first signing key for {alg}"),
        request_id: None,
    };
    app.record(&[Change::SigningKey { key: entry }], &author)
        .await?;
    app.keyring.add(key).map_err(|e| failed(&e))
}
