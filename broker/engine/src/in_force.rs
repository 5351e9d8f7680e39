//! The policies in force.

use locum_policy::Bundle;
use locum_stores::state::{Changed, Shared};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The policies in force; replaced whole, when others are on record.
pub struct PoliciesInForce {
    now: RwLock<Arc<Bundle>>,
    /// One that was loaded to be checked, and is about to be recorded.
    checked: Mutex<Option<Bundle>>,
}

impl PoliciesInForce {
    /// Those of a start.
    pub(crate) fn new(bundle: Bundle) -> Self {
        Self {
            now: RwLock::new(Arc::new(bundle)),
            checked: Mutex::default(),
        }
    }

    /// The bundle in force.
    #[must_use]
    pub fn bundle(&self) -> Arc<Bundle> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.clone()
    }

    /// Keeps a bundle that is about to be recorded, so that it need not be loaded
    /// again.
    pub fn checked(&self, bundle: Bundle) {
        *self.checked.lock().unwrap_or_else(PoisonError::into_inner) = Some(bundle);
    }

    /// Catches up with a change that is on record and in the state.
    pub(crate) fn follow(&self, changed: &Changed, state: &Shared) {
        if !changed.policies {
            return;
        }
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let checked = checked.take();
        let recorded = state.read().policies.bundle.clone();
        if checked.is_none() && self.bundle().address() == recorded {
            return;
        }
        let bundle = match checked.filter(|bundle| bundle.address() == recorded) {
            Some(bundle) => Ok(bundle),
            None => {
                let files = state.read().policies.files.clone();
                Bundle::accepted(&files)
            }
        };
        match bundle {
            Ok(bundle) => {
                *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(bundle);
            }
            // The published schema itself does not load: then no bundle ever did.
            Err(flaw) => tracing::error!(%flaw, "the policies of before stay in force"),
        }
    }
}
