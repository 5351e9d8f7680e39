//! A list of strings as `strings subset` compares it: as a set. A list may have
//! hundreds of members, and a request meets many lists.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Strings without duplicates, in the order of their first mention. A copy
/// shares them.
#[derive(Clone, Debug)]
pub(super) struct Members(Arc<MembersInner>);

#[derive(Debug)]
struct MembersInner {
    /// Sorted by hash, then text, so that most comparisons are of numbers. The
    /// text decides: equal hashes of other texts are no members.
    sorted: Vec<(u64, Box<str>)>,
    /// Where each one stands in `sorted`, as they were written.
    written: Vec<u32>,
}

impl Members {
    /// The texts; a repeated one counts where it stands first.
    pub(super) fn of(texts: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<(u64, Box<str>, u32)> = texts
            .into_iter()
            .zip(0..)
            .map(|(text, place)| (hash(&text), text.into(), place))
            .collect();
        all.sort_unstable();
        all.dedup_by(|later, first| later.0 == first.0 && later.1 == first.1);
        let mut places: Vec<(u32, u32)> = all
            .iter()
            .zip(0..)
            .map(|((_, _, place), at)| (*place, at))
            .collect();
        places.sort_unstable();
        Self(Arc::new(MembersInner {
            sorted: all
                .into_iter()
                .map(|(hash, text, _)| (hash, text))
                .collect(),
            written: places.into_iter().map(|(_, at)| at).collect(),
        }))
    }

    /// The texts as they were written.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let inner = &*self.0;
        let at = |at: &u32| inner.sorted.get(*at as usize).map(|(_, text)| &**text);
        inner.written.iter().filter_map(at)
    }

    /// Whether every text here is one of `limit` too.
    pub(super) fn is_within(&self, limit: &Self) -> bool {
        let (mine, theirs) = (&self.0.sorted, &limit.0.sorted);
        Arc::ptr_eq(&self.0, &limit.0)
            || mine.len() <= theirs.len() && mine.iter().all(|each| limit.holds(each))
    }

    /// The texts of this list that `limit` does not have, as they were written.
    pub(super) fn outside(&self, limit: &Self) -> Vec<&str> {
        let each = self.iter();
        each.filter(|text| !limit.holds_text(text)).collect()
    }

    /// The texts that both have, as they were written here.
    pub(super) fn common(&self, limit: &Self) -> Option<Self> {
        let both: Vec<String> = self
            .iter()
            .filter(|text| limit.holds_text(text))
            .map(str::to_owned)
            .collect();
        (!both.is_empty()).then(|| Self::of(both))
    }

    fn holds_text(&self, text: &str) -> bool {
        let asked = (hash(text), text);
        let found = self
            .0
            .sorted
            .binary_search_by(|(hash, text)| (*hash, &**text).cmp(&asked));
        found.is_ok()
    }

    /// The hashes of the texts, sorted.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u64> {
        self.0.sorted.iter().map(|(hash, _)| *hash)
    }

    fn holds(&self, asked: &(u64, Box<str>)) -> bool {
        self.0.sorted.binary_search(asked).is_ok()
    }
}

impl PartialEq for Members {
    /// Equal where the same texts were written in the same order.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.iter().eq(other.iter())
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
