//! How often an unknown `kid` may make an issuer be asked, apart from ordinary
//! refreshing: anybody can name a `kid` that does not exist. Who asks has a share
//! that nobody else uses up. Pure: the time is an argument.

use std::collections::HashMap;

/// Fetches of one issuer's keys that unknown `kid`s may cause at once, for each who
/// asks. One comes back every `trust.refetch_min_s`.
pub(super) const KID_FETCHES_MAX: u32 = 5;

/// On whose behalf an issuer is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum KidAsker {
    /// An authenticated client.
    Client(Box<str>),
    /// Callers that are not authenticated, all of them together: an address is
    /// had for nothing.
    Strangers,
    /// An operator who tests the issuer.
    Operator,
}

/// The fetches of one issuer's keys that unknown `kid`s caused, by who asked. As
/// many are held as clients asked of late.
#[derive(Debug, Default, Clone)]
pub(super) struct KidShares(HashMap<KidAsker, KidFetches>);

impl KidShares {
    /// Whether one is left to them.
    pub(super) fn is_left(&self, asker: &KidAsker, now_s: u64, every_s: u64) -> bool {
        let share = self.0.get(asker).copied().unwrap_or_default();
        share.is_left(now_s, every_s)
    }

    /// Takes one.
    pub(super) fn take(&mut self, asker: &KidAsker, now_s: u64, every_s: u64) {
        self.0.retain(|_, share| share.at(now_s, every_s).spent > 0);
        let share = self.0.entry(asker.clone()).or_default();
        share.take(now_s, every_s);
    }
}

/// Those that one asker caused.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct KidFetches {
    spent: u32,
    /// From when on the next one comes back, in Unix seconds.
    since_s: u64,
}

impl KidFetches {
    /// Whether one is left.
    fn is_left(self, now_s: u64, every_s: u64) -> bool {
        self.at(now_s, every_s).spent < KID_FETCHES_MAX
    }

    /// Takes one.
    fn take(&mut self, now_s: u64, every_s: u64) {
        *self = self.at(now_s, every_s);
        self.spent = self.spent.saturating_add(1);
    }

    /// The same with those that came back until now.
    fn at(self, now_s: u64, every_s: u64) -> Self {
        let every_s = every_s.max(1);
        let back = now_s.saturating_sub(self.since_s) / every_s;
        let spent = u64::from(self.spent).saturating_sub(back);
        if spent == 0 {
            return Self {
                spent: 0,
                since_s: now_s,
            };
        }
        Self {
            spent: u32::try_from(spent).unwrap_or(u32::MAX),
            since_s: self.since_s + back * every_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_at_once_and_then_one_every_ten_seconds() {
        let mut fetches = KidFetches::default();
        let mut taken = Vec::new();
        for now_s in 1_000..1_060 {
            while fetches.is_left(now_s, 10) {
                fetches.take(now_s, 10);
                taken.push(now_s - 1_000);
            }
        }
        assert_eq!(taken, [0, 0, 0, 0, 0, 10, 20, 30, 40, 50]);
    }

    #[test]
    fn nobody_uses_up_the_share_of_another_and_full_shares_are_not_held() {
        let client = |id: &str| KidAsker::Client(id.into());
        let askers = [
            client("a"),
            client("b"),
            KidAsker::Strangers,
            KidAsker::Operator,
        ];
        let mut shares = KidShares::default();
        for asker in &askers {
            let mut count = 0;
            while shares.is_left(asker, 1_000, 10) {
                shares.take(asker, 1_000, 10);
                count += 1;
            }
            assert_eq!(count, KID_FETCHES_MAX, "{asker:?}");
        }
        shares.take(&client("c"), 1_050, 10);
        assert_eq!(shares.0.len(), 1, "the others have all of theirs again");
    }

    #[test]
    fn a_pause_gives_back_no_more_than_there_are() {
        let mut fetches = KidFetches::default();
        for _ in 0..KID_FETCHES_MAX {
            fetches.take(1_000, 10);
        }
        // (seconds later, are left)
        for (later_s, left) in [(0, 0), (9, 0), (10, 1), (29, 2), (50, 5), (1_000_000, 5)] {
            let mut then = fetches;
            let mut count = 0;
            while then.is_left(1_000 + later_s, 10) {
                then.take(1_000 + later_s, 10);
                count += 1;
            }
            assert_eq!(count, left, "{later_s}");
        }
        assert!(!fetches.is_left(0, 10), "a clock that went back gives none");
        assert!(fetches.is_left(1_001, 0), "no interval is the shortest");
    }
}
