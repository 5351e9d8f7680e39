//! The values in force, typed.

use locum_ambient::telemetry::Telemetry;
use locum_engine::bounds::Bounds;
use locum_engine::issuer_keys::TrustSettings;
use locum_engine::vendors::VendorSettings;
use locum_outgoing::{Allowed, Cidr};
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
    pub(crate) limits: Bounds,
    /// What outgoing fetches may reach: after reading, in `trust`.
    pub(super) network: Network,
    /// Keys of others.
    pub(crate) trust: TrustSettings,
    /// Downstream systems.
    pub(crate) downstream: Downstream,
    /// Grants.
    pub(crate) grants: Grants,
    /// Traces for others.
    pub(crate) telemetry: Telemetry,
    /// The other nodes.
    pub(crate) store: Store,
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

/// `[network]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Network {
    /// Private blocks that outgoing fetches may reach; http only to these.
    pub(super) allow_private: Vec<Cidr>,
}

/// `[downstream]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Downstream {
    /// Host names and address blocks that calls to downstream systems may reach.
    pub(crate) allow: Vec<Allowed>,
    /// Certificates of authorities, PEM.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Folder of upstream secrets.
    #[serde(default)]
    pub(crate) secrets_dir: Option<PathBuf>,
}

impl Downstream {
    /// Which vendors may be reached, over TLS.
    pub(crate) fn vendors(&self) -> VendorSettings {
        VendorSettings {
            allow: self.allow.clone(),
            ca_file: self.ca_file.clone(),
            plain_to_loopback: false,
        }
    }
}

/// `[store]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    /// The Redis of all nodes.
    #[serde(default)]
    pub(crate) redis: Option<String>,
    /// Its user.
    #[serde(default)]
    pub(crate) user: Option<String>,
    /// The user's password.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
    /// Certificates of its authority.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Replicas that must have what is acknowledged.
    pub(crate) min_replicas_acked: u32,
    /// Seconds.
    pub(crate) stale_s: u64,
    /// Milliseconds.
    pub(crate) confirm_ms: u64,
    /// This node's name.
    #[serde(default)]
    pub(crate) node: Option<String>,
    /// Where its operations listener is reached.
    #[serde(default)]
    pub(crate) peer: Option<String>,
    /// Days.
    pub(crate) mirror_days: u32,
    /// Whether a Redis that may lose data will do.
    pub(crate) allow_volatile: bool,
}

impl Store {
    /// What is wrong with it by itself.
    pub(super) fn flaw(&self) -> Option<String> {
        if let Some(node) = self.node.as_deref().filter(|node| !is_node(node)) {
            return Some(format!(
                "expected `store.node` of 1 to 63 letters, digits, `.`, `_` and `-`, found `{}`",
                node.escape_debug()
            ));
        }
        let peer = self.peer.as_deref();
        if peer.is_some_and(|peer| !peer.starts_with("http://") && !peer.starts_with("https://")) {
            return Some("expected `store.peer` as an address of http or https".into());
        }
        let Some(redis) = &self.redis else {
            let alone = self.user.is_none()
                && self.password_file.is_none()
                && self.ca_file.is_none()
                && self.node.is_none()
                && self.peer.is_none();
            let detail = "expected `store.redis` beside the other keys of `[store]`, found none";
            return (!alone).then(|| detail.to_owned());
        };
        if redis.contains('@') {
            return Some("expected `store.redis` without a password; put it into `store.password_file`, and its user into `store.user`".into());
        }
        if !redis.starts_with("redis://") && !redis.starts_with("rediss://") {
            return Some(
                "expected `store.redis` as `redis://host:port/0` or `rediss://host:port/0`".into(),
            );
        }
        None
    }
}

/// Whether it can be a node's name.
pub(crate) fn is_node(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    (1..=63).contains(&name.len()) && name.bytes().all(plain)
}

/// `[grants]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grants {
    /// Whether an administrator may make grants for people.
    pub(crate) allow_administrator: bool,
}
