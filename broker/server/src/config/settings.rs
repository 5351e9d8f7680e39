//! The values in force, typed.

use crate::telemetry::Telemetry;
use crate::trust::{Cidr, TrustSettings};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything but the objects (contract §14). Defaults stand in the table of
/// keys alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Locum's issuer.
    pub(crate) issuer: String,
    /// Folder of ledger and keys.
    pub(crate) data_dir: PathBuf,
    /// Where to listen.
    pub(crate) listen: Listen,
    /// TLS of the public and the admin listener.
    #[serde(default)]
    pub(crate) tls: Tls,
    /// Keys of ours.
    pub(crate) keys: Keys,
    /// The admin API.
    #[serde(default)]
    pub(crate) admin: Admin,
    /// Policies.
    #[serde(default)]
    pub(crate) policy: Policy,
    /// Bounds on what comes from outside.
    pub(crate) limits: Limits,
    /// What outgoing fetches may reach.
    pub(crate) network: Network,
    /// Keys of others.
    pub(crate) trust: Trust,
    /// Grants.
    pub(crate) grants: Grants,
    /// Traces for others.
    pub(crate) telemetry: Telemetry,
}

/// `[listen]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    /// The public listener.
    pub(crate) public: SocketAddr,
    /// The operations listener.
    pub(crate) operations: SocketAddr,
    /// The admin listener, if it is apart.
    #[serde(default)]
    pub(crate) admin: Option<SocketAddr>,
}

/// `[tls]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// Certificate chain, PEM.
    pub(crate) cert_file: Option<PathBuf>,
    /// Private key, PEM.
    pub(crate) key_file: Option<PathBuf>,
}

impl Tls {
    /// Both files, if TLS is on.
    pub(crate) fn files(&self) -> Option<(&Path, &Path)> {
        Some((self.cert_file.as_deref()?, self.key_file.as_deref()?))
    }
}

/// `[keys]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// 32 bytes, base64.
    #[serde(default)]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Days after which the next key takes over.
    pub(crate) rotate_days: u32,
}

/// `[admin]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admin {
    /// The first administrator's token.
    pub(crate) bootstrap_token_file: Option<PathBuf>,
}

/// `[policy]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// Folder of the bundle.
    pub(crate) dir: Option<PathBuf>,
}

/// `[limits]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Bytes of a request's body.
    pub(crate) body_bytes: usize,
    /// Bytes of a foreign token.
    pub(crate) token_bytes: usize,
    /// Most `act` objects.
    pub(crate) max_depth: u32,
    /// Most exchanges in a row.
    pub(crate) max_hops: u32,
    /// Seconds that `nbf` and `iat` may lie ahead.
    pub(crate) clock_skew_s: u64,
    /// Greatest age of a client assertion, in seconds.
    pub(crate) assertion_max_age_s: u64,
    /// Greatest age of an actor token, in seconds.
    pub(crate) actor_max_age_s: u64,
    /// Greatest age of a subject token, in seconds.
    pub(crate) max_token_age_s: u64,
    /// Requests of one client in a second; 0 sets no limit.
    pub(crate) requests_per_client_per_s: u32,
}

/// `[network]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Network {
    /// Private blocks that outgoing fetches may reach; http only to these.
    pub(crate) allow_private: Vec<Cidr>,
}

/// `[trust]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trust {
    /// Seconds a fetch may take.
    pub(crate) fetch_timeout_s: u64,
    /// Bytes of a document.
    pub(crate) max_bytes: usize,
    /// An unknown `kid` fetches at once if the last fetch is older, in seconds.
    pub(crate) refetch_min_s: u64,
    /// Cap on `Cache-Control`, in seconds.
    pub(crate) max_age_s: u64,
    /// Seconds keys are kept while their issuer cannot be reached.
    pub(crate) stale_s: u64,
}

impl Default for Trust {
    fn default() -> Self {
        let usual = TrustSettings::default();
        Self {
            fetch_timeout_s: usual.fetch_timeout_s,
            max_bytes: usual.max_bytes,
            refetch_min_s: usual.refetch_min_s,
            max_age_s: usual.max_age_s,
            stale_s: usual.stale_s,
        }
    }
}

/// `[grants]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grants {
    /// Whether an administrator may make grants for people.
    pub(crate) allow_administrator: bool,
}
