//! Replay marks: single use of assertions and proofs (contract §6,
//! "Repeating"). One space for all endpoints.

use locum_core::expiring::{Expiring, ExpiringKeys};
use std::collections::HashMap;

/// An assertion that was used before, or is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an assertion that was not used before, found a replay")]
pub struct Replayed;

/// Where a mark stands that was not answered. It holds the hash of its request;
/// an answered one keeps only its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// A request with it runs.
    InFlight([u8; 32]),
    /// Its request ended in a fault with nothing obtained: the identical one
    /// may run again.
    Failed([u8; 32]),
}

impl Open {
    const fn request(self) -> [u8; 32] {
        match self {
            Self::InFlight(request) | Self::Failed(request) => request,
        }
    }
}

/// All marks that still count.
#[derive(Debug, Default)]
pub struct Marks {
    answered: Expiring,
    open: HashMap<[u8; 16], (Open, u64)>,
    swept_s: u64,
}

/// Open marks that are over are swept at most this often, in seconds.
const SWEEP_EVERY_S: u64 = 30;

impl Marks {
    /// Whether a request cannot take the mark: it is in flight, answered, or failed
    /// with another request.
    pub fn is_taken(&mut self, key: [u8; 16], request: [u8; 32], now_s: u64) -> bool {
        self.sweep(now_s);
        if self.answered.contains(&key) {
            return true;
        }
        match self.open.get(&key) {
            None => false,
            Some((Open::Failed(failed), _)) if *failed == request => false,
            Some((Open::InFlight(_) | Open::Failed(_), _)) => true,
        }
    }

    /// Takes the mark for a request.
    ///
    /// # Errors
    /// [`Replayed`] when it is in flight, answered, or failed with another request.
    pub fn take(
        &mut self,
        key: [u8; 16],
        request: [u8; 32],
        until_s: u64,
        now_s: u64,
    ) -> Result<(), Replayed> {
        if self.is_taken(key, request, now_s) {
            return Err(Replayed);
        }
        self.open.insert(key, (Open::InFlight(request), until_s));
        Ok(())
    }

    /// The request was answered, and the mark is in the ledger.
    pub fn answered(&mut self, key: [u8; 16], until_s: u64) {
        self.open.remove(&key);
        self.answered.insert(key, until_s.saturating_mul(1_000));
    }

    /// A fault on the record: the identical request may run again, also where a
    /// permit was recorded of which nothing was sent.
    pub fn failed_with(&mut self, key: [u8; 16], request: [u8; 32], until_s: u64) {
        self.answered.remove(&key);
        self.open.insert(key, (Open::Failed(request), until_s));
    }

    /// The request ended in a fault with nothing obtained; its hash, where it was in
    /// flight.
    pub fn failed(&mut self, key: &[u8; 16]) -> Option<[u8; 32]> {
        let (open, _) = self.open.get_mut(key)?;
        let Open::InFlight(request) = *open else {
            return None;
        };
        *open = Open::Failed(request);
        Some(request)
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.answered.len() + self.open.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets marks that are over.
    pub(super) fn sweep(&mut self, now_s: u64) {
        self.answered.sweep(now_s.saturating_mul(1_000));
        if now_s >= self.swept_s + SWEEP_EVERY_S {
            self.swept_s = now_s;
            self.open.retain(|_, (_, until)| *until >= now_s);
        }
    }

    /// The marks as they are now, for another thread to write.
    pub(super) fn copied(&self) -> CopiedMarks {
        CopiedMarks {
            answered: self.answered.keys(),
            open: self.open.clone(),
        }
    }

    /// The marks of these bytes, `None` when they are no marks.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut marks = Self::default();
        while let Some((kind, rest)) = bytes.split_first() {
            let (key, rest) = rest.split_first_chunk::<16>()?;
            let (until_s, rest) = rest.split_first_chunk::<8>()?;
            let until_s = u64::from_le_bytes(*until_s);
            bytes = match kind {
                0 => {
                    marks.answered(*key, until_s);
                    rest
                }
                1 => {
                    let (request, rest) = rest.split_first_chunk::<32>()?;
                    marks.failed_with(*key, *request, until_s);
                    rest
                }
                _ => return None,
            };
        }
        Some(marks)
    }
}

/// Marks as they were at a moment.
pub(super) struct CopiedMarks {
    answered: ExpiringKeys,
    open: HashMap<[u8; 16], (Open, u64)>,
}

impl CopiedMarks {
    /// The marks that count at `now_s` as bytes: of each the kind (0 answered, 1
    /// failed), the key, the seconds until which it counts, little-endian, and
    /// of a failed one the request. One in flight is written as failed: only
    /// its own request may run again, should no record say more.
    pub(super) fn encode(&self, now_s: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |kind: u8, key: &[u8; 16], until_s: u64, request: &[u8]| {
            out.push(kind);
            out.extend_from_slice(key);
            out.extend_from_slice(&until_s.to_le_bytes());
            out.extend_from_slice(request);
        };
        for (key, until_ms) in self.answered.counting(now_s.saturating_mul(1_000)) {
            put(0, key, until_ms / 1_000, &[]);
        }
        for (key, (open, until_s)) in &self.open {
            if *until_s >= now_s {
                put(1, key, *until_s, &open.request());
            }
        }
        out
    }
}
