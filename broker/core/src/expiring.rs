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
/// the list of its minute (docs/reference/limits.md, "What grows").
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
mod tests;
