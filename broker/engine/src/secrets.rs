//! Secrets of clients: how long those live on that another takes the place of.

use locum_stores::state::StoredSecret;

/// Longest overlap of two secrets, in seconds.
pub const OVERLAP_MAX: u64 = 86_400;
/// Most secrets of a client that live at once.
pub const LIVE_MAX: usize = 16;

/// The secrets that live on for a while, none longer than it would have.
#[must_use]
pub fn overlapping(known: &[StoredSecret], now_s: u64, overlap_s: u64) -> Vec<StoredSecret> {
    let end = now_s.saturating_add(overlap_s);
    known
        .iter()
        .map(|hash| StoredSecret {
            hash: hash.hash.clone(),
            until_s: Some(hash.until_s.map_or(end, |until| until.min(end))),
        })
        .filter(|hash| hash.until_s.is_some_and(|until| until > now_s))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_secrets_end_after_the_overlap_and_never_later_than_before() {
        let hash = |until_s| StoredSecret {
            hash: "h".into(),
            until_s,
        };
        let known = [hash(None), hash(Some(90)), hash(Some(105)), hash(Some(999))];
        let ends = |overlap| {
            let left = overlapping(&known, 100, overlap);
            left.into_iter().map(|h| h.until_s).collect::<Vec<_>>()
        };
        assert_eq!(ends(0), []);
        assert_eq!(ends(50), [Some(150), Some(105), Some(150)]);
    }
}
