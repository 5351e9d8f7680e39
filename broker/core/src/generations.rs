//! A bounded map of what was worked out lately.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Two generations: the older is dropped whole when the younger is full, so
/// that room costs no book-keeping. Who asks checks that what it gets still
/// holds.
#[derive(Debug)]
pub struct Generations<K, V> {
    kept: Mutex<(HashMap<K, V>, HashMap<K, V>)>,
    most: usize,
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    /// At most twice `most` entries.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            kept: Mutex::default(),
            most,
        }
    }

    /// What is kept under the key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<V> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0.get(key).or_else(|| kept.1.get(key)).cloned()
    }

    /// Keeps a value in place of what was under its key.
    pub fn put(&self, key: K, value: V) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0.len() >= self.most {
            kept.1 = std::mem::take(&mut kept.0);
        }
        kept.0.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_bounded_and_keeps_the_newest() {
        let cache = Generations::new(10);
        (0..100).for_each(|n| cache.put(n, n));
        let kept = (0..100).filter(|n| cache.get(n).is_some()).count();
        assert!((10..=20).contains(&kept), "{kept}");
        assert_eq!(cache.get(&99), Some(99));
        cache.put(99, 7);
        assert_eq!(cache.get(&99), Some(7));
    }
}
