//! How old a subject token may be, and since when (contract §12): a limit that is
//! raised counts for tokens issued since, so that what was too old stays so.

use serde::{Deserialize, Serialize};

/// Seconds where no record says otherwise: the default.
const DEFAULT_S: u64 = 86_400;
/// Most raises that are told apart.
const RAISES_MAX: usize = 64;

/// The limits that still matter, oldest first: each is greater than those before
/// it, since one that is not greater takes their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenAges(Vec<TokenAge>);

/// A limit that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct TokenAge {
    /// Unix milliseconds from which on it is the one.
    from_ms: u64,
    max_s: u64,
}

impl Default for TokenAges {
    fn default() -> Self {
        Self(vec![TokenAge {
            from_ms: 0,
            max_s: DEFAULT_S,
        }])
    }
}

impl TokenAges {
    /// The limit of now, in seconds.
    #[must_use]
    pub fn max_s(&self) -> u64 {
        self.0.last().map_or(DEFAULT_S, |age| age.max_s)
    }

    /// Greatest age, in seconds, of a token issued at that Unix second: the least
    /// of the limits that were in force since.
    #[must_use]
    pub fn of_issued(&self, iat_s: u64) -> u64 {
        let iat_ms = iat_s.saturating_mul(1_000);
        let after = self.0.partition_point(|age| age.from_ms <= iat_ms);
        let in_force = self.0.get(after.saturating_sub(1));
        in_force.map_or(DEFAULT_S, |age| age.max_s)
    }

    /// From that Unix millisecond on it is the limit.
    pub(super) fn put(&mut self, from_ms: u64, max_s: u64) {
        let mut from_ms = from_ms;
        while let Some(last) = self.0.pop_if(|last| last.max_s >= max_s) {
            from_ms = last.from_ms;
        }
        self.0.push(TokenAge { from_ms, max_s });
        if self.0.len() > RAISES_MAX {
            // The one before it, which is less, counts for longer.
            self.0.remove(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_raised_counts_for_tokens_issued_since() {
        let mut ages = TokenAges::default();
        ages.put(10_000, 60);
        assert_eq!(
            (ages.max_s(), ages.of_issued(0), ages.of_issued(11)),
            (60, 60, 60)
        );
        ages.put(20_000, 300);
        assert_eq!(ages.max_s(), 300);
        assert_eq!((ages.of_issued(0), ages.of_issued(19)), (60, 60));
        assert_eq!((ages.of_issued(20), ages.of_issued(99)), (300, 300));
        ages.put(30_000, 100);
        assert_eq!(
            (ages.of_issued(19), ages.of_issued(20), ages.of_issued(40)),
            (60, 100, 100)
        );
    }

    #[test]
    fn beyond_a_number_of_raises_the_lesser_limit_counts_for_longer() {
        let mut ages = TokenAges::default();
        for raise in 1..200 {
            ages.put(raise * 1_000, DEFAULT_S + raise);
        }
        assert_eq!(ages.0.len(), RAISES_MAX);
        assert_eq!(
            (ages.of_issued(100), ages.of_issued(199)),
            (DEFAULT_S, DEFAULT_S + 199)
        );
    }
}
