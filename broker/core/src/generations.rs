//! A bounded map of what was worked out lately.

use serde_json::Value;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Values by key, each with its bytes.
type Entries<K, V> = HashMap<K, (V, usize)>;

/// Two generations: the older is dropped whole when the younger is full, by
/// count or by bytes, so that room costs no book-keeping. Who asks checks that
/// what it gets still holds.
#[derive(Debug)]
pub struct Generations<K, V> {
    kept: Mutex<(Younger<K, V>, Entries<K, V>)>,
    most: usize,
    most_bytes: usize,
}

/// The generation that is being filled.
#[derive(Debug)]
struct Younger<K, V> {
    entries: Entries<K, V>,
    bytes: usize,
}

impl<K, V> Default for Younger<K, V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            bytes: 0,
        }
    }
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    /// At most twice `most` entries, whatever they weigh.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self::within(most, usize::MAX)
    }

    /// At most twice `most` entries, and at most twice `most_bytes` bytes of
    /// what their makers say they weigh.
    #[must_use]
    pub fn within(most: usize, most_bytes: usize) -> Self {
        Self {
            kept: Mutex::default(),
            most,
            most_bytes,
        }
    }

    /// What is kept under the key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<V> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.0.entries.get(key).or_else(|| kept.1.get(key));
        found.map(|(value, _)| value.clone())
    }

    /// Keeps a value in place of what was under its key.
    pub fn put(&self, key: K, value: V) {
        self.put_weighing(key, value, 0);
    }

    /// Keeps a value that takes about so many bytes, its key included, in place
    /// of what was under its key. One that is heavier than a whole generation
    /// may be is not kept.
    pub fn put_weighing(&self, key: K, value: V, bytes: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, before)) = kept.0.entries.remove(&key) {
            kept.0.bytes -= before;
        }
        if bytes > self.most_bytes {
            kept.1.remove(&key);
            return;
        }
        let full = kept.0.entries.len() >= self.most;
        if full || kept.0.bytes + bytes > self.most_bytes {
            kept.1 = std::mem::take(&mut kept.0).entries;
        }
        kept.0.bytes += bytes;
        kept.0.entries.insert(key, (value, bytes));
    }

    /// Bytes of what is kept, as its makers said.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0.bytes + kept.1.values().map(|(_, bytes)| bytes).sum::<usize>()
    }
}

/// Bytes of a string on the heap, with what the allocator adds, about.
#[must_use]
pub const fn text_weight(text: &str) -> usize {
    const HEAD: usize = 16;
    size_of::<String>() + HEAD + text.len()
}

/// Bytes of a JSON value in memory, about: what a member of an object costs is
/// measured with the map's own nodes.
#[must_use]
pub fn value_weight(value: &Value) -> usize {
    const MEMBER: usize = 32;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => size_of::<Value>(),
        Value::String(text) => size_of::<Value>() + text_weight(text),
        Value::Array(items) => size_of::<Value>() + items.iter().map(value_weight).sum::<usize>(),
        Value::Object(members) => {
            let member =
                |(name, value): (&String, &Value)| MEMBER + text_weight(name) + value_weight(value);
            size_of::<Value>() + members.iter().map(member).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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

    #[test]
    fn a_cache_is_bounded_by_bytes_before_it_is_full_by_count() {
        let cache = Generations::within(1_000, 100);
        for n in 0..200 {
            cache.put_weighing(n, n, 30);
            assert!(cache.bytes() <= 200, "{}", cache.bytes());
        }
        let kept = (0..200).filter(|n| cache.get(n).is_some()).count();
        assert!((3..=6).contains(&kept), "{kept}");
        assert_eq!(cache.get(&199), Some(199));
    }

    #[test]
    fn what_takes_the_place_of_another_is_weighed_once() {
        let cache = Generations::within(10, 100);
        (0..50).for_each(|n| cache.put_weighing("a", n, 60));
        assert_eq!((cache.get(&"a"), cache.bytes()), (Some(49), 60));
    }

    #[test]
    fn what_is_heavier_than_a_generation_is_not_kept_nor_what_it_replaces() {
        let cache = Generations::within(10, 100);
        cache.put_weighing("a", 1, 60);
        cache.put_weighing("b", 2, 60);
        cache.put_weighing("a", 3, 101);
        assert_eq!((cache.get(&"a"), cache.get(&"b")), (None, Some(2)));
        assert_eq!(cache.bytes(), 60);
    }

    #[test]
    fn a_value_weighs_at_least_its_texts() {
        let groups: Vec<String> = (0..286).map(|n| format!("group-{n}")).collect();
        let claims = json!({ "sub": "ada", "groups": groups });
        let least: usize = groups.iter().map(String::len).sum();
        assert!(value_weight(&claims) > least + 286 * size_of::<Value>());
        assert!(value_weight(&json!(null)) > 0);
    }
}
