//! What to do when an issuer's keys are asked for. Pure: the time is an
//! argument.

use super::budget::{KidAsker, KidShares};
use super::settings::TrustSettings;
use locum_tokens::keys::KeySet;
use std::sync::Arc;

/// Seconds for which a failed fetch is remembered: meanwhile keys past their
/// time are used without waiting for the issuer once more.
const DOWN_S: u64 = 60;

/// One issuer's keys as they were fetched.
#[derive(Debug)]
pub(crate) struct IssuerJwks {
    /// The keys.
    pub(crate) set: Arc<KeySet>,
    /// Changes whenever the keys do; never used twice, for any issuer.
    pub(crate) generation: u64,
    pub(super) digest: [u8; 32],
    /// The fetch that they came by; greater than any, for keys by value.
    pub(super) number: u64,
    /// When the fetch began, in Unix seconds.
    pub(super) fetched_s: u64,
    /// Whether an authority vouched for a server they came by.
    pub(super) vouched: bool,
    /// Seconds they are fresh; `None` is for ever, for keys by value.
    pub(super) fresh_s: Option<u64>,
}

/// What is held of one issuer.
#[derive(Debug, Default, Clone)]
pub(super) struct HeldKeySet {
    /// Its keys, as last fetched.
    pub(super) keys: Option<Arc<IssuerJwks>>,
    /// When the last fetch began or, having failed, ended, in Unix seconds.
    pub(super) tried_s: Option<u64>,
    /// Whether the last fetch that ended failed.
    pub(super) failed: bool,
    /// The fetches that unknown `kid`s caused.
    pub(super) kid_fetches: KidShares,
}

/// A moment, by the last fetch that had begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FetchMark(pub(super) u64);

/// What to do about a `kid` that is not among the keys held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NewerPlan {
    /// Wait for the fetch under way.
    Join,
    /// Fetch, out of the budget for unknown `kid`s.
    Fetch,
    /// The last fetch failed, and it is too early to ask again.
    Failed,
    /// The budget is used up.
    Spent,
}

/// What to do.
#[derive(Debug, Clone)]
pub(super) enum FetchPlan {
    /// Use these.
    Use(Arc<IssuerJwks>),
    /// Use these, and fetch in the background.
    UseAndFetch(Arc<IssuerJwks>),
    /// Wait for a fetch.
    Wait,
    /// There are none, and it is too early to ask again.
    Refuse,
}

impl HeldKeySet {
    /// The keys, unless their time and the grace after it are over.
    pub(super) fn usable(&self, now_s: u64, settings: &TrustSettings) -> Option<&Arc<IssuerJwks>> {
        self.keys.as_ref().filter(|keys| {
            keys.fresh_s
                .is_none_or(|fresh_s| keys.age_s(now_s) < fresh_s.saturating_add(settings.stale_s))
        })
    }

    /// What to do now. `flying` says that a fetch is under way.
    pub(super) fn plan(&self, now_s: u64, settings: &TrustSettings, flying: bool) -> FetchPlan {
        let since_s = self.since_s(now_s);
        let may_fetch = since_s.is_none_or(|s| s >= settings.refetch_min_s);
        let may_wait = may_fetch || flying;
        let Some(keys) = self.usable(now_s, settings) else {
            return if may_wait {
                FetchPlan::Wait
            } else {
                FetchPlan::Refuse
            };
        };
        let Some(fresh_s) = keys.fresh_s else {
            return FetchPlan::Use(keys.clone());
        };
        let age_s = keys.age_s(now_s);
        // An issuer that could be asked is asked before keys past their time
        // are used: they may be gone.
        let down = self.failed && since_s.is_some_and(|s| s < DOWN_S);
        if may_wait && age_s >= fresh_s && !down {
            return FetchPlan::Wait;
        }
        // In the last quarter they are fetched before anyone has to wait.
        if may_fetch && !flying && age_s >= fresh_s - fresh_s / 4 {
            return FetchPlan::UseAndFetch(keys.clone());
        }
        FetchPlan::Use(keys.clone())
    }

    /// What to do now about a `kid` that is not among the keys held. An ordinary
    /// fetch a moment ago forbids nothing: the key may be newer (contract §10).
    pub(super) fn newer(
        &self,
        asker: &KidAsker,
        now_s: u64,
        settings: &TrustSettings,
        flying: bool,
    ) -> NewerPlan {
        let every_s = settings.refetch_min_s;
        if flying {
            return NewerPlan::Join;
        }
        if self.failed && self.since_s(now_s).is_some_and(|s| s < every_s) {
            return NewerPlan::Failed;
        }
        if self.kid_fetches.is_left(asker, now_s, every_s) {
            NewerPlan::Fetch
        } else {
            NewerPlan::Spent
        }
    }

    /// Seconds since the last try.
    fn since_s(&self, now_s: u64) -> Option<u64> {
        self.tried_s.map(|tried_s| now_s.saturating_sub(tried_s))
    }
}

impl NewerPlan {
    /// Why there is nothing to wait for, for the log.
    pub(super) const fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Join | Self::Fetch => None,
            Self::Failed => Some("the last fetch failed"),
            Self::Spent => Some("the fetches for unknown `kid`s are used up for now"),
        }
    }
}

impl IssuerJwks {
    /// Whether they were asked for after that moment: what is not among them is
    /// not among the issuer's keys.
    pub(crate) const fn is_after(&self, mark: FetchMark) -> bool {
        self.number > mark.0
    }

    fn age_s(&self, now_s: u64) -> u64 {
        now_s.saturating_sub(self.fetched_s)
    }
}

#[cfg(test)]
mod tests;
