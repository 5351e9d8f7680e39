//! Keys of others (contract §14, `[trust]`): found by discovery or URL, fetched
//! with care, kept within bounds. An issuer that hangs or fails slows nobody
//! but those who present its tokens.

mod budget;
mod flight;
mod plan;
mod report;
mod settings;
mod slot;
mod source;
mod trouble;

pub(crate) use budget::KidAsker;
pub(crate) use plan::{FetchMark, IssuerJwks};
pub use report::{IssuerReport, ReportedKey};
pub use settings::TrustSettings;
pub use trouble::IssuerTrouble;

use crate::authorities;
use crate::unavailable::Unavailable;
use flight::SharedIssuers;
use locum_ambient::Clock;
use locum_ambient::metrics::Metrics;
use locum_core::ids::IssuerId;
use locum_core::registry::Issuer;
use locum_outgoing::{Fetcher, Lookup, System};
use plan::FetchPlan;
use slot::{EntryState, IssuerEntry, Landing, Number};
use source::SourceFlaw;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Semaphore;

/// The key of the configuration that names the file of authorities.
pub const CA_FILE: &str = "trust.ca_file";

/// Most fetches at one time: bounds memory and connections, whoever hangs.
const FETCHES_MAX: usize = 32;

/// Others' keys.
pub struct IssuerKeys {
    slots: RwLock<HashMap<IssuerId, IssuerEntry>>,
    shared: Arc<SharedIssuers>,
}

impl IssuerKeys {
    /// No keys yet.
    ///
    /// # Errors
    /// When the HTTP client cannot be built, or the authorities not read.
    pub(crate) fn new(
        clock: Clock,
        settings: TrustSettings,
        metrics: Arc<Metrics>,
    ) -> Result<Self, Unavailable> {
        Self::with_lookup((clock, metrics), settings, Arc::new(System))
    }

