//! Foreign tokens that came ahead of our clock: when each was first seen. What
//! descends from one counts from then, though its `iat` is later (contract §12).

use std::collections::HashMap;

/// Most tokens remembered. One more that is ahead of our clock is not taken
/// until the clock has reached its `iat`.
const SEEN_MAX: usize = 1_048_576;
/// Those that are over are swept at most this often, in seconds.
const SWEEP_EVERY_S: u64 = 60;

/// No room for another token that is ahead of our clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected fewer tokens that are ahead of the clock, found too many")]
pub struct Full;

/// When tokens that came ahead of our clock were first seen.
#[derive(Debug, Clone, Default)]
pub struct AheadTokens {
    /// Unix milliseconds, and the Unix seconds until which it counts.
    tokens: HashMap<[u8; 16], (u64, u64)>,
    swept_s: u64,
}

impl AheadTokens {
    /// When a token was first seen, Unix milliseconds; `None` for one that never
    /// was ahead of our clock.
    #[must_use]
    pub fn get(&self, key: &[u8; 16]) -> Option<u64> {
        self.tokens.get(key).map(|(ms, _)| *ms)
    }

    /// Remembers a token that is ahead of our clock, unless it was seen before;
    /// when it was first seen.
    ///
    /// # Errors
    /// [`Full`] beyond [`SEEN_MAX`].
    pub fn see(&mut self, key: [u8; 16], now_ms: u64, until_s: u64) -> Result<u64, Full> {
        self.sweep(now_ms / 1_000);
        if !self.tokens.contains_key(&key) && self.tokens.len() >= SEEN_MAX {
            return Err(Full);
        }
        let (first_ms, _) = self.tokens.entry(key).or_insert((now_ms, until_s));
        Ok(*first_ms)
    }

    /// What a record says: the earlier time counts, until the later end.
    pub(super) fn recorded(&mut self, key: [u8; 16], ms: u64, until_s: u64) {
        let known = self.tokens.entry(key).or_insert((ms, until_s));
        *known = (known.0.min(ms), known.1.max(until_s));
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    pub(super) fn sweep(&mut self, now_s: u64) {
        if now_s >= self.swept_s + SWEEP_EVERY_S {
            self.swept_s = now_s;
            self.tokens.retain(|_, (_, until_s)| *until_s >= now_s);
        }
    }

    /// Those that count at `now_s`, by key.
    pub(super) fn kept(&self, now_s: u64) -> Vec<([u8; 16], u64, u64)> {
        let live = self.tokens.iter().filter(|(_, (_, end))| *end >= now_s);
        let mut all: Vec<_> = live.map(|(key, (ms, end))| (*key, *ms, *end)).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 16] = [1; 16];

    #[test]
    fn a_token_is_first_seen_once() {
        let mut seen = AheadTokens::default();
        assert_eq!(seen.see(KEY, 5_000, 60), Ok(5_000));
        assert_eq!(seen.see(KEY, 9_000, 60), Ok(5_000));
        seen.recorded(KEY, 4_000, 60);
        assert_eq!(seen.get(&KEY), Some(4_000));
        assert_eq!(seen.get(&[2; 16]), None);
    }

    #[test]
    fn it_is_forgotten_when_the_token_can_no_longer_come() {
        let mut seen = AheadTokens::default();
        assert_eq!(seen.see(KEY, 5_000, 100), Ok(5_000));
        seen.sweep(100);
        assert_eq!(seen.kept(100).len(), 1);
        seen.sweep(100 + SWEEP_EVERY_S);
        assert!(seen.is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut seen = AheadTokens::default();
        for number in 0..SEEN_MAX as u128 {
            assert!(seen.see(number.to_be_bytes(), 5_000, 100).is_ok());
        }
        assert_eq!(seen.see([0xff; 16], 5_000, 100), Err(Full));
        assert_eq!(seen.see(0u128.to_be_bytes(), 6_000, 100), Ok(5_000));
    }
}
