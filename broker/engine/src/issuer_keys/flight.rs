//! One fetch of an issuer's keys, which belongs to nobody who waits for it.

use super::settings::TrustSettings;
use super::slot::{IssuerEntry, Number};
use super::source::{self, FoundIssuer, SourceFlaw};
use super::trouble::IssuerTrouble;
use locum_ambient::Clock;
use locum_ambient::metrics::Metrics;
use locum_core::ids::IssuerId;
use locum_core::registry::Issuer;
use locum_outgoing::Fetcher;
use locum_tokens::keys::{KeyFlaw, KeySet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// What a fetch needs while nobody may be waiting any more.
pub(super) struct SharedIssuers {
    pub(super) fetcher: Fetcher,
    pub(super) settings: TrustSettings,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
    pub(super) permits: Semaphore,
    /// The last generation given out.
    pub(super) generation: AtomicU64,
    /// The last fetch that began.
    pub(super) number: AtomicU64,
}

impl SharedIssuers {
    /// A generation that no keys have had.
    pub(super) fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// One fetch, from its start to what is held afterwards. `done` is dropped
    /// at the end, after that.
    pub(super) async fn flight(
        self: Arc<Self>,
        slot: IssuerEntry,
        (number, begun_s): (Number, u64),
        done: watch::Sender<()>,
    ) {
        let limit = Duration::from_secs(self.settings.fetch_timeout_s);
        let found = tokio::time::timeout(limit, self.found(&slot.issuer)).await;
        let mut inside = slot.write();
        let flaw = match found {
            Ok(Ok(found)) => {
                self.tell(&slot.issuer.id, &found.set);
                let fresh_s = self.settings.lifetime_s(found.keep_s);
                inside.land(
                    number,
                    found,
                    (begun_s, Some(fresh_s)),
                    self.next_generation(),
                );
                None
            }
            Ok(Err(flaw)) => Some(IssuerTrouble::of(&flaw)),
            Err(_) => Some(IssuerTrouble::timeout()),
        };
        if let Some(trouble) = &flaw {
            inside.crash(number, self.clock.now_s(), trouble.clone());
        }
        drop(inside);
        drop(done);
        if let Some(flaw) = flaw {
            tracing::warn!(issuer = %slot.issuer.id, %flaw, "keys could not be fetched");
        }
    }

    /// Says which keys were left out, and counts them. A key for another use was
    /// never meant for us: many a provider publishes one.
    pub(super) fn tell(&self, issuer: &IssuerId, keys: &KeySet) {
        for key in keys.left_out() {
            let (kid, flaw) = (key.kid().unwrap_or_default(), key.flaw);
            self.metrics
                .left_out_keys
                .count(issuer.as_str(), flaw.label());
            if flaw == KeyFlaw::Use {
                tracing::info!(%issuer, kid, reason = %flaw, "a key is left out");
            } else {
                tracing::warn!(%issuer, kid, reason = %flaw, "a key is left out");
            }
        }
    }

    /// Keys of an issuer, from its server.
    pub(super) async fn found(&self, issuer: &Issuer) -> Result<FoundIssuer, SourceFlaw> {
        // It is never closed; were it, nothing would be bounded by it.
        let _permit = self.permits.acquire().await.ok();
        source::fetched(&self.fetcher, issuer).await
    }
}
