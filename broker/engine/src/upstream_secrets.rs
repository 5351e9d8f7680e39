//! Upstream secrets as connectors take them (contract §15): recorded ones are
//! opened when they are asked for, and kept open until another value is on record;
//! those of files are read at the start and on a reload. A file hides what is
//! recorded under its name.

use crate::unavailable::Unavailable;
use crate::vault::Vault;
use locum_core::ids::SecretName;
use locum_core::registry::{Downstream, UpstreamSecret};
use locum_core::secret::Secret;
use locum_stores::state::{Changed, Shared};
use locum_tokens::keys::KeyFlaw;
use locum_tokens::seal::SealFlaw;
use locum_tokens::upstream::Pem;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use locum_tokens::upstream::{UpstreamValue, VALUE_MAX, ValueFlaw};

/// A secret that is open. Its value is overwritten when the last holder drops it.
#[derive(Debug)]
pub struct OpenSecret {
    /// The value.
    pub value: UpstreamValue,
    /// What is on record of it; `None`: a file holds it.
    recorded: Option<Arc<UpstreamSecret>>,
    /// Unix milliseconds: since when there is a secret of that name.
    pub since_ms: u64,
}

/// Secrets that files hold, by name.
pub type FileSecrets = BTreeMap<SecretName, Arc<OpenSecret>>;

/// Why a secret cannot be used. No value stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSecret {
    /// There is none of that name.
    #[error("expected an upstream secret of that name, found none")]
    Unknown,
    /// It is sealed under another master key, or erased.
    #[error(
        "expected an upstream secret sealed under this master key, found one that does not open"
    )]
    Sealed,
    /// It is bound to other origins.
    #[error("expected an upstream secret for the origin of `base_url`, found one for others")]
    Elsewhere,
    /// It does not sign.
    #[error("expected an upstream secret with an RSA key, found one without")]
    NoRsaKey,
    /// The library fails.
    #[error("expected a signature, found a failure of the library")]
    Library,
}

/// All upstream secrets.
pub struct UpstreamSecrets {
    state: Shared,
    vault: Arc<Vault>,
    files: RwLock<Arc<FileSecrets>>,
    open: RwLock<HashMap<SecretName, Arc<OpenSecret>>>,
}

impl OpenSecret {
    /// One that a file holds, last changed then (Unix milliseconds).
    ///
    /// # Errors
    /// [`ValueFlaw`] where it holds none.
    pub fn of_file(text: &str, since_ms: u64) -> Result<Self, ValueFlaw> {
        Ok(Self {
            value: UpstreamValue::read(text)?,
            recorded: None,
            since_ms,
        })
    }

    /// Unix seconds at which it ends, as declared or as its certificate says.
    #[must_use]
    pub fn ends_s(&self) -> Option<u64> {
        match &self.recorded {
            Some(recorded) => recorded.expires_s,
            None => self.value.ends_s(),
        }
    }

    /// What is on record of it; `None`: a file holds it.
    pub(crate) const fn recorded(&self) -> Option<&Arc<UpstreamSecret>> {
        self.recorded.as_ref()
    }

    fn is_for(&self, origin: Option<&str>) -> bool {
        let recorded = self.recorded.as_ref();
        recorded.is_none_or(|recorded| recorded.is_for(origin))
    }

    fn pem(&self) -> Result<&Pem, NoSecret> {
        self.value.pem().ok_or(NoSecret::NoRsaKey)
    }

    /// A signature by its RSA key, PKCS #1 v1.5 with SHA-256.
    ///
    /// # Errors
    /// [`NoSecret::NoRsaKey`], or a failure of the library.
    pub fn sign_rsa_sha256(&self, message: &[u8]) -> Result<Vec<u8>, NoSecret> {
        self.pem()?.sign_rsa_sha256(message).map_err(not_signed)
    }

    /// A compact JWS by RS256; `kid` is the name under which the vendor knows the
    /// key.
    ///
    /// # Errors
    /// Those of [`Self::sign_rsa_sha256`].
    pub fn sign_jwt_rs256(
        &self,
        typ: &str,
        kid: Option<&str>,
        claims: &Value,
    ) -> Result<String, NoSecret> {
        let signed = self.pem()?.sign_jwt_rs256(typ, kid, claims);
        signed.map_err(not_signed)
    }
}

fn not_signed(flaw: KeyFlaw) -> NoSecret {
    if flaw == KeyFlaw::Kind {
        NoSecret::NoRsaKey
    } else {
        NoSecret::Library
    }
}

impl UpstreamSecrets {
    /// Those of a state, and no files yet.
    pub(crate) fn new(state: Shared, vault: Arc<Vault>) -> Self {
        Self {
            state,
            vault,
            files: RwLock::default(),
            open: RwLock::default(),
        }
    }

    /// The secret of that name, open. Nobody asks who holds the state.
    #[must_use]
    pub fn get(&self, name: &SecretName) -> Option<Arc<OpenSecret>> {
        match self.opened(name) {
            Ok(open) => Some(open),
            Err(NoSecret::Unknown) => None,
            Err(flaw) => {
                tracing::error!(%name, %flaw, "an upstream secret is of no use");
                None
            }
        }
    }

    /// The same for a connector that is about to send it or to sign with it: it
    /// does not leave the origins that it is bound to.
    ///
    /// # Errors
    /// [`NoSecret`].
    pub fn for_connector(
        &self,
        name: &SecretName,
        connector: &Downstream,
    ) -> Result<Arc<OpenSecret>, NoSecret> {
        let open = self.opened(name)?;
        let fits = open.is_for(connector.origin().as_deref());
        fits.then_some(open).ok_or(NoSecret::Elsewhere)
    }

