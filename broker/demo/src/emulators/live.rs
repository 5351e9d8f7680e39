//! What an emulator handed out and still lives, in memory only and bounded.

use locum_core::jcs;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most entries of a table; beyond that the oldest goes.
const MOST: usize = 60_000;

/// Credentials by their digests, each with what it stands for. All entries of a
/// table live equally long.
pub(crate) struct LiveTable<T> {
    lifetime_s: u64,
    entries: Mutex<Entries<T>>,
}

struct Entries<T> {
    by_digest: BTreeMap<String, Entry<T>>,
    /// Digests in the order in which they came, and so end.
    order: VecDeque<(u64, String)>,
}

struct Entry<T> {
    ends_s: u64,
    value: T,
}

impl<T: Clone> LiveTable<T> {
    /// An empty table of what lives that long.
    pub(crate) fn new(lifetime_s: u64) -> Self {
        Self {
            lifetime_s,
            entries: Mutex::new(Entries {
                by_digest: BTreeMap::new(),
                order: VecDeque::new(),
            }),
        }
    }

    /// Seconds that an entry lives.
    pub(crate) const fn lifetime_s(&self) -> u64 {
        self.lifetime_s
    }

    /// Adds a credential; false if it is there already.
    pub(crate) fn add(&self, credential: &str, value: T, now_s: u64) -> bool {
        let Some(digest) = digest(credential) else {
            return false;
        };
        let mut entries = self.entries();
        entries.sweep(now_s);
        if entries.by_digest.contains_key(&digest) {
            return false;
        }
        let ends_s = now_s.saturating_add(self.lifetime_s);
        entries.order.push_back((ends_s, digest.clone()));
        entries.by_digest.insert(digest, Entry { ends_s, value });
        true
    }

    /// What a credential stands for, while it lives.
    pub(crate) fn get(&self, credential: &str, now_s: u64) -> Option<T> {
        let entries = self.entries();
        let entry = entries.by_digest.get(&digest(credential)?)?;
        (now_s < entry.ends_s).then(|| entry.value.clone())
    }

    /// Ends a credential.
    pub(crate) fn end(&self, credential: &str) {
        if let Some(digest) = digest(credential) {
            self.entries().by_digest.remove(&digest);
        }
    }

    /// Ends what does not fit.
    pub(crate) fn keep(&self, fits: impl Fn(&T) -> bool) {
        self.entries()
            .by_digest
            .retain(|_, entry| fits(&entry.value));
    }

    fn entries(&self) -> MutexGuard<'_, Entries<T>> {
        // Each change is whole before the next: so is what a panicking holder left.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Entries<T> {
    /// Takes out what has ended, and the oldest where there is no room for one more.
    fn sweep(&mut self, now_s: u64) {
        while let Some((ends_s, _)) = self.order.front() {
            if *ends_s > now_s && self.order.len() < MOST {
                break;
            }
            if let Some((_, digest)) = self.order.pop_front() {
                self.by_digest.remove(&digest);
            }
        }
    }
}

/// The table holds no credential, only what it hashes to.
fn digest(credential: &str) -> Option<String> {
    jcs::address(&credential).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_there_once_until_it_ends_or_is_ended() {
        let table = LiveTable::new(60);
        assert!(table.add("a", 1, 1000));
        assert!(!table.add("a", 2, 1001), "twice");
        assert_eq!(table.get("a", 1059), Some(1));
        assert_eq!(table.get("a", 1060), None);
        assert!(table.add("a", 3, 1060), "ended ones are swept");
        table.add("b", 4, 1060);
        table.end("b");
        table.keep(|value| *value != 3);
        assert_eq!((table.get("a", 1061), table.get("b", 1061)), (None, None));
    }

    #[test]
    fn beyond_the_bound_the_oldest_goes() {
        let table = LiveTable::new(60);
        for number in 0..=MOST {
            table.add(&number.to_string(), number, 1000);
        }
        assert_eq!(table.get("0", 1000), None);
        assert_eq!(table.get("1", 1000), Some(1));
        assert_eq!(table.entries().by_digest.len(), MOST);
    }
}
