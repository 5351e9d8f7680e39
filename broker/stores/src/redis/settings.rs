//! How a node reaches the Redis, and what it needs beside it.

use crate::Coming;
use crate::formats::Formats;
use crate::ledger::LedgerClock;
use locum_core::secret::Secret;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// `[store]` (contract §16).
pub struct RedisSettings {
    /// `redis://host:port/db`, or `rediss://`.
    pub url: String,
    /// The ACL user.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret<String>>,
    /// Certificates of the authority, PEM; `None`: those of the system.
    pub ca_pem: Option<Vec<u8>>,
    /// Replicas that must have what is acknowledged.
    pub min_replicas_acked: u32,
    /// A state older than this answers nothing.
    pub stale: Duration,
    /// How long a change waits for the other nodes.
    pub confirm: Duration,
    /// Whether a Redis that may lose data will do.
    pub allow_volatile: bool,
    /// This node's name.
    pub node: String,
    /// The version of Locum that it runs.
    pub version: String,
    /// Where other nodes reach its operations listener.
    pub peer: Option<String>,
    /// How many days other nodes' decisions are kept here.
    pub mirror_days: u32,
    /// Locum's issuer, byte for byte.
    pub issuer: String,
    /// The data folder.
    pub data: PathBuf,
    /// Bytes of a segment.
    pub segment_bytes: u64,
    /// What this build reads.
    pub formats: Formats,
}

/// Seals what Redis holds, and opens it.
pub trait Sealing: Send + Sync {
    /// Seals for a place, which is the name of its key.
    ///
    /// # Errors
    /// When the library does not seal.
    fn seal(&self, plain: &[u8], place: &str) -> Result<Vec<u8>, String>;

    /// Opens what was sealed for that place; `None` for anything else.
    fn open(&self, sealed: &[u8], place: &str) -> Option<Vec<u8>>;
}

/// Sends bytes to an address of another node's, and gives what it answers.
pub type AskPeer =
    Arc<dyn Fn(String, Vec<u8>) -> Coming<'static, Result<Vec<u8>, String>> + Send + Sync>;

/// What is asked of the world.
#[derive(Clone)]
pub struct StoreSurroundings {
    /// The clock, Unix milliseconds: never behind what is on record.
    pub clock: LedgerClock,
    /// The clock of the machine, Unix milliseconds, which is held against that of Redis.
    pub wall: LedgerClock,
    /// Sixteen random bytes.
    pub random: Arc<dyn Fn() -> [u8; 16] + Send + Sync>,
    /// Seals what Redis holds.
    pub sealing: Arc<dyn Sealing>,
    /// Asks another node.
    pub ask: AskPeer,
}
