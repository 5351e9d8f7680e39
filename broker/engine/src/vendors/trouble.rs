//! Targets whose vendor is not called for a while.

use super::access::Vendors;
use locum_core::ids::TargetId;
use locum_outgoing::{BreakerState, TargetState};
use locum_stores::state::State;

/// A target whose vendor is not called for a while, and what stands with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorTrouble {
    /// The target.
    pub target: TargetId,
    /// What stands with its calls.
    pub state: TargetState,
}

/// All of them.
#[must_use]
pub fn troubles(vendors: &Vendors, state: &State) -> Vec<VendorTrouble> {
    let targets = state.registry.targets();
    let asked = targets.filter(|target| target.spec.connector.downstream().is_some());
    let each = asked.map(|target| VendorTrouble {
        target: target.id.clone(),
        state: vendors.client.state(target.id.as_str()),
    });
    each.filter(VendorTrouble::holds_back).collect()
}

impl VendorTrouble {
    fn holds_back(&self) -> bool {
        self.state.breaker != BreakerState::Closed || self.state.left_alone_s > 0
    }
}