    fn opened(&self, name: &SecretName) -> Result<Arc<OpenSecret>, NoSecret> {
        if let Some(file) = self.of_file(name.as_str()) {
            return Ok(file);
        }
        let recorded = self.state.read().registry.secret(name.as_str()).cloned();
        let recorded = recorded.ok_or(NoSecret::Unknown)?;
        let index = |open: &OpenSecret| open.recorded.as_ref().map(|known| known.index);
        let known = self.open_now().get(name).cloned();
        if let Some(known) = known.filter(|known| index(known) == Some(recorded.index)) {
            return Ok(known);
        }
        let open = Arc::new(self.unsealed(recorded)?);
        self.open_mut().insert(name.clone(), open.clone());
        Ok(open)
    }

    fn unsealed(&self, recorded: Arc<UpstreamSecret>) -> Result<OpenSecret, NoSecret> {
        let place = place(&recorded.name);
        let plain = self.vault.unseal(&recorded.sealed, &place);
        let plain = plain.map_err(|_| NoSecret::Sealed)?;
        let text = std::str::from_utf8(plain.expose()).map_err(|_| NoSecret::Sealed)?;
        Ok(OpenSecret {
            value: UpstreamValue::read(text).map_err(|_| NoSecret::Sealed)?,
            since_ms: recorded.created_at_ms,
            recorded: Some(recorded),
        })
    }

    /// Seals a value for its record.
    ///
    /// # Errors
    /// [`SealFlaw`] when the library fails.
    pub fn seal(&self, name: &SecretName, value: &UpstreamValue) -> Result<String, SealFlaw> {
        self.vault.seal(value.text().expose(), &place(name))
    }

    /// The same secret with another value, sealed for its record.
    ///
    /// # Errors
    /// [`Unavailable`] where it is no value, or the library fails.
    pub(crate) fn remade(
        &self,
        known: &UpstreamSecret,
        text: &Secret<String>,
    ) -> Result<UpstreamSecret, Unavailable> {
        let value = UpstreamValue::read(text.expose());
        let value = value.map_err(|e| Unavailable(e.to_string()))?;
        let sealed = self.seal(&known.name, &value);
        Ok(UpstreamSecret {
            sealed: sealed.map_err(|e| Unavailable(format!("seal: {e}")))?,
            index: 0,
            ..known.clone()
        })
    }

    /// A new secret of that value, which may go anywhere, sealed for its record.
    ///
    /// # Errors
    /// [`Unavailable`] where it is no value, or the library fails.
    pub fn made(
        &self,
        name: SecretName,
        text: &Secret<String>,
        created_at_ms: u64,
    ) -> Result<UpstreamSecret, Unavailable> {
        let value = UpstreamValue::read(text.expose());
        let value = value.map_err(|e| Unavailable(e.to_string()))?;
        let sealed = self.seal(&name, &value);
        Ok(UpstreamSecret {
            sealed: sealed.map_err(|e| Unavailable(format!("seal: {e}")))?,
            name,
            origins: Vec::new(),
            expires_s: value.ends_s(),
            created_at_ms,
            index: 0,
        })
    }

    /// What files hold now.
    #[must_use]
    pub fn files(&self) -> Arc<FileSecrets> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.clone()
    }

    /// The secret of that name that a file holds.
    #[must_use]
    pub fn of_file(&self, name: &str) -> Option<Arc<OpenSecret>> {
        self.files().get(name).cloned()
    }

    /// Files hold these from now on.
    pub fn put_files(&self, files: FileSecrets) {
        let names = files.keys().cloned().collect();
        let mut now = self.files.write().unwrap_or_else(PoisonError::into_inner);
        *now = Arc::new(files);
        self.state.put_file_secrets(names);
    }

    /// Every secret that ends, and when (Unix seconds): the next one first.
    #[must_use]
    pub fn ends(&self) -> Vec<(u64, SecretName)> {
        let files = self.files();
        let of_files = files
            .iter()
            .filter_map(|(name, open)| Some((open.ends_s()?, name.clone())));
        let mut out: Vec<_> = of_files.collect();
        {
            let state = self.state.read();
            let recorded = state
                .registry
                .secrets()
                .filter(|one| !files.contains_key(&one.name));
            out.extend(recorded.filter_map(|one| Some((one.expires_s?, one.name.clone()))));
        }
        out.sort_unstable();
        out
    }

    /// How many are on record and not hidden, and how many files hold.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let files = self.files();
        let state = self.state.read();
        let recorded = state
            .registry
            .secrets()
            .filter(|one| !files.contains_key(&one.name));
        (recorded.count(), files.len())
    }

    /// Catches up with a change that is on record and in the state: what is open
    /// of a value that was replaced is let go.
    pub(crate) fn follow(&self, changed: &Changed) {
        if !changed.upstream_secrets {
            return;
        }
        let state = self.state.read();
        self.open_mut().retain(|name, open| {
            let recorded = state.registry.secret(name.as_str());
            let same = |now: &Arc<UpstreamSecret>| {
                open.recorded
                    .as_ref()
                    .is_some_and(|known| known.index == now.index)
            };
            recorded.is_some_and(same)
        });
    }

    fn open_now(&self) -> RwLockReadGuard<'_, HashMap<SecretName, Arc<OpenSecret>>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_mut(&self) -> RwLockWriteGuard<'_, HashMap<SecretName, Arc<OpenSecret>>> {
        self.open.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a value is sealed for: it opens under its own name alone, and as nothing
/// else.
fn place(name: &SecretName) -> String {
    format!("upstream secret {name}")
}

#[cfg(test)]
mod tests;
