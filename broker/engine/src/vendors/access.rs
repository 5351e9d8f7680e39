//! Access to vendors: the client that calls them, what each target's is able to do,
//! and credentials whose outcome is on its way to the record.

use super::check::ProfileCheck;
use super::settings::{CA_FILE, VendorSettings};
use super::turns::Turns;
use crate::authorities;
use crate::unavailable::Unavailable;
use locum_ambient::Clock;
use locum_connectors::Prepared;
use locum_core::decide::VendorTerms;
use locum_core::lineage::Key;
use locum_core::registry::{FieldProblem, Target, TargetSpec};
use locum_outgoing::{Downstream, System};
use locum_stores::state::{HANDED_MAX, State};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// The vendors.
pub struct Vendors {
    /// Calls them.
    pub client: Downstream,
    settings: VendorSettings,
    /// Keyed hashes of credentials whose outcome is on its way to the record.
    arriving: Mutex<BTreeSet<Key>>,
    /// Refresh tokens that are on their way.
    pub(super) refreshing: Turns,
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
            arriving: Mutex::default(),
            refreshing: Turns::default(),
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
    pub fn prepared(&self, spec: &TargetSpec) -> Result<Option<Prepared>, Vec<FieldProblem>> {
        self.check().prepared(spec)
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

    /// How a credential of the target would come out.
    pub(crate) fn terms(&self, state: &State, target: &Target) -> VendorTerms {
        if state.handed.len() >= HANDED_MAX && target.spec.connector.downstream().is_some() {
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
        let known = state.handed.by_fingerprint(&print).is_some();
        (!known && all.insert(print)).then(|| Arriving {
            all: &self.arriving,
            print,
        })
    }
}
