//! Locum's public keys, fetched once and kept; fetched again when they are old
//! or a token names a key that is not among them.

use super::super::Ambient;
use super::outgoing::{ANSWER_MAX, LocumUnreachable, body_of};
use locum_core::json::{DEPTH_MAX, JsonLimits, parse};
use locum_core::token::{
    Alg, Claims, Expectation, TOKEN_MAX, TokenFlaw, Unverified, Verified, verify,
};
use locum_tokens::keys::KeySet;
use reqwest::Client;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Greatest age of kept keys, in seconds.
const MAX_AGE: u64 = 60;
/// Fetches for unknown keys within one window: strangers choose the `kid`.
const REFETCHES: u32 = 20;
/// Length of such a window, in seconds.
const WINDOW: u64 = 10;

/// Of the key set.
const LIMITS: JsonLimits = JsonLimits {
    bytes: ANSWER_MAX,
    depth: DEPTH_MAX,
};

/// The keys and where they come from.
pub(crate) struct LocumKeys {
    http: Client,
    url: String,
    ambient: Ambient,
    kept: Mutex<KeptKeys>,
}

#[derive(Default)]
struct KeptKeys {
    keys: Option<Arc<KeySet>>,
    fetched: u64,
    window: u64,
    refetches: u32,
}

/// Why a token is not one of Locum's, for all that is known here.
pub(crate) enum Unproven {
    /// What is wrong with it.
    Flaw(TokenFlaw),
    /// The keys cannot be had.
    Unreachable(LocumUnreachable),
}

impl LocumKeys {
    /// Checks a token with these keys, and with fresher ones if it names a key that
    /// is not among them: Locum may have begun to sign with a new one.
    ///
    /// # Errors
    /// [`Unproven`].
    pub(crate) async fn verified(
        &self,
        token: &str,
        expectation: &Expectation<'_>,
        now_s: u64,
    ) -> Result<Verified<Claims>, Unproven> {
        let read = || Unverified::parse(token, TOKEN_MAX).map_err(Unproven::Flaw);
        let first = read()?;
        let keys = self.current().await.map_err(Unproven::Unreachable)?;
        match verify(first, expectation, now_s, &*keys) {
            Err(TokenFlaw::UnknownKid) => {
                let fresher = self.fresher_than(&keys).await;
                let keys = fresher.map_err(Unproven::Unreachable)?;
                verify(read()?, expectation, now_s, &*keys).map_err(Unproven::Flaw)
            }
            other => other.map_err(Unproven::Flaw),
        }
    }

    /// Keys of `<issuer>/jwks` (contract §4), not fetched yet.
    pub(crate) fn new(http: Client, issuer: &str, ambient: Ambient) -> Self {
        Self {
            http,
            url: format!("{issuer}/jwks"),
            ambient,
            kept: Mutex::default(),
        }
    }

    /// Keys at most a minute old.
    ///
    /// # Errors
    /// [`Unreachable`] when they cannot be had.
    async fn current(&self) -> Result<Arc<KeySet>, LocumUnreachable> {
        let now = (self.ambient.now)();
        // Held while fetching: others wait for this fetch, not for their own.
        let mut kept = self.kept.lock().await;
        match &kept.keys {
            Some(keys) if now.saturating_sub(kept.fetched) <= MAX_AGE => Ok(Arc::clone(keys)),
            Some(_) | None => self.fetch(&mut kept, now).await,
        }
    }

    /// Keys fetched because `stale` lacked one; the kept ones if somebody did
    /// so meanwhile, or if too many were asked for lately.
    ///
    /// # Errors
    /// [`Unreachable`] when they cannot be had.
    async fn fresher_than(&self, stale: &Arc<KeySet>) -> Result<Arc<KeySet>, LocumUnreachable> {
        let now = (self.ambient.now)();
        let mut kept = self.kept.lock().await;
        if let Some(keys) = kept.keys.as_ref().filter(|keys| !Arc::ptr_eq(keys, stale)) {
            return Ok(Arc::clone(keys));
        }
        if now.saturating_sub(kept.window) >= WINDOW {
            kept.window = now;
            kept.refetches = 0;
        }
        if kept.refetches >= REFETCHES {
            return Ok(Arc::clone(stale));
        }
        kept.refetches += 1;
        self.fetch(&mut kept, now).await
    }

    async fn fetch(&self, kept: &mut KeptKeys, now: u64) -> Result<Arc<KeySet>, LocumUnreachable> {
        let answer = self
            .http
            .get(&self.url)
            .send()
            .await
            .map_err(|_| LocumUnreachable)?;
        let jwks = parse(&body_of(answer).await?, LIMITS).map_err(|_| LocumUnreachable)?;
        let keys = KeySet::from_jwks(&jwks, &Alg::ALL).map_err(|_| LocumUnreachable)?;
        let keys = Arc::new(keys);
        kept.keys = Some(Arc::clone(&keys));
        kept.fetched = now;
        Ok(keys)
    }
}
