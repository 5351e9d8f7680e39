//! Keys of issuers that were left out, by issuer and reason. Issuers are few and
//! declared by operators; beyond a bound they are counted together.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Most series; further issuers are counted as [`OTHERS`].
const SERIES_MAX: usize = 1_024;
/// The label of issuers beyond the bound: no issuer has such an id.
const OTHERS: &str = "_others";

type Series = BTreeMap<(Box<str>, &'static str), u64>;

/// The counts.
#[derive(Default)]
pub struct LeftOutKeys(Mutex<Series>);

impl LeftOutKeys {
    /// A fetch left out a key of that issuer for that reason.
    pub fn count(&self, issuer: &str, reason: &'static str) {
        let mut series = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = series.len() < SERIES_MAX || series.contains_key(&(issuer.into(), reason));
        let issuer = if known { issuer } else { OTHERS };
        *series.entry((issuer.into(), reason)).or_default() += 1;
    }

    /// All counts, by issuer and reason.
    pub fn read(&self) -> Vec<(Box<str>, &'static str, u64)> {
        let series = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |((issuer, reason), count): (&(Box<str>, &'static str), &u64)| {
            (issuer.clone(), *reason, *count)
        };
        series.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_by_issuer_and_reason_and_issuers_are_bounded() {
        let keys = LeftOutKeys::default();
        for reason in ["kind", "use", "kind"] {
            keys.count("corp", reason);
        }
        let seen = keys.read();
        assert_eq!(
            seen,
            [("corp".into(), "kind", 2), ("corp".into(), "use", 1)]
        );
        for number in 0..2_000 {
            keys.count(&format!("i{number}"), "kind");
        }
        keys.count("corp", "kind");
        let seen = keys.read();
        assert_eq!(seen.len(), SERIES_MAX + 1);
        assert!(seen.contains(&("corp".into(), "kind", 3)));
        assert!(seen.contains(&(OTHERS.into(), "kind", 978)));
    }
}
