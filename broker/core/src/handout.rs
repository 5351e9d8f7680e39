//! Whether a vendor's credential may be handed to an agent: judged by what the
//! vendor can do, never by who the vendor is (contract §15, "The rule of
//! delivery").

use crate::scope::{Scope, ScopeName};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a credential of a target can be made to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Able {
    /// Whether it can carry less than its account may do.
    pub narrow: Narrow,
    /// When it ends.
    pub expire: Expire,
    /// Whether it can be ended before that.
    pub revoke: Revoke,
    /// Whether two requests get two credentials.
    pub unique: Unique,
    /// Whether the vendor knows from it for which person the agent acts.
    pub carries_person: bool,
}

/// By what a credential is narrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Narrow {
    /// By what the request says.
    Request,
    /// By the account that asks.
    Principal,
    /// By nothing: there is one account for all scopes.
    No,
}

/// When a credential ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expire {
    /// At the permit's end, if that is at least this many seconds away.
    AtPermit {
        /// Seconds.
        floor_s: u32,
    },
    /// After so many seconds.
    Fixed(u32),
    /// After as many seconds as the operator declared; `None`: unknown.
    Declared(Option<u32>),
    /// Never by itself.
    Never,
}

/// Whether the vendor ends a credential when told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoke {
    /// That one alone.
    Alone,
    /// Only all of its account.
    Principal,
    /// No.
    No,
}

/// Whether two requests get two credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// Yes.
    Yes,
    /// Where the request says so, and it does.
    Forced,
    /// No.
    No,
}

impl Able {
    /// The abilities as JSON shows them.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let narrow = match self.narrow {
            Narrow::Request => "request",
            Narrow::Principal => "principal",
            Narrow::No => "no",
        };
        let expire = match self.expire {
            Expire::AtPermit { .. } => "at_permit",
            Expire::Fixed(_) => "fixed",
            Expire::Declared(_) => "declared",
            Expire::Never => "never",
        };
        let revoke = match self.revoke {
            Revoke::Alone => "alone",
            Revoke::Principal => "principal",
            Revoke::No => "no",
        };
        let unique = match self.unique {
            Unique::Yes => "yes",
            Unique::Forced => "forced",
            Unique::No => "no",
        };
        json!({
            "narrow": narrow, "expire": expire, "revoke": revoke, "unique": unique,
            "carries_person": self.carries_person,
        })
    }

    /// Seconds that a credential of a permit of that many seconds lives by
    /// itself; `None`: longer than any permit.
    #[must_use]
    pub fn life_s(&self, permit_s: u32) -> Option<u32> {
        match self.expire {
            Expire::AtPermit { floor_s } => Some(permit_s.max(floor_s)),
            Expire::Fixed(life_s) => Some(life_s),
            Expire::Declared(life_s) => life_s,
            Expire::Never => None,
        }
    }
}

/// Why a handout is unsafe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsafe {
    /// The credential may do more than was granted.
    Narrow,
    /// It may outlive the permit, and cannot be revoked alone.
    Expire,
}

impl Unsafe {
    /// As in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Narrow => "narrow",
            Self::Expire => "expire",
        }
    }
}

/// How a target's credentials come out: what they are able to do, and the
/// accounts they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What a credential is able to do.
    pub able: Able,
    /// What each account may do, in the order of the declaration; empty where
    /// the request narrows, and then there is one account.
    pub accounts: Vec<Scope>,
    /// The vendor's names for each scope of ours, where the request says them.
    pub names: BTreeMap<ScopeName, BTreeSet<String>>,
}

/// What is granted, as the rule looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Granted<'a> {
    /// The scopes.
    pub scope: &'a Scope,
    /// Whether `authorization_details` limit it further.
    pub detailed: bool,
    /// Seconds.
    pub lifetime_s: u32,
}

/// How a credential would be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handout {
    /// The account it would be of, by its place; `None` where there is one.
    pub account: Option<usize>,
    /// Why it is unsafe; empty: it is safe.
    pub because: Vec<Unsafe>,
}

impl Terms {
    /// Judges one handout. `None`: no account may do what was granted.
    #[must_use]
    pub fn judge(&self, granted: Granted<'_>) -> Option<Handout> {
        let (account, exact) = self.account(granted.scope)?;
        let narrow = exact && !granted.detailed && !self.says_more(granted.scope);
        let ends = self
            .able
            .life_s(granted.lifetime_s)
            .is_some_and(|life_s| life_s <= granted.lifetime_s);
        let expire = ends || self.able.revoke == Revoke::Alone;
        let because = [(narrow, Unsafe::Narrow), (expire, Unsafe::Expire)]
            .into_iter()
            .filter_map(|(holds, why)| (!holds).then_some(why))
            .collect();
        Some(Handout { account, because })
    }

    /// Why no handout of this target is safe, whatever is granted of that
    /// catalogue for at most so long; empty: some scope set is safe.
    #[must_use]
    pub fn never_safe(&self, catalogue: &Scope, longest_s: u32) -> Vec<Unsafe> {
        let whole = [catalogue.clone()];
        let sets = if self.accounts.is_empty() {
            &whole[..]
        } else {
            &self.accounts
        };
        let judged = sets.iter().filter_map(|scope| {
            let granted = Granted {
                scope,
                detailed: false,
                lifetime_s: longest_s,
            };
            self.judge(granted).map(|handout| handout.because)
        });
        judged
            .min_by_key(Vec::len)
            .unwrap_or_else(|| vec![Unsafe::Narrow])
    }

    /// Whether the vendor's names for these scopes are those of another scope too:
    /// whoever has them has that one as well.
    fn says_more(&self, scope: &Scope) -> bool {
        let granted = |ours: &ScopeName| scope.iter().any(|one| one == ours);
        let said: BTreeSet<&String> = scope
            .iter()
            .filter_map(|ours| self.names.get(ours))
            .flatten()
            .collect();
        let others = self.names.iter().filter(|(ours, _)| !granted(ours));
        let mut all_said = others.map(|(_, theirs)| theirs.iter().all(|name| said.contains(name)));
        all_said.any(|all| all)
    }

    /// The account whose scopes are those granted, else the smallest one that
    /// covers them, and whether they are the same.
    fn account(&self, scope: &Scope) -> Option<(Option<usize>, bool)> {
        if self.able.narrow == Narrow::Request && self.accounts.is_empty() {
            return Some((None, true));
        }
        let covers = |(_, account): &(usize, &Scope)| scope.is_within(account);
        let size = |(place, account): &(usize, &Scope)| (account.iter().count(), *place);
        let covering = self.accounts.iter().enumerate().filter(covers);
        covering.min_by_key(size).map(|(place, account)| {
            let exact = account == scope || self.able.narrow == Narrow::Request;
            (Some(place), exact)
        })
    }
}

#[cfg(test)]
mod tests;
