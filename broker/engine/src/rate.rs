//! How often a client may ask, after it proved itself: a bucket of tokens a
//! client, as the generic cell rate algorithm keeps it (one number a client).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most clients remembered. Only registered ones get here.
const CLIENTS: usize = 65_536;
/// How much may be asked at once: one second's worth, in microseconds.
const BURST_US: u64 = 1_000_000;
/// The span in which a client over its rate is recorded once, in milliseconds.
const MINUTE_MS: u64 = 60_000;

/// Whether a client may ask now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RateVerdict {
    /// It may.
    Within,
    /// It may not, for the first time this minute: to be recorded.
    OverFirst,
    /// It may not, and this minute's record is there.
    OverAgain,
}

/// The rates of all clients.
pub(crate) struct Rate {
    /// Microseconds a request takes off; `None`: no limit.
    interval_us: Option<u64>,
    clients: Mutex<HashMap<Box<str>, Bucket>>,
}

/// One client.
#[derive(Clone, Copy)]
struct Bucket {
    /// When its bucket is full again, Unix microseconds.
    full_us: u64,
    /// The minute in which it was last recorded as over its rate.
    told: Option<u64>,
}

impl Rate {
    /// `per_s` requests a second and client, as many at once; `None` or 0: no limit.
    pub(crate) fn new(per_s: Option<u32>) -> Self {
        let per_s = per_s.filter(|per_s| *per_s > 0).map(u64::from);
        Self {
            interval_us: per_s.map(|per_s| (BURST_US / per_s).max(1)),
            clients: Mutex::default(),
        }
    }

    /// Counts a request of an authenticated client, at one of so many nodes: each allows
    /// its share, at least one a second.
    pub(crate) fn check(&self, client: &str, now_ms: u64, nodes: u32) -> RateVerdict {
        let Some(interval_us) = self.interval_us else {
            return RateVerdict::Within;
        };
        let shared_us = interval_us.saturating_mul(u64::from(nodes.max(1)));
        let interval_us = shared_us.min(BURST_US.max(interval_us));
        let now_us = now_ms.saturating_mul(1_000);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = clients.get_mut(client) {
            return known.ask(interval_us, now_us);
        }
        if clients.len() >= CLIENTS {
            clients.retain(|_, known| known.full_us > now_us);
        }
        if clients.len() >= CLIENTS {
            clients.clear();
        }
        let mut new = Bucket {
            full_us: now_us,
            told: None,
        };
        let verdict = new.ask(interval_us, now_us);
        clients.insert(client.into(), new);
        verdict
    }
}

impl Bucket {
    fn ask(&mut self, interval_us: u64, now_us: u64) -> RateVerdict {
        let full_us = self.full_us.max(now_us).saturating_add(interval_us);
        if full_us <= now_us.saturating_add(BURST_US) {
            self.full_us = full_us;
            return RateVerdict::Within;
        }
        let minute = now_us / (MINUTE_MS * 1_000);
        if self.told.replace(minute) == Some(minute) {
            RateVerdict::OverAgain
        } else {
            RateVerdict::OverFirst
        }
    }
}

#[cfg(test)]
mod tests;
