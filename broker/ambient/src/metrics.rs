//! What is counted while requests are answered: atomics alone on the hot path.
//! Labels are routes, methods, statuses, grant types, outcomes, codes and ids of
//! issuers; never a person, an agent, a client or a token. Who shows them reads
//! them here.

mod exchanges;
mod histogram;
mod left_out;
mod requests;
mod text;

pub use exchanges::{ExchangeOutcome, Exchanges, GrantTypeLabel};
pub use histogram::Histogram;
pub use left_out::LeftOutKeys;
#[cfg(feature = "otlp")]
pub(crate) use requests::method_label;
pub use requests::{CountedRequest, Requests};
pub use text::{Labels, Text};

use locum_core::refusal::Code;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bounds for what takes milliseconds, in seconds.
pub const SECONDS: [f64; 13] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
/// Bounds for what takes microseconds, in seconds.
const BRIEF: [f64; 9] = [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025,
];
/// Bounds of the depth of a chain, in actors.
const DEPTH: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];

/// Everything that is counted for one broker.
pub struct Metrics {
    /// Requests by route, method and status.
    pub requests: Requests,
    /// Exchanges of authenticated clients.
    pub exchanges: Exchanges,
    /// From the first byte of a request to its answer.
    pub exchange_seconds: Histogram,
    /// Actors in the chains of permits.
    pub chain_depth: Histogram,
    /// One question to the policy bundle.
    pub policy_seconds: Histogram,
    /// Keys of issuers that were left out.
    pub left_out_keys: LeftOutKeys,
    rejections: Vec<AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Requests::default(),
            exchanges: Exchanges::default(),
            exchange_seconds: Histogram::new(&SECONDS),
            chain_depth: Histogram::new(&DEPTH),
            policy_seconds: Histogram::new(&BRIEF),
            left_out_keys: LeftOutKeys::default(),
            rejections: Code::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Metrics {
    /// A request that was turned away unauthenticated, hence not recorded.
    pub fn rejected(&self, code: Code) {
        if let Some(count) = self.rejections.get(index(code)) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Rejections so far, by code.
    pub fn rejections(&self) -> impl Iterator<Item = (Code, u64)> {
        let counts = self.rejections.iter().map(|count| count.load(Relaxed));
        Code::ALL.into_iter().zip(counts)
    }
}

/// A code's place in [`Code::ALL`].
const fn index(code: Code) -> usize {
    code as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_at_its_own_place() {
        for (place, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(index(code), place, "{}", code.text());
        }
    }

    #[test]
    fn a_rejection_is_counted_under_its_code() {
        let metrics = Metrics::default();
        metrics.rejected(Code::ClientAuth);
        metrics.rejected(Code::ClientAuth);
        let counted: Vec<_> = metrics.rejections().filter(|(_, n)| *n > 0).collect();
        assert_eq!(counted, [(Code::ClientAuth, 2)]);
    }
}
