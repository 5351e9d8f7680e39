//! `[trust]` and `network.allow_private` (contract §14).

use locum_outgoing::{Cidr, FetchBounds};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// How keys of others are fetched and how long they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustSettings {
    /// Certificates of further authorities, PEM.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Seconds one fetch may take, discovery included.
    pub fetch_timeout_s: u64,
    /// Most bytes of a document.
    pub max_bytes: usize,
    /// Seconds between two fetches of one issuer's keys, at least.
    pub refetch_min_s: u64,
    /// Seconds keys are used before they are fetched anew: the cap on what
    /// `Cache-Control` says, and what holds where it says nothing.
    pub max_age_s: u64,
    /// Seconds keys are kept beyond that while the issuer cannot be reached.
    pub stale_s: u64,
    /// Networks that may be reached though they are not the open internet, and
    /// the only ones without TLS. From `[network]`.
    #[serde(skip)]
    pub allow_private: Vec<Cidr>,
}

impl Default for TrustSettings {
    fn default() -> Self {
        Self {
            ca_file: None,
            fetch_timeout_s: 5,
            max_bytes: 262_144,
            refetch_min_s: 10,
            max_age_s: 3_600,
            stale_s: 3_600,
            allow_private: Vec::new(),
        }
    }
}

impl TrustSettings {
    /// The defaults, with everything of the dev world on loopback.
    pub fn dev() -> Self {
        Self {
            allow_private: Cidr::LOOPBACK.to_vec(),
            ..Self::default()
        }
    }

    /// What a fetch may reach, and how much of it.
    pub(super) fn bounds(&self) -> FetchBounds {
        FetchBounds {
            allow_private: self.allow_private.clone(),
            timeout: Duration::from_secs(self.fetch_timeout_s),
            max_bytes: self.max_bytes,
        }
    }

    /// Seconds keys are fresh that their server would have kept for `said_s`.
    pub(super) fn lifetime_s(&self, said_s: Option<u64>) -> u64 {
        let said_s = said_s.unwrap_or(self.max_age_s).min(self.max_age_s);
        said_s.max(self.refetch_min_s)
    }
}
