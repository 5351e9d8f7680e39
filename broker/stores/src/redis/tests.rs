#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

//! The behaviour suites over a real Redis, which each test starts and stops.

mod sealed;
mod server;
mod suites;

use super::{Joining, RedisSettings, RedisStore, Sealing, StoreSurroundings, join};
use crate::formats::{FORMATS, Formats};
use crate::state::{Shared, State};
use crate::tickets::TicketBounds;
use locum_core::testing::Names;
use server::Server;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seals for tests: what is stored shows its place and its key, and nothing is secret.
struct Plain(&'static str);

impl Plain {
    fn tag(&self, plain: &[u8], place: &str) -> Vec<u8> {
        let hash = Sha256::new()
            .chain_update(self.0)
            .chain_update([0])
            .chain_update(place)
            .chain_update([0])
            .chain_update(plain);
        hash.finalize().to_vec()
    }
}

impl Sealing for Plain {
    fn seal(&self, plain: &[u8], place: &str) -> Result<Vec<u8>, String> {
        Ok([self.tag(plain, place), plain.to_vec()].concat())
    }

    fn open(&self, sealed: &[u8], place: &str) -> Option<Vec<u8>> {
        let (tag, plain) = sealed.split_at_checked(32)?;
        (self.tag(plain, place) == tag).then(|| plain.to_vec())
    }
}

/// A clock that is right until a test sets it.
fn clock(set: &Arc<AtomicU64>) -> Arc<dyn Fn() -> u64 + Send + Sync> {
    let set = set.clone();
    Arc::new(move || match set.load(Ordering::Relaxed) {
        #[expect(clippy::disallowed_methods, reason = "Redis has a clock of its own")]
        0 => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            u64::try_from(now.as_millis()).unwrap()
        }
        ms => ms,
    })
}

/// A node as a test wants it.
struct Wanted<'a> {
    server: &'a Server,
    db: usize,
    node: &'a str,
    folder: &'a Path,
    bounds: TicketBounds,
    master: &'static str,
    issuer: &'a str,
    formats: Formats,
    set: Arc<AtomicU64>,
}

impl<'a> Wanted<'a> {
    fn new(server: &'a Server, db: usize, node: &'a str, folder: &'a Path) -> Self {
        Self {
            server,
            db,
            node,
            folder,
            bounds: TicketBounds {
                of_one: 10,
                in_all: 100,
                bytes: 10_000,
            },
            master: "master",
            issuer: "https://locum.test",
            formats: FORMATS,
            set: Arc::default(),
        }
    }

    fn settings(&self) -> RedisSettings {
        RedisSettings {
            url: self.server.url(self.db),
            user: None,
            password: None,
            ca_pem: None,
            min_replicas_acked: 0,
            stale: Duration::from_secs(3),
            confirm: Duration::from_millis(250),
            allow_volatile: false,
            node: self.node.to_owned(),
            version: "0".into(),
            peer: None,
            mirror_days: 30,
            issuer: self.issuer.to_owned(),
            data: self.folder.to_owned(),
            segment_bytes: 1 << 20,
            formats: self.formats,
        }
    }

    async fn join(self) -> Result<RedisStore, super::CannotJoin> {
        let count = Arc::new(AtomicU64::new(0));
        let id = Sha256::digest(self.folder.as_os_str().as_encoded_bytes());
        let random = move || {
            let mut out = [0; 16];
            let number = count.fetch_add(1, Ordering::Relaxed);
            out[..8].copy_from_slice(&id[..8]);
            out[8..].copy_from_slice(&number.to_be_bytes());
            out
        };
        let mut seeds = [[0; 10]; 2];
        seeds[0].copy_from_slice(&id[..10]);
        seeds[1].copy_from_slice(&id[10..20]);
        let joining = Joining {
            settings: self.settings(),
            world: StoreSurroundings {
                clock: clock(&self.set),
                wall: clock(&Arc::default()),
                random: Arc::new(random),
                sealing: Arc::new(Plain(self.master)),
                ask: Arc::new(|_, _| Box::pin(async { Err("nobody is asked".to_owned()) })),
            },
            state: Shared::new(State::new(Arc::new(Names))),
            tickets: self.bounds,
            seeds,
        };
        join(joining, |_| {}).await
    }
}

/// What comes of a future, in a test whose suite does not wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}
