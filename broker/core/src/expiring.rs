//! A set of keys, each of which counts until a time: what was revoked or used
//! once, and can be forgotten when nothing under it lives any more.

use crate::lineage::Key;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Resolution, in milliseconds: a key counts until the end of its minute.
const MINUTE_MS: u64 = 60_000;
/// Most keys dropped in one sweep, so that nobody waits for many.
const SWEPT_AT_ONCE: usize = 1_024;
/// A table this many times too large is made smaller.
const ROOMY: usize = 8;
/// Tables that the keys are spread over: what takes time by the number of keys
/// in a table, such as making it larger, takes one of them at a time.
const TABLES: usize = 256;
/// Tables that a sweep copies at most, where a copy of the keys shares them.
const COPIED_AT_ONCE: usize = 4;
/// Keys for which a table may always have room.
const ROOM: usize = SWEPT_AT_ONCE / TABLES;

/// Keys that count until a time. A key costs 20 bytes in a hash table and 16 in
/// the list of its minute (docs/reference/limits.md, "What grows").
#[derive(Debug, Clone, Default)]
pub struct Expiring {
    keys: ExpiringKeys,
    minutes: BTreeMap<u32, Vec<Key>>,
}

/// The keys of an [`Expiring`] as they are at a moment. A copy shares its tables
/// with the original, and whoever changes one of them first copies that one.
#[derive(Debug, Clone)]
pub struct ExpiringKeys {
    /// Each key with the minute at whose end it is over.
    tables: Vec<Arc<HashMap<Key, u32>>>,
    len: usize,
}

impl Default for ExpiringKeys {
    fn default() -> Self {
        Self {
            tables: (0..TABLES).map(|_| Arc::default()).collect(),
            len: 0,
        }
    }
}

/// The table of a key, which is made by a hash.
fn table(key: &Key) -> usize {
    usize::from(key.iter().fold(0, |table, byte| table ^ byte)) % TABLES
}

impl ExpiringKeys {
    fn minute(&self, key: &Key) -> Option<u32> {
        self.tables.get(table(key))?.get(key).copied()
    }

    fn insert(&mut self, key: Key, minute: u32) {
        if let Some(table) = self.tables.get_mut(table(&key)) {
            let known = Arc::make_mut(table).insert(key, minute);
            self.len += usize::from(known.is_none());
        }
    }

    /// Removes a key that is over at the end of that minute and no later; whether
    /// its table had to be copied.
    fn remove(&mut self, key: &Key, minute: u32) -> bool {
        let mut copied = false;
        if self.minute(key) == Some(minute)
            && let Some(table) = self.tables.get_mut(table(key))
        {
            copied = Arc::strong_count(table) > 1;
            let table = Arc::make_mut(table);
            table.remove(key);
            self.len -= 1;
            if table.capacity() > ROOMY * table.len().max(ROOM) {
                table.shrink_to(2 * table.len());
            }
        }
        copied
    }

    /// The keys that count at `now_ms`, each with a Unix millisecond in its
    /// minute, in no order.
    pub fn counting(&self, now_ms: u64) -> impl Iterator<Item = (&Key, u64)> {
        let counts = move |(_, minute): &(&Key, &u32)| !is_over(**minute, now_ms);
        let shown = |(key, minute): (_, &u32)| (key, u64::from(*minute) * MINUTE_MS);
        let all = self.tables.iter().flat_map(|table| table.iter());
        all.filter(counts).map(shown)
    }
}

impl Expiring {
    /// Adds a key that counts at least until `until_ms`, Unix milliseconds. One
    /// that is there already counts until the later of both times.
    pub fn insert(&mut self, key: Key, until_ms: u64) {
        let minute = u32::try_from(until_ms / MINUTE_MS).unwrap_or(u32::MAX);
        if self.keys.minute(&key).is_some_and(|known| known >= minute) {
            return;
        }
        self.keys.insert(key, minute);
        if !self.minutes.contains_key(&minute) {
            // The minutes before are mostly complete: they keep no room.
            self.minutes.values_mut().for_each(Vec::shrink_to_fit);
        }
        self.minutes.entry(minute).or_default().push(key);
    }

    /// Takes a key away before its time. The list of its minute keeps it until
    /// then.
    pub fn remove(&mut self, key: &Key) {
        if let Some(minute) = self.keys.minute(key) {
            self.keys.remove(key, minute);
        }
    }

    /// Whether the key was added and may still count.
    #[must_use]
    pub fn contains(&self, key: &Key) -> bool {
        self.keys.minute(key).is_some()
    }

    /// Drops keys that are over at `now_ms`: a bounded number, the oldest first, and
    /// fewer where each costs a copy of its table.
    pub fn sweep(&mut self, now_ms: u64) {
        let (mut left, mut copies) = (SWEPT_AT_ONCE, COPIED_AT_ONCE);
        while left > 0
            && copies > 0
            && let Some(mut minute) = self.minutes.first_entry()
            && is_over(*minute.key(), now_ms)
        {
            let number = *minute.key();
            let Some(key) = minute.get_mut().pop() else {
                minute.remove();
                continue;
            };
            left -= 1;
            copies -= usize::from(self.keys.remove(&key, number));
        }
    }

    /// How many are kept.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len
    }

    /// Whether none is kept.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys as they are now, at the cost of [`TABLES`] counters.
    #[must_use]
    pub fn keys(&self) -> ExpiringKeys {
        self.keys.clone()
    }
}

fn is_over(minute: u32, now_ms: u64) -> bool {
    now_ms / MINUTE_MS > u64::from(minute)
}

#[cfg(test)]
mod tests;
