//! Keys of others: discovery and JWKS, fetched without redirects or proxies,
//! bounded in size and time, cached (contract §14, `[trust]`).

use crate::ambient::Clock;
use crate::app::Unavailable;
use locum_core::registry::{Issuer, IssuerKind};
use locum_tokens::keys::KeySet;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Most bytes of a document.
const MAX_BYTES: usize = 262_144;
/// Seconds a fetch may take.
const FETCH_TIMEOUT_S: u64 = 5;
/// Seconds keys are used before they are fetched anew.
const MAX_AGE_S: u64 = 3_600;
/// An unknown `kid` fetches at once if the last fetch is older, in seconds.
const REFETCH_MIN_S: u64 = 10;
/// Seconds keys are kept while the issuer cannot be reached.
const STALE_S: u64 = 3_600;

/// One issuer's keys.
#[derive(Clone)]
struct Known {
    keys: Arc<KeySet>,
    fetched_s: u64,
}

/// The slot of one issuer: its lock makes fetching single-flight.
#[derive(Default)]
struct Slot {
    known: Option<Known>,
    tried_s: u64,
}

/// Others' keys.
pub(crate) struct Trust {
    http: reqwest::Client,
    slots: Mutex<HashMap<String, Arc<Mutex<Slot>>>>,
    clock: Clock,
}

impl Trust {
    /// No keys yet.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub(crate) fn new(clock: Clock) -> Result<Self, Unavailable> {
        #[expect(
            clippy::disallowed_methods,
            reason = "no redirects, no proxies, bounded"
        )]
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(FETCH_TIMEOUT_S))
            .build()
            .map_err(|e| Unavailable(format!("HTTP client: {e}")))?;
        Ok(Self {
            http,
            slots: Mutex::default(),
            clock,
        })
    }

    /// The issuer's keys; `fresh` asks for keys newer than those just tried,
    /// because a `kid` was not among them.
    ///
    /// # Errors
    /// [`Unavailable`] when they cannot be had.
    pub(crate) async fn keys(
        &self,
        issuer: &Issuer,
        fresh: bool,
    ) -> Result<Arc<KeySet>, Unavailable> {
        // A changed issuer is another slot: old keys never answer for new facts.
        let id = format!("{} {}", issuer.id, serde_json::json!(issuer.spec));
        let slot = self.slots.lock().await.entry(id).or_default().clone();
        let mut slot = slot.lock().await;
        let now_s = self.clock.now_s();
        let age = slot
            .known
            .as_ref()
            .map(|known| now_s.saturating_sub(known.fetched_s));
        let wanted = match age {
            None => true,
            Some(age) => age >= MAX_AGE_S || (fresh && age >= REFETCH_MIN_S),
        };
        let may_try = slot.known.is_none() || now_s.saturating_sub(slot.tried_s) >= REFETCH_MIN_S;
        if wanted && may_try {
            slot.tried_s = now_s;
            match self.fetch(issuer).await {
                Ok(keys) => {
                    slot.known = Some(Known {
                        keys: Arc::new(keys),
                        fetched_s: now_s,
                    })
                }
                Err(error) => {
                    tracing::warn!(issuer = %issuer.id, %error, "keys could not be fetched")
                }
            }
        }
        match &slot.known {
            Some(known) if now_s.saturating_sub(known.fetched_s) < MAX_AGE_S + STALE_S => {
                Ok(known.keys.clone())
            }
            Some(_) | None => Err(Unavailable(format!(
                "keys of issuer {} cannot be had",
                issuer.id
            ))),
        }
    }

    async fn fetch(&self, issuer: &Issuer) -> Result<KeySet, Unavailable> {
        let jwks = match (issuer.spec.kind, &issuer.spec.jwks, &issuer.spec.jwks_uri) {
            (IssuerKind::Jwt, Some(jwks), _) => jwks.clone(),
            (IssuerKind::Jwt, None, Some(uri)) => self.document(uri).await?,
            (IssuerKind::Jwt, None, None) => {
                return Err(Unavailable("no keys are configured".into()));
            }
            (IssuerKind::Oidc, _, _) => self.discovered(&issuer.spec.issuer).await?,
        };
        KeySet::from_jwks(&jwks, &issuer.spec.algs).map_err(|e| Unavailable(e.to_string()))
    }

    /// OpenID Connect Discovery §4: the document's `issuer` must be the one asked for.
    async fn discovered(&self, issuer: &str) -> Result<Value, Unavailable> {
        let url = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let metadata = self.document(&url).await?;
        if metadata.get("issuer").and_then(Value::as_str) != Some(issuer) {
            return Err(Unavailable("discovery names another issuer".into()));
        }
        let uri = metadata.get("jwks_uri").and_then(Value::as_str);
        self.document(uri.ok_or_else(|| Unavailable("discovery has no jwks_uri".into()))?)
            .await
    }

    async fn document(&self, url: &str) -> Result<Value, Unavailable> {
        let failed = |e: reqwest::Error| Unavailable(e.without_url().to_string());
        let mut response = self.http.get(url).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(Unavailable(format!("status {}", response.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return Err(Unavailable("a document over the size limit".into()));
            }
        }
        serde_json::from_slice(&body).map_err(|e| Unavailable(e.to_string()))
    }
}
