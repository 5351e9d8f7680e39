//! One issuer's keys. At most one fetch is under way; it belongs to nobody who
//! waits for it, so a caller that goes away takes nothing along.

use super::plan::{Held, Keys};
use super::source::{self, Found};
use locum_core::registry::Issuer;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// Ends when the fetch does, however it ends: its other side is dropped then.
pub(super) type Landing = watch::Receiver<()>;

/// What is held, and the fetch under way.
#[derive(Debug, Default)]
pub(super) struct Inside {
    /// What is held.
    pub(super) held: Held,
    flight: Option<Landing>,
}

impl Inside {
    /// The fetch under way.
    pub(super) fn flight(&self) -> Option<&Landing> {
        // An error says that the fetch's side is gone.
        self.flight.as_ref().filter(|f| f.has_changed().is_ok())
    }

    /// A fetch begins now; who fetches holds what comes back until the end.
    pub(super) fn take_off(&mut self, now_s: u64) -> (watch::Sender<()>, Landing) {
        let (sender, landing) = watch::channel(());
        self.flight = Some(landing.clone());
        self.held.tried_s = Some(now_s);
        (sender, landing)
    }

    /// Keys were fetched at that time. Keys that did not change keep their
    /// generation.
    pub(super) fn land(&mut self, found: Found, begun_s: u64, fresh_s: Option<u64>, next: u64) {
        let known = self.held.keys.as_ref();
        let (set, generation) = match known.filter(|keys| keys.digest == found.digest) {
            Some(keys) => (keys.set.clone(), keys.generation),
            None => (Arc::new(found.set), next),
        };
        self.held.failed = false;
        self.held.keys = Some(Arc::new(Keys {
            set,
            generation,
            digest: found.digest,
            fetched_s: begun_s,
            fresh_s,
        }));
    }

    /// The fetch came to nothing. The time until the next one counts from here:
    /// however long it hung, the issuer gets a pause.
    pub(super) fn crash(&mut self, now_s: u64) {
        self.held.failed = true;
        self.held.tried_s = Some(now_s);
    }
}

/// One issuer's place.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// As it is declared.
    pub(super) issuer: Arc<Issuer>,
    inside: Arc<RwLock<Inside>>,
}

impl Slot {
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

    /// Held for a moment only, never across an await.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Inside> {
        self.inside.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held for a moment only, never across an await.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Inside> {
        self.inside.write().unwrap_or_else(PoisonError::into_inner)
    }
}
