//! What several areas do together, in process.

mod admin;
pub(crate) mod broker;
mod small_world;
mod time;

use crate::setup::Setup;
use locum_ambient::telemetry::Telemetry;
use locum_engine::bounds::Bounds;
use locum_engine::issuer_keys::TrustSettings;
use locum_engine::vendors::VendorSettings;

/// A broker that trusts servers on loopback, without files.
pub(crate) fn setup() -> Setup {
    Setup {
        bounds: Bounds::default(),
        trust: TrustSettings::dev(),
        vendors: VendorSettings::default(),
        telemetry: Telemetry::default(),
        rotate_days: 90,
        grants_by_administrator: true,
        issuer_path: String::new(),
        admin_apart: false,
        certificates: None,
        reload: None,
        node: "test".into(),
    }
}
