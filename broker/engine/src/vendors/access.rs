//! Access to vendors: the client that calls them, what each target's is able to do,
//! and credentials whose outcome is on its way to the record.

use super::check::ProfileCheck;
use super::ready::Ready;
use super::settings::{CA_FILE, VendorSettings};
use super::turns::Turns;
use crate::authorities;
use crate::unavailable::Unavailable;
use locum_ambient::Clock;
use locum_connectors::Prepared;
use locum_core::decide::{Leftover, VendorTerms};
use locum_core::ids::Jti;
use locum_core::lineage::Key;
use locum_core::registry::{FieldProblem, Snapshot, Target, TargetSpec};
use locum_outgoing::{Downstream, System};
use locum_stores::state::State;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The vendors.
pub struct Vendors {
    /// Calls them.
    pub client: Downstream,
    settings: VendorSettings,
    ready: Ready,
    /// Keyed hashes of credentials whose outcome is on its way to the record.
    arriving: Mutex<BTreeSet<Key>>,
    /// Refresh tokens that are on their way.
    pub(super) refreshing: Turns,
    /// Permits whose outcome could not be recorded: there may be a credential that
    /// nobody got. At most as many as there may be open permits.
    unwritten: Mutex<BTreeMap<Jti, Leftover>>,
    /// Something may have to be revoked at its vendor.
    pub(crate) stirred: Notify,
}

/// A credential that is being recorded: another of the same bytes is refused
/// meanwhile.
pub(crate) struct Arriving<'a> {
    all: &'a Mutex<BTreeSet<Key>>,
    print: Key,
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.print);
    }
}

impl Vendors {
    /// Vendors within these settings.
    ///
    /// # Errors
    /// When the HTTP client cannot be built, or the authorities not read.
    pub(crate) fn new(clock: Clock, settings: VendorSettings) -> Result<Self, Unavailable> {
        let roots = authorities::read(CA_FILE, settings.ca_file.as_deref());
        let roots = roots.map_err(Unavailable)?;
        let client = Downstream::new(settings.bounds(), Arc::new(System), roots, clock);
        Ok(Self {
            client: client.map_err(|e| Unavailable(format!("downstream: {e}")))?,
            settings,
            ready: Ready::default(),
            arriving: Mutex::default(),
            refreshing: Turns::default(),
            unwritten: Mutex::default(),
            stirred: Notify::new(),
        })
    }

    /// Reads the authorities again.
    ///
    /// # Errors
    /// What is wrong with them; then those of before stay.
    pub fn reload(&self) -> Result<(), String> {
        let file = self.settings.ca_file.as_deref();
        let roots = authorities::read(CA_FILE, file)?;
        self.client.believe(roots);
        Ok(())
    }

    /// The connector of a target, checked against its profile; `None` where Locum
    /// signs.
    ///
    /// # Errors
    /// What is wrong with it, each with its pointer into the target.
    pub fn prepared(
        &self,
        spec: &Snapshot<TargetSpec>,
    ) -> Result<Option<Arc<Prepared>>, Vec<FieldProblem>> {
        self.ready.of(self.check(), spec)
    }

    /// The check of connectors.
    #[must_use]
    pub const fn check(&self) -> ProfileCheck {
        ProfileCheck {
            plain_to_loopback: self.settings.plain_to_loopback,
        }
    }

    /// Whether any target's vendor is shown what a published key of ours signs.
    pub(crate) fn need_published_key(&self, state: &State) -> bool {
        let prepared = state.registry.targets();
        let mut prepared = prepared.filter_map(|target| self.prepared(&target.spec).ok().flatten());
        prepared.any(|prepared| prepared.needs_published_key())
    }

    /// Unix seconds at which a credential that may have been made now ends by itself;
    /// `None`: nobody knows.
    pub(crate) fn ends_s(
        &self,
        target: &Snapshot<TargetSpec>,
        permit_s: u32,
        now_s: u64,
    ) -> Option<u64> {
        let prepared = self.prepared(target).ok().flatten()?;
        let life_s = prepared.terms().able.life_s(permit_s)?;
        Some(now_s.saturating_add(life_s.into()))
    }

    /// Keeps what is to be recorded of a permit whose outcome could not be.
    pub(crate) fn keep_unwritten(&self, jti: Jti, leftover: Leftover) {
        self.all_unwritten().insert(jti, leftover);
    }

    /// What could not be recorded so far.
    pub(super) fn unwritten(&self) -> Vec<(Jti, Leftover)> {
        let all = self.all_unwritten();
        all.iter().map(|(jti, left)| (*jti, left.clone())).collect()
    }

    /// It is on record now.
    pub(super) fn written(&self, jti: Jti) {
        self.all_unwritten().remove(&jti);
    }

    fn all_unwritten(&self) -> MutexGuard<'_, BTreeMap<Jti, Leftover>> {
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How a credential of the target would come out.
    pub(crate) fn terms(&self, state: &State, target: &Target) -> VendorTerms {
        if state.handed.is_full() && target.spec.connector.downstream().is_some() {
            return VendorTerms::Full;
        }
        match self.prepared(&target.spec) {
            Ok(None) => VendorTerms::NotAsked,
            Ok(Some(prepared)) => VendorTerms::On(prepared.terms()),
            Err(_) => VendorTerms::Unusable,
        }
    }

    /// Keeps a credential's hash to itself until its outcome is on record; `None`
    /// where the same one was handed out already, or is on its way.
    pub(crate) fn arriving(&self, state: &State, print: Key) -> Option<Arriving<'_>> {
        let mut all = self.arriving.lock().unwrap_or_else(PoisonError::into_inner);
        let known = state.knows_credential(&print);
        (!known && all.insert(print)).then(|| Arriving {
            all: &self.arriving,
            print,
        })
    }
}
