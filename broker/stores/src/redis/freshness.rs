//! How old the state here may be. That is proven by a heartbeat alone which enough
//! replicas have, and by having folded what the log had come to then: a read proves
//! nothing, since a master that was replaced answers reads for ever.

use super::rows::instant;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Heartbeats that wait for what they saw to be folded, at most.
const PENDING_MAX: usize = 64;

#[derive(Default)]
struct Proven {
    at: Option<Instant>,
    pending: Vec<(Instant, u64)>,
    folded: u64,
}

impl Proven {
    fn settle(&mut self) {
        let folded = self.folded;
        for (sent, seq) in &self.pending {
            if *seq <= folded {
                self.at = self.at.max(Some(*sent));
            }
        }
        self.pending.retain(|(_, seq)| *seq > folded);
        if self.pending.len() > PENDING_MAX {
            self.pending.remove(0);
        }
    }
}

/// How old the state may be.
#[derive(Default)]
pub(super) struct Freshness(Mutex<Proven>);

impl Freshness {
    fn now(&self) -> MutexGuard<'_, Proven> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A heartbeat that was sent then was acknowledged, and saw that many changes.
    pub(super) fn beaten(&self, sent: Instant, seq: u64) {
        let mut proven = self.now();
        proven.pending.push((sent, seq));
        proven.settle();
    }

    /// That many changes are folded.
    pub(super) fn folded(&self, seq: u64) {
        let mut proven = self.now();
        proven.folded = proven.folded.max(seq);
        proven.settle();
    }

    /// How old the state may be; `None` where nobody knows.
    pub(super) fn age(&self) -> Option<Duration> {
        let at = self.now().at?;
        Some(instant().duration_since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_proves_nothing_until_what_it_saw_is_folded() {
        let fresh = Freshness::default();
        assert_eq!(fresh.age(), None);
        fresh.beaten(instant(), 3);
        assert_eq!(fresh.age(), None);
        fresh.folded(2);
        assert_eq!(fresh.age(), None);
        fresh.folded(3);
        assert!(fresh.age().is_some());
    }
}
