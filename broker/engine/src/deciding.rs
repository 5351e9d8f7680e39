//! Where decisions are made that meet many policies: on threads of their own,
//! a few at a time, so that the threads which answer requests never wait for
//! them. A client has one turn at a time, so that none takes all places.

use crate::unavailable::Unavailable;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// Most policies that a decision may meet where requests are answered: what it
/// costs then is less than what going elsewhere would.
pub(crate) const INLINE_POLICIES_MAX: usize = 128;
/// Most decisions of one client that wait or are made here.
const OF_CLIENT_MAX: usize = 256;
/// Most decisions of all clients that wait or are made here.
const OF_ALL_MAX: usize = 2_048;

/// The places and who waits for them.
pub(crate) struct Deciding {
    places: Semaphore,
    clients: Mutex<HashMap<String, ClientQueue>>,
}

/// The decisions of one client.
struct ClientQueue {
    turn: Arc<Semaphore>,
    under_way: usize,
}

/// A decision that counts until this is dropped.
struct Entered<'a> {
    all: &'a Deciding,
    client: &'a str,
    turn: Arc<Semaphore>,
}

impl Default for Deciding {
    /// Half of the processors: the other half is left to whoever asks for less.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            places: Semaphore::new(processors.div_ceil(2)),
            clients: Mutex::default(),
        }
    }
}

impl Deciding {
    /// Does the work on a thread of its own, when it is the client's turn and a
    /// place is free. Those who wait are served in the order they came, each
    /// client once a turn.
    ///
    /// # Errors
    /// [`Unavailable`] where too many wait, or the work panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        client: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let closed = |_| Unavailable("the places for decisions are closed".into());
        let entered = self.enter(client)?;
        let _turn = entered.turn.acquire().await.map_err(closed)?;
        let _place = self.places.acquire().await.map_err(closed)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Unavailable(format!("a decision: {error}")))
    }

    fn enter<'a>(&'a self, client: &'a str) -> Result<Entered<'a>, Unavailable> {
        let mut clients = self.clients();
        let of_all: usize = clients.values().map(|client| client.under_way).sum();
        let of_client = clients.get(client).map_or(0, |client| client.under_way);
        if of_all >= OF_ALL_MAX || of_client >= OF_CLIENT_MAX {
            let detail = format!(
                "expected at most {OF_CLIENT_MAX} decisions of a client and {OF_ALL_MAX} of all under way, found {of_client} and {of_all}"
            );
            return Err(Unavailable(detail));
        }
        let known = clients
            .entry(client.to_owned())
            .or_insert_with(|| ClientQueue {
                turn: Arc::new(Semaphore::new(1)),
                under_way: 0,
            });
        known.under_way += 1;
        Ok(Entered {
            all: self,
            client,
            turn: known.turn.clone(),
        })
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<String, ClientQueue>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut clients = self.all.clients();
        if let Some(client) = clients.get_mut(self.client) {
            client.under_way -= 1;
            if client.under_way == 0 {
                clients.remove(self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests;
