//! A set of keys, each of which counts until a time: what was revoked or used
//! once, and can be forgotten when nothing under it lives any more.

use crate::lineage::Key;
use std::collections::{BTreeMap, HashMap};

/// Resolution, in milliseconds: a key counts until the end of its minute.
const MINUTE_MS: u64 = 60_000;
/// Most keys dropped in one sweep, so that nobody waits for many.
const SWEPT_AT_ONCE: usize = 1_024;
/// A table this many times too large is made smaller.
const ROOMY: usize = 8;

/// Keys that count until a time. A key costs 20 bytes in a hash table and 16 in
/// the list of its minute (docs/reference/limits.md, "What can grow").
#[derive(Debug, Clone, Default)]
pub struct Expiring {
    /// Each key with the minute at whose end it is over.
    keys: HashMap<Key, u32>,
    minutes: BTreeMap<u32, Vec<Key>>,
}

impl Expiring {
    /// Adds a key that counts at least until `until_ms`, Unix milliseconds. One
    /// that is there already counts until the later of both times.
    pub fn insert(&mut self, key: Key, until_ms: u64) {
        let minute = u32::try_from(until_ms / MINUTE_MS).unwrap_or(u32::MAX);
        match self.keys.get(&key) {
            Some(known) if *known >= minute => return,
            Some(_) | None => {}
        }
        self.keys.insert(key, minute);
        if !self.minutes.contains_key(&minute) {
            // The minutes before are mostly complete: they keep no room.
            self.minutes.values_mut().for_each(Vec::shrink_to_fit);
        }
        self.minutes.entry(minute).or_default().push(key);
    }

    /// Whether the key was added and may still count.
    #[must_use]
    pub fn contains(&self, key: &Key) -> bool {
        self.keys.contains_key(key)
    }

    /// Drops keys that are over at `now_ms`: a bounded number, the oldest first.
    pub fn sweep(&mut self, now_ms: u64) {
        let mut left = SWEPT_AT_ONCE;
        while left > 0
            && let Some(mut minute) = self.minutes.first_entry()
            && is_over(*minute.key(), now_ms)
        {
            let number = *minute.key();
            let keys = minute.get_mut();
            let from = keys.len().saturating_sub(left);
            left -= keys.len() - from;
            for key in keys.drain(from..) {
                if self.keys.get(&key) == Some(&number) {
                    self.keys.remove(&key);
                }
            }
            if keys.is_empty() {
                minute.remove();
            }
        }
        if self.keys.capacity() > ROOMY * self.keys.len().max(SWEPT_AT_ONCE) {
            self.keys.shrink_to(2 * self.keys.len());
        }
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys that count at `now_ms`, each with a Unix millisecond in its
    /// minute, in no order.
    pub fn counting(&self, now_ms: u64) -> impl Iterator<Item = (&Key, u64)> {
        let counts = move |(_, minute): &(&Key, &u32)| !is_over(**minute, now_ms);
        let shown = |(key, minute): (_, &u32)| (key, u64::from(*minute) * MINUTE_MS);
        self.keys.iter().filter(counts).map(shown)
    }
}

fn is_over(minute: u32, now_ms: u64) -> bool {
    now_ms / MINUTE_MS > u64::from(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        let mut key = [0; 16];
        for (to, from) in key.iter_mut().zip(number.to_be_bytes()) {
            *to = from;
        }
        key
    }

    #[test]
    fn a_key_counts_at_least_until_its_time_and_is_gone_two_minutes_later() {
        let mut set = Expiring::default();
        set.insert(key(1), 90_000);
        set.sweep(90_000);
        assert!(set.contains(&key(1)));
        set.sweep(90_000 + 2 * MINUTE_MS);
        assert!(!set.contains(&key(1)) && set.is_empty());
    }

    #[test]
    fn a_key_that_comes_again_counts_until_the_later_time() {
        let mut set = Expiring::default();
        set.insert(key(1), MINUTE_MS);
        set.insert(key(1), 10 * MINUTE_MS);
        set.insert(key(1), 5 * MINUTE_MS);
        set.sweep(9 * MINUTE_MS);
        assert!(set.contains(&key(1)));
        assert_eq!(set.counting(9 * MINUTE_MS).count(), 1);
        set.sweep(20 * MINUTE_MS);
        assert!(set.is_empty());
    }

    #[test]
    fn a_sweep_drops_a_bounded_number_and_the_next_goes_on() {
        let mut set = Expiring::default();
        let many = 2 * u32::try_from(SWEPT_AT_ONCE).unwrap_or_default() + 1;
        (0..many).for_each(|number| set.insert(key(number), 0));
        set.sweep(10 * MINUTE_MS);
        assert_eq!(set.len(), SWEPT_AT_ONCE + 1);
        set.sweep(10 * MINUTE_MS);
        set.sweep(10 * MINUTE_MS);
        assert!(set.is_empty());
        assert!(set.keys.capacity() <= ROOMY * SWEPT_AT_ONCE);
    }
}
