//! One issuer's keys. At most one fetch is under way; it belongs to nobody who
//! waits for it, so a caller that goes away takes nothing along.

use super::plan::{HeldKeySet, IssuerJwks};
use super::source::{self, FoundIssuer};
use super::trouble::IssuerTrouble;
use crate::unavailable::Unavailable;
use locum_core::ids::IssuerId;
use locum_core::registry::Issuer;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// Ends when the fetch does, however it ends: its other side is dropped then.
pub(super) type Landing = watch::Receiver<()>;

/// Which fetch it is: a later one, of any issuer, has a greater number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(pub(super) u64);

impl Number {
    /// Of keys by value, which nobody fetches.
    pub(super) const NEVER: Self = Self(u64::MAX);
}

/// What a fetch came to.
#[derive(Debug, Clone)]
pub(super) struct LastFetch {
    /// When it ended, in Unix seconds.
    pub(super) at_s: u64,
    /// Where discovery said that the keys are.
    pub(super) discovered: Option<String>,
    /// Why there are no keys.
    pub(super) trouble: Option<Arc<IssuerTrouble>>,
}

/// What is held, and the fetch under way.
#[derive(Debug, Default)]
pub(super) struct EntryState {
    /// What is held.
    pub(super) held: HeldKeySet,
    flight: Option<Landing>,
    /// What the last fetch that ended came to.
    pub(super) last: Option<LastFetch>,
    /// The last fetch that counts; 0 where none does.
    number: u64,
}

impl EntryState {
    /// The fetch under way.
    pub(super) fn flight(&self) -> Option<&Landing> {
        // An error says that the fetch's side is gone.
        self.flight.as_ref().filter(|f| f.has_changed().is_ok())
    }

    /// The fetch of that number begins now; who fetches holds the sender until
    /// the end.
    pub(super) fn take_off(
        &mut self,
        Number(number): Number,
        now_s: u64,
    ) -> (watch::Sender<()>, Landing) {
        let (sender, landing) = watch::channel(());
        self.flight = Some(landing.clone());
        self.held.tried_s = Some(now_s);
        self.number = number;
        (sender, landing)
    }

    /// The authorities are others now: what one of before vouched for is gone,
    /// that of a fetch under way too, and may be asked for at once.
    pub(super) fn distrust(&mut self) {
        self.held.keys = self.held.keys.take().filter(|keys| !keys.vouched);
        self.held.tried_s = None;
        self.held.failed = false;
        self.flight = None;
        self.number = 0;
    }

    /// Keys were fetched at that time. Keys that did not change keep their
    /// generation. Those that authorities of before vouched for are not held.
    pub(super) fn land(
        &mut self,
        Number(number): Number,
        found: FoundIssuer,
        (begun_s, fresh_s): (u64, Option<u64>),
        next: u64,
    ) {
        if found.vouched && number != self.number {
            return;
        }
        let unusable = found.set.is_empty();
        let left_out = found.set.left_out().len();
        self.last = Some(LastFetch {
            at_s: begun_s,
            discovered: found.discovered,
            trouble: unusable.then(|| Arc::new(IssuerTrouble::no_usable_key(left_out))),
        });
        let known = self.held.keys.as_ref();
        let (set, generation) = match known.filter(|keys| keys.digest == found.digest) {
            Some(keys) => (keys.set.clone(), keys.generation),
            None => (Arc::new(found.set), next),
        };
        self.held.failed = false;
        self.held.keys = Some(Arc::new(IssuerJwks {
            set,
            generation,
            digest: found.digest,
            number,
            vouched: found.vouched,
            fetched_s: begun_s,
            fresh_s,
        }));
    }

    /// The fetch came to nothing. The time until the next one counts from here:
    /// however long it hung, the issuer gets a pause.
    pub(super) fn crash(&mut self, Number(number): Number, now_s: u64, trouble: IssuerTrouble) {
        if number != self.number {
            return;
        }
        self.failed(now_s, trouble);
    }

    /// There are no keys to be had.
    pub(super) fn failed(&mut self, now_s: u64, trouble: IssuerTrouble) {
        self.last = Some(LastFetch {
            at_s: now_s,
            discovered: None,
            trouble: Some(Arc::new(trouble)),
        });
        self.held.failed = true;
        self.held.tried_s = Some(now_s);
    }
}

/// One issuer's place.
#[derive(Debug, Clone)]
pub(super) struct IssuerEntry {
    /// As it is declared.
    pub(super) issuer: Arc<Issuer>,
    inside: Arc<RwLock<EntryState>>,
}

impl IssuerEntry {
    /// A place for an issuer. One whose keys are found as before takes over
    /// what is held; else old keys never answer for new facts.
    pub(super) fn new(issuer: &Arc<Issuer>, before: Option<&Self>) -> Self {
        let before = before.filter(|old| source::same(&old.issuer.spec, &issuer.spec));
        Self {
            issuer: issuer.clone(),
            inside: before.map_or_else(Arc::default, |old| old.inside.clone()),
        }
    }

    /// Whether this is the place of exactly that declaration.
    pub(super) fn is_of(&self, issuer: &Arc<Issuer>) -> bool {
        Arc::ptr_eq(&self.issuer, issuer)
    }

    /// For who does not get the keys: why, as far as the last fetch told.
    pub(super) fn gone(&self, id: &IssuerId, what: &str) -> Unavailable {
        let inside = self.read();
        let last = inside.last.as_ref();
        let why = last.and_then(|last| last.trouble.as_ref());
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        Unavailable(format!("keys of issuer {id} {what}{why}"))
    }

    /// Held for a moment only, never across an await.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, EntryState> {
        self.inside.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held for a moment only, never across an await.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, EntryState> {
        self.inside.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn found(vouched: bool) -> FoundIssuer {
        FoundIssuer {
            set: Default::default(),
            digest: [0; 32],
            keep_s: None,
            vouched,
            discovered: None,
        }
    }

    #[test]
    fn what_an_authority_vouched_for_goes_with_it_and_the_rest_stays() {
        for vouched in [true, false] {
            let mut inside = EntryState::default();
            let _flight = inside.take_off(Number(1), 100);
            inside.land(Number(1), found(vouched), (100, Some(10)), 1);
            inside.distrust();
            assert_eq!(inside.held.keys.is_none(), vouched);
            assert_eq!(inside.held.tried_s, None, "due at once");
        }
    }

    #[test]
    fn a_fetch_of_before_neither_lands_nor_fails_after_it() {
        for vouched in [true, false] {
            let mut inside = EntryState::default();
            let (old, new) = (Number(1), Number(2));
            let _done = inside.take_off(old, 100);
            inside.distrust();
            assert!(inside.flight().is_none(), "nobody waits for it");
            inside.land(old, found(vouched), (100, Some(10)), 1);
            assert_eq!(inside.held.keys.is_none(), vouched);
            inside.crash(old, 100, IssuerTrouble::timeout());
            assert!(!inside.held.failed);
            let _done = inside.take_off(new, 101);
            inside.land(new, found(true), (101, Some(10)), 2);
            inside.land(old, found(true), (100, Some(10)), 3);
            assert_eq!(inside.held.keys.as_ref().unwrap().fetched_s, 101);
        }
    }
}