    fn with_lookup(
        (clock, metrics): (Clock, Arc<Metrics>),
        settings: TrustSettings,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, Unavailable> {
        let roots = authorities::read(CA_FILE, settings.ca_file.as_deref()).map_err(Unavailable)?;
        let fetcher = Fetcher::new(settings.bounds(), lookup, roots);
        let fetcher = fetcher.map_err(|e| Unavailable(format!("HTTP client: {e}")))?;
        Ok(Self {
            slots: RwLock::default(),
            shared: Arc::new(SharedIssuers {
                fetcher,
                settings,
                clock,
                metrics,
                permits: Semaphore::new(FETCHES_MAX),
                generation: AtomicU64::new(0),
                number: AtomicU64::new(0),
            }),
        })
    }

    /// Reads the authorities again; fetches from now on ask for their word. Where
    /// they are others than before, so must keys that were fetched over TLS: they
    /// count again once they were fetched again.
    ///
    /// # Errors
    /// What is wrong with them; then those of before stay.
    pub fn reload(&self) -> Result<(), String> {
        let shared = &self.shared;
        let roots = authorities::read(CA_FILE, shared.settings.ca_file.as_deref())?;
        // In this order: who takes off after it asks those of now.
        if shared.fetcher.believe(roots) {
            let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
            slots.values().for_each(|slot| slot.write().distrust());
        }
        Ok(())
    }

    /// Seconds after which keys that could not be had are asked for again.
    pub(crate) fn pause_s(&self) -> u64 {
        self.shared.settings.refetch_min_s.max(1)
    }

    /// The issuer's keys, where nobody has to wait for them.
    pub(crate) fn at_hand(&self, issuer: &Arc<Issuer>) -> Option<Arc<IssuerJwks>> {
        let slot = self.slot(issuer);
        match self.plan(&slot) {
            FetchPlan::Use(keys) => Some(keys),
            FetchPlan::UseAndFetch(keys) => {
                self.fetch(&slot);
                Some(keys)
            }
            FetchPlan::Wait | FetchPlan::Refuse => None,
        }
    }

    /// This moment: what is fetched from now on is after it.
    pub(crate) fn mark(&self) -> FetchMark {
        FetchMark(self.shared.number.load(Ordering::Acquire))
    }

    /// [`IssuerKeys::keys_unless`] where all may wait.
    #[cfg(test)]
    async fn keys(&self, issuer: &Arc<Issuer>) -> Result<Arc<IssuerJwks>, Unavailable> {
        self.keys_unless(issuer, || Ok(())).await
    }

    /// The issuer's keys. Waits only where keys are not known or are past their
    /// time: for one fetch at most, which all who wait share, and not where
    /// `waits` says that too many do. Cancel-safe.
    ///
    /// # Errors
    /// [`Unavailable`] when they cannot be had.
    pub(crate) async fn keys_unless(
        &self,
        issuer: &Arc<Issuer>,
        waits: impl FnOnce() -> Result<(), Unavailable>,
    ) -> Result<Arc<IssuerJwks>, Unavailable> {
        let slot = self.slot(issuer);
        let landing = match self.plan(&slot) {
            FetchPlan::Use(keys) => return Ok(keys),
            FetchPlan::UseAndFetch(keys) => {
                self.fetch(&slot);
                return Ok(keys);
            }
            FetchPlan::Wait => self.fetch(&slot),
            FetchPlan::Refuse => None,
        };
        if let Some(landing) = landing {
            waits()?;
            landed(landing).await;
        }
        let keys = self.usable(&slot);
        keys.ok_or_else(|| slot.gone(&issuer.id, "cannot be had"))
    }

    /// Other keys than those that are `known`, among which a `kid` was not. They
    /// come by a fetch that began later. It waits for one fetch, which all who wait
    /// share, and which the asker's share for unknown `kid`s bounds. Cancel-safe.
    ///
    /// # Errors
    /// [`Unavailable`] when there are none and they cannot be had now.
    pub(crate) async fn newer_unless(
        &self,
        (issuer, asker): (&Arc<Issuer>, &KidAsker),
        known: &IssuerJwks,
        waits: impl FnOnce() -> Result<(), Unavailable>,
    ) -> Result<Arc<IssuerJwks>, Unavailable> {
        let slot = self.slot(issuer);
        let newer = || {
            let keys = self.usable(&slot);
            keys.filter(|keys| keys.number > known.number)
        };
        if let Some(keys) = newer() {
            return Ok(keys);
        }
        let landing = self.fetch_newer(&slot, asker);
        let gone = |why| {
            let id = &issuer.id;
            Unavailable(format!("keys of issuer {id} lack a `kid`: {why}"))
        };
        let landing = landing.map_err(gone)?;
        waits()?;
        landed(landing).await;
        newer().ok_or_else(|| slot.gone(&issuer.id, "lack a `kid` and cannot be fetched anew"))
    }

    fn plan(&self, slot: &IssuerEntry) -> FetchPlan {
        let inside = slot.read();
        let flying = inside.flight().is_some();
        let now_s = self.shared.clock.now_s();
        inside.held.plan(now_s, &self.shared.settings, flying)
    }

    /// The keys held, as long as they may be used.
    fn usable(&self, slot: &IssuerEntry) -> Option<Arc<IssuerJwks>> {
        let now_s = self.shared.clock.now_s();
        let inside = slot.read();
        let keys = inside.held.usable(now_s, &self.shared.settings);
        keys.cloned()
    }

    /// The place of the issuer as it is declared now.
    fn slot(&self, issuer: &Arc<Issuer>) -> IssuerEntry {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(&issuer.id).filter(|slot| slot.is_of(issuer));
        if let Some(slot) = slot {
            return slot.clone();
        }
        drop(slots);
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let slot = IssuerEntry::new(issuer, slots.get(&issuer.id));
        slots.insert(issuer.id.clone(), slot.clone());
        slot
    }

    /// Has a fetch made, unless one is under way or another caller has just had
    /// it made; what comes back ends with it.
    fn fetch(&self, slot: &IssuerEntry) -> Option<Landing> {
        let now_s = self.shared.clock.now_s();
        let mut inside = slot.write();
        if let Some(landing) = inside.flight() {
            return Some(landing.clone());
        }
        match inside.held.plan(now_s, &self.shared.settings, false) {
            FetchPlan::Use(_) | FetchPlan::Refuse => return None,
            FetchPlan::UseAndFetch(_) | FetchPlan::Wait => {}
        }
        match source::by_value(&slot.issuer) {
            Some(Ok(found)) => {
                self.shared.tell(&slot.issuer.id, &found.set);
                let next = self.shared.next_generation();
                inside.land(Number::NEVER, found, (now_s, None), next);
                None
            }
            Some(Err(flaw)) => {
                let flaw = IssuerTrouble::of(&SourceFlaw::Keys(flaw));
                tracing::warn!(issuer = %slot.issuer.id, %flaw, "keys cannot be used");
                inside.failed(now_s, flaw);
                None
            }
            None => Some(self.take_off(slot, &mut inside)),
        }
    }

    /// The same for a `kid` that is not among the keys held.
    ///
    /// # Errors
    /// Why no fetch is made now.
    fn fetch_newer(&self, slot: &IssuerEntry, asker: &KidAsker) -> Result<Landing, &'static str> {
        let (now_s, settings) = (self.shared.clock.now_s(), &self.shared.settings);
        let mut inside = slot.write();
        if let Some(landing) = inside.flight() {
            return Ok(landing.clone());
        }
        let plan = inside.held.newer(asker, now_s, settings, false);
        if let Some(why) = plan.refusal() {
            return Err(why);
        }
        let every_s = settings.refetch_min_s;
        inside.held.kid_fetches.take(asker, now_s, every_s);
        Ok(self.take_off(slot, &mut inside))
    }

    /// The same for an operator, who may ask again right after a fetch that failed;
    /// `None` where the operators' share is used up.
    fn fetch_for_test(&self, slot: &IssuerEntry) -> Option<Landing> {
        let asker = &KidAsker::Operator;
        let (now_s, every_s) = (
            self.shared.clock.now_s(),
            self.shared.settings.refetch_min_s,
        );
        let mut inside = slot.write();
        if let Some(landing) = inside.flight() {
            return Some(landing.clone());
        }
        if !inside.held.kid_fetches.is_left(asker, now_s, every_s) {
            return None;
        }
        inside.held.kid_fetches.take(asker, now_s, every_s);
        Some(self.take_off(slot, &mut inside))
    }

    /// Begins a fetch; what comes back ends with it.
    fn take_off(&self, slot: &IssuerEntry, inside: &mut EntryState) -> Landing {
        let now_s = self.shared.clock.now_s();
        let number = Number(self.shared.number.fetch_add(1, Ordering::AcqRel) + 1);
        let (done, landing) = inside.take_off(number, now_s);
        let flight = self.shared.clone();
        tokio::spawn(flight.flight(slot.clone(), (number, now_s), done));
        landing
    }
}

/// Until the fetch has ended.
async fn landed(mut landing: Landing) {
    // Nothing is ever sent: the end is the error.
    while landing.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests;
