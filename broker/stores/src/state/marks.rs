//! Replay marks: single use of assertions and proofs (contract §6,
//! "Repeating"). One space for all endpoints.

use std::collections::HashMap;

/// An assertion that was used before, or is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an assertion that was not used before, found a replay")]
pub struct Replayed;

/// Where a mark stands. A mark holds the hash of its request until it is
/// answered; an answered one keeps only its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A request with it runs.
    InFlight([u8; 32]),
    /// Its request ended in a fault with nothing obtained: the identical one
    /// may run again.
    Failed([u8; 32]),
    /// Answered.
    Answered,
}

/// All marks that still count.
#[derive(Debug, Default)]
pub struct Marks {
    marks: HashMap<[u8; 16], (Mark, u64)>,
    swept_s: u64,
}

/// Expired marks are swept at most this often, in seconds.
const SWEEP_EVERY_S: u64 = 30;

impl Marks {
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
        self.sweep(now_s);
        match self.marks.get(&key) {
            None => {}
            Some((Mark::Failed(failed), _)) if *failed == request => {}
            Some((Mark::InFlight(_) | Mark::Failed(_) | Mark::Answered, _)) => {
                return Err(Replayed);
            }
        }
        self.marks.insert(key, (Mark::InFlight(request), until_s));
        Ok(())
    }

    /// The request was answered, and the mark is in the ledger.
    pub fn answered(&mut self, key: [u8; 16], until_s: u64) {
        self.marks.insert(key, (Mark::Answered, until_s));
    }

    /// A fault on the record: the identical request may run again.
    pub fn failed_with(&mut self, key: [u8; 16], request: [u8; 32], until_s: u64) {
        self.marks.insert(key, (Mark::Failed(request), until_s));
    }

    /// The request ended in a fault with nothing obtained.
    pub fn failed(&mut self, key: &[u8; 16]) {
        if let Some((mark, _)) = self.marks.get_mut(key)
            && let Mark::InFlight(request) = *mark
        {
            *mark = Mark::Failed(request);
        }
    }

    /// How many still count.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// The marks that count at `now_s` as bytes: of each the kind (0 answered, 1
    /// failed), the key, the seconds until which it counts, little-endian, and
    /// of a failed one the request. One in flight is written as failed: only
    /// its own request may run again, should no record say more.
    pub(super) fn encode(&self, now_s: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(25 * self.marks.len());
        for (key, (mark, until_s)) in &self.marks {
            if *until_s < now_s {
                continue;
            }
            let request = match mark {
                Mark::Answered => None,
                Mark::Failed(request) | Mark::InFlight(request) => Some(request),
            };
            out.push(u8::from(request.is_some()));
            out.extend_from_slice(key);
            out.extend_from_slice(&until_s.to_le_bytes());
            out.extend_from_slice(request.map_or(&[][..], |r| r));
        }
        out
    }

    /// The marks of these bytes, `None` when they are no marks.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut marks = HashMap::with_capacity(bytes.len() / 25);
        while let Some((kind, rest)) = bytes.split_first() {
            let (key, rest) = rest.split_first_chunk::<16>()?;
            let (until_s, rest) = rest.split_first_chunk::<8>()?;
            let (mark, rest) = match kind {
                0 => (Mark::Answered, rest),
                1 => {
                    let (request, rest) = rest.split_first_chunk::<32>()?;
                    (Mark::Failed(*request), rest)
                }
                _ => return None,
            };
            marks.insert(*key, (mark, u64::from_le_bytes(*until_s)));
            bytes = rest;
        }
        Some(Self { marks, swept_s: 0 })
    }

    fn sweep(&mut self, now_s: u64) {
        if now_s >= self.swept_s + SWEEP_EVERY_S {
            self.swept_s = now_s;
            self.marks.retain(|_, (_, until)| *until >= now_s);
        }
    }
}
