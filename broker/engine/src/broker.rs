//! What every request shares.

use crate::bounds::Bounds;
use crate::deciding::Deciding;
use crate::exchange::kept;
use crate::exchange::summary::Summaries;
use crate::in_force::PoliciesInForce;
use crate::issuer_keys::IssuerKeys;
use crate::keyring::{Keyring, Series};
use crate::oauth::client_keys::ClientKeys;
use crate::oauth::waiting::WaitingRequests;
use crate::rate::Rate;
use crate::recall::{Memory, Recalled};
use crate::records::Records;
use crate::unavailable::Unavailable;
use crate::upstream_secrets::UpstreamSecrets;
use crate::vendors::access::Vendors;
use crate::vendors::refreshing;
use locum_ambient::metrics::Metrics;
use locum_core::decide;
use locum_core::own::OwnToken;
use locum_core::proof::Ours;
use locum_core::token::Alg;
use locum_policy::Bundle;
use std::sync::Arc;

/// Most bytes of a token of ours (contract §6).
const OWN_TOKEN_MAX: usize = 4_096;

/// What every request shares.
pub struct Broker {
    /// Locum's issuer, byte for byte.
    pub issuer: Arc<str>,
    /// Bounds on what comes from outside.
    pub bounds: Bounds,
    /// What is on record.
    pub records: Records,
    /// The policies in force.
    pub policies: Arc<PoliciesInForce>,
    /// Our signing keys.
    pub keyring: Arc<Keyring>,
    /// Others' keys.
    pub issuer_keys: IssuerKeys,
    /// What is shown to downstream systems.
    pub upstream: Arc<UpstreamSecrets>,
    /// Vendors that hand credentials out.
    pub vendors: Arc<Vendors>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Requests that wait for something slow.
    pub waiting: Arc<WaitingRequests>,
    /// Keys of clients that sign assertions.
    pub(crate) client_keys: Arc<ClientKeys>,
    /// Foreign tokens verified lately.
    pub(crate) verified: kept::Foreigners,
    /// Tokens of ours verified lately.
    pub(crate) own: kept::Own,
    /// Tokens of ours recalled lately.
    pub(crate) recalled: Memory,
    /// Where decisions are made that meet many policies.
    pub(crate) deciding: Deciding,
    /// How often each client may ask.
    pub(crate) rate: Rate,
    /// Where clients' refusals stand.
    pub(crate) summaries: Arc<Summaries>,
}

impl Broker {
    /// The policy bundle in force.
    #[must_use]
    pub fn bundle(&self) -> Arc<Bundle> {
        self.policies.bundle()
    }

    /// Our signing keys, and where they are recorded.
    #[must_use]
    pub const fn keys(&self) -> (&Arc<Keyring>, &Records) {
        (&self.keyring, &self.records)
    }

    /// What the ledger remembers of a token of ours: [`Memory::recall`].
    pub(crate) async fn recall(
        &self,
        token: &OwnToken,
    ) -> Result<Option<Arc<Recalled>>, Unavailable> {
        let recalled = self.recalled.recall(&self.records, &self.issuer, token);
        recalled.await
    }

    /// Makes sure of a key for every algorithm that a target declares, and of one
    /// that vendors check assertions by, so that who checks has the key before the
    /// first of what it signs.
    ///
    /// # Errors
    /// [`Unavailable`] when one cannot be recorded.
    pub async fn ensure_declared_keys(&self) -> Result<(), Unavailable> {
        self.keyring.ensure_declared(&self.records).await?;
        let vendors = self.vendors.need_published_key(&self.records.state.read());
        if vendors {
            let assertions = Series::tokens(Alg::RS256);
            self.keyring.ensure(&self.records, assertions).await?;
        }
        Ok(())
    }

    /// What stands open is closed on record: the broker stops.
    pub async fn close(&self) {
        refreshing::settle_all(self).await;
        self.summaries.close_all().await;
    }

    /// Our issuer and names, for a proof.
    pub(crate) fn ours(&self) -> Ours<'_> {
        Ours {
            issuer: &self.issuer,
            keys: &self.records.names,
        }
    }

    /// The outermost bounds of a decision.
    pub(crate) const fn limits(&self) -> decide::DecisionLimits {
        decide::DecisionLimits {
            token_bytes: OWN_TOKEN_MAX,
            max_depth: self.bounds.max_depth,
            max_hops: self.bounds.max_hops,
        }
    }
}
