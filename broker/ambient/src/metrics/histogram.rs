//! A histogram of fixed bounds.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The sum is kept in millionths of the unit.
const PARTS: f64 = 1e6;

/// Counts by upper bound; the last bucket has none.
pub struct Histogram {
    bounds: &'static [f64],
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    /// Nothing seen yet. `bounds` rise.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts a value that is not negative.
    pub fn observe(&self, value: f64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        self.sum.fetch_add((value * PARTS) as u64, Relaxed);
    }

    /// Counts a duration, in seconds.
    pub fn took(&self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }

    /// The upper bounds.
    pub const fn bounds(&self) -> &'static [f64] {
        self.bounds
    }

    /// The counts, one more than there are bounds.
    pub fn counts(&self) -> Vec<u64> {
        self.counts.iter().map(|n| n.load(Relaxed)).collect()
    }

    /// The sum of all values.
    pub fn sum(&self) -> f64 {
        self.sum.load(Relaxed) as f64 / PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_a_bound_is_within_it_and_one_above_all_is_in_the_last() {
        let histogram = Histogram::new(&[0.1, 1.0]);
        for value in [0.05, 0.1, 0.5, 7.0] {
            histogram.observe(value);
        }
        assert_eq!(histogram.counts(), [2, 1, 1]);
        assert!((histogram.sum() - 7.65).abs() < 1e-9);
    }
}
