//! Vendors that hand credentials out: how each target's is asked, and that what
//! it hands out is handed on once (contract §15).

mod aid;
mod asking;
mod check;
mod ending;
mod handle;
mod held;
pub mod revoking;
mod settings;
mod shown;

pub(crate) use asking::{Asked, NotHandedOut, ask};
pub use check::ProfileCheck;
pub(crate) use handle::seal;
pub(crate) use held::held;
pub use locum_connectors::{Profile, profiles};
pub use settings::{CA_FILE, VendorSettings};
pub use shown::{CredentialShown, RevocationShown, credential};

use crate::authorities;
use crate::broker::Broker;
use crate::unavailable::Unavailable;
use locum_ambient::Clock;
use locum_connectors::Prepared;
use locum_core::decide::VendorTerms;
use locum_core::lineage::{Key, Keyed};
use locum_core::registry::{FieldProblem, Target, TargetSpec};
use locum_core::secret::Secret;
use locum_outgoing::{CallFlaw, Downstream, System, TargetState};
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
        let roots = authorities::read(settings::CA_FILE, settings.ca_file.as_deref());
        let roots = roots.map_err(Unavailable)?;
        let client = Downstream::new(settings.bounds(), Arc::new(System), roots, clock);
        Ok(Self {
            client: client.map_err(|e| Unavailable(format!("downstream: {e}")))?,
            settings,
            arriving: Mutex::default(),
            stirred: Notify::new(),
        })
    }

    /// Reads the authorities again.
    ///
    /// # Errors
    /// What is wrong with them; then those of before stay.
    pub fn reload(&self) -> Result<(), String> {
        let file = self.settings.ca_file.as_deref();
        let roots = authorities::read(settings::CA_FILE, file)?;
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

/// The keyed hash by which a credential is found (contract §15, `fingerprint`).
pub(crate) fn fingerprint(broker: &Broker, credential: &Secret<String>) -> Key {
    broker.records.names.hash("credential", credential.expose())
}

/// Targets whose calls stand still, for `/readyz?verbose` and metrics.
pub fn troubled(broker: &Broker) -> Vec<(String, TargetState)> {
    let state = broker.records.state.read();
    let asked = |target: &&Arc<Target>| target.spec.connector.downstream().is_some();
    let names = state.registry.targets().filter(asked);
    let named = names.map(|target| target.id.to_string());
    let all = named.map(|id| {
        let found = broker.vendors.client.state(&id);
        (id, found)
    });
    all.collect()
}

/// What a call that brought no answer is called in the log: no address, nothing
/// of what was sent.
fn told(flaw: &CallFlaw) -> String {
    format!("{} ({})", flaw, flaw.why.name())
}
