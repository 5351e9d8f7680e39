//! Planning a turn of the keys: away from the threads that answer and without a
//! lock on the state, since to make an RSA key takes up to a second.

use super::{Keyring, Series};
use crate::records::{Changing, Records};
use crate::unavailable::Unavailable;
use locum_stores::state::SigningKeyEntry;
use locum_tokens::keys::SigningKey;
use std::sync::Arc;
use std::thread::Builder;
use tokio::sync::oneshot;

/// What a turn is planned from. Only [`planned`] gives one.
pub struct Planning {
    pub(super) records: Records,
    pub(super) keyring: Arc<Keyring>,
    /// The keys as they stand until the turn is recorded.
    pub(super) keys: Vec<SigningKeyEntry>,
    /// Unix milliseconds.
    pub(super) now_ms: u64,
}

/// Plans on a thread of its own, which is none of the pool: a key is revoked also
/// while all of those are taken. The keys stay as they are as long as the right to
/// change is held.
///
/// # Errors
/// The plan's own, and [`Unavailable`] where it panicked.
pub async fn planned<T, E>(
    (keyring, records): (&Arc<Keyring>, &Records),
    _changing: &Changing,
    plan: impl FnOnce(&Planning) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Unavailable> + Send + 'static,
{
    let (keyring, records) = (keyring.clone(), records.clone());
    let work = move || {
        let keys = records.state.read().signing_keys.clone();
        let now_ms = records.clock.now_ms();
        plan(&Planning {
            records,
            keyring,
            keys,
            now_ms,
        })
    };
    let (done, planned) = oneshot::channel();
    let thread = Builder::new().name("keys".into());
    let begun = thread.spawn(move || {
        // Who no longer waits does not hear it.
        let _ = done.send(work());
    });
    begun.map_err(|error| Unavailable(format!("signing keys: {error}")))?;
    let panicked = |_| Unavailable("signing keys: planning them panicked".into());
    planned.await.map_err(panicked)?
}

impl Planning {
    /// A new key, sealed, not yet recorded.
    ///
    /// # Errors
    /// [`Unavailable`] when the library fails.
    pub(super) fn generate(
        &self,
        series: Series,
        activated_ms: Option<u64>,
    ) -> Result<SigningKeyEntry, Unavailable> {
        let failed = |e: &dyn std::fmt::Display| Unavailable(format!("signing key: {e}"));
        let key = SigningKey::generate(series.alg, None).map_err(|e| failed(&e))?;
        let private = key.private_jwk().map_err(|e| failed(&e))?;
        let sealed = self.records.vault.seal(private.expose(), key.kid());
        Ok(SigningKeyEntry {
            kid: key.kid().to_owned(),
            alg: series.alg,
            key_use: series.key_use,
            public: key.public_jwk(),
            sealed: sealed.map_err(|e| failed(&e))?,
            created_at_ms: self.records.clock.now_ms(),
            activated_ms,
            superseded_ms: None,
            retired_ms: None,
        })
    }
}
