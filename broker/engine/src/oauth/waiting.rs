//! What waits for something slow: an issuer's keys, or a disk that hangs. Each
//! such request holds memory whoever still waits for its answer, so they are
//! counted, by number and by bytes, per source and in all, from the moment one
//! waits until it ends. One too many is told 503 at once. What does not wait is
//! not counted.

use crate::issuer_keys::KidAsker;
use crate::unavailable::Unavailable;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Requests that may wait at a time.
const WAITING_MAX: usize = 4_096;
/// Bytes that they may hold.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// How many of them may come from callers that are not authenticated.
const STRANGERS_MAX: usize = 1_024;
/// Bytes that those may hold.
const STRANGERS_BYTES_MAX: usize = 16 << 20;
/// How many may come from one source.
const SOURCE_MAX: usize = 512;
/// Bytes that those may hold.
const SOURCE_BYTES_MAX: usize = 16 << 20;
/// Bytes of a request besides its body: its task, its connection, its head.
const OVERHEAD: usize = 16 << 10;
/// From when on a record that is on its way to the disk is waited for.
const SLOW: Duration = Duration::from_millis(100);

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Source {
    /// An authenticated client.
    Client(Box<str>),
    /// A caller that is not authenticated, by its address; of IPv6 by the
    /// network, since whoever has one address has them all.
    Peer(IpAddr),
}

/// Everything that waits.
#[derive(Debug, Default)]
pub struct WaitingRequests(Mutex<Loads>);

#[derive(Debug, Default)]
struct Loads {
    all: Load,
    strangers: Load,
    sources: HashMap<Source, Load>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Load {
    requests: usize,
    bytes: usize,
}

/// One request. It is counted once it waits, and no more when this is dropped:
/// by the task that works on it.
#[derive(Debug)]
pub struct Waiter {
    all: Arc<WaitingRequests>,
    bytes: usize,
    inside: Mutex<WaiterState>,
}

#[derive(Debug)]
struct WaiterState {
    source: Source,
    counted: bool,
}

impl Load {
    const fn fits(self, bytes: usize, (requests_max, bytes_max): (usize, usize)) -> bool {
        self.requests < requests_max && self.bytes + bytes <= bytes_max
    }

    const fn add(&mut self, bytes: usize) {
        self.requests += 1;
        self.bytes += bytes;
    }

    const fn take(&mut self, bytes: usize) {
        self.requests -= 1;
        self.bytes -= bytes;
    }
}

impl WaitingRequests {
    fn lock(&self) -> MutexGuard<'_, Loads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loads {
    fn enter(&mut self, source: &Source, bytes: usize) -> bool {
        let stranger = matches!(source, Source::Peer(_));
        let of_source = self.sources.get(source).copied().unwrap_or_default();
        let fits = self.all.fits(bytes, (WAITING_MAX, WAITING_BYTES_MAX))
            && of_source.fits(bytes, (SOURCE_MAX, SOURCE_BYTES_MAX))
            && (!stranger
                || self
                    .strangers
                    .fits(bytes, (STRANGERS_MAX, STRANGERS_BYTES_MAX)));
        if fits {
            self.all.add(bytes);
            self.sources.entry(source.clone()).or_default().add(bytes);
            if stranger {
                self.strangers.add(bytes);
            }
        }
        fits
    }

    fn leave(&mut self, source: &Source, bytes: usize) {
        self.all.take(bytes);
        if matches!(source, Source::Peer(_)) {
            self.strangers.take(bytes);
        }
        if let Some(load) = self.sources.get_mut(source) {
            load.take(bytes);
            if load.requests == 0 {
                self.sources.remove(source);
            }
        }
    }
}

impl Waiter {
    /// A request of a caller that is not authenticated, with a body of so many
    /// bytes, of which its parameters are a copy.
    pub fn stranger(all: &Arc<WaitingRequests>, peer: IpAddr, body: usize) -> Self {
        Self::new(all, Source::Peer(network(peer)), body)
    }

    /// A request of an authenticated client.
    pub fn client(all: &Arc<WaitingRequests>, client: &str, body: usize) -> Self {
        Self::new(all, Source::Client(client.into()), body)
    }

    fn new(all: &Arc<WaitingRequests>, source: Source, body: usize) -> Self {
        Self {
            all: all.clone(),
            bytes: OVERHEAD + 2 * body,
            inside: Mutex::new(WaiterState {
                source,
                counted: false,
            }),
        }
    }

    /// The caller is authenticated now. Where it waited before, it stays with
    /// the strangers.
    pub fn authenticated_as(&self, client: &str) {
        let mut inside = self.lock();
        if !inside.counted {
            inside.source = Source::Client(client.into());
        }
    }

    /// On whose behalf an issuer is asked for the keys that it needs.
    pub(crate) fn asker(&self) -> KidAsker {
        match &self.lock().source {
            Source::Client(id) => KidAsker::Client(id.clone()),
            Source::Peer(_) => KidAsker::Strangers,
        }
    }

    /// It waits from now on.
    ///
    /// # Errors
    /// [`Unavailable`] when too many do: then it must not.
    pub fn waits(&self) -> Result<(), Unavailable> {
        let mut inside = self.lock();
        if !inside.counted {
            inside.counted = self.all.lock().enter(&inside.source, self.bytes);
        }
        if inside.counted {
            return Ok(());
        }
        let text = "expected room among the requests that wait, found none";
        Err(Unavailable(text.into()))
    }

    /// Waits for something that is usually quick; where it is not, the request
    /// counts.
    ///
    /// # Errors
    /// [`Unavailable`] when it is slow and too many wait.
    pub async fn patiently<T>(
        &self,
        quick: impl Future<Output = Result<T, Unavailable>>,
    ) -> Result<T, Unavailable> {
        let mut quick = std::pin::pin!(quick);
        match tokio::time::timeout(SLOW, quick.as_mut()).await {
            Ok(done) => done,
            Err(_) => {
                self.waits()?;
                quick.await
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, WaiterState> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let inside = self
            .inside
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if inside.counted {
            self.all.lock().leave(&inside.source, self.bytes);
        }
    }
}

/// The address, of IPv6 its first 64 bits.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(peer) => IpAddr::V4(peer),
        IpAddr::V6(peer) => IpAddr::V6(Ipv6Addr::from_bits(peer.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests;
