//! A broker in a test's own process.

use crate::bounds::Bounds;
use crate::broker::Broker;
use crate::issuer_keys::TrustSettings;
use crate::open::{BrokerSettings, Folder, Surroundings, open};
use crate::vendors::VendorSettings;
use locum_ambient::{Clock, Randomness};
use std::path::Path;
use std::sync::Arc;

/// A broker on a data folder, up to where keys are seen to. It trusts servers on
/// loopback without TLS.
///
/// # Panics
/// When the folder does not open.
#[expect(clippy::unwrap_used, reason = "for tests")]
#[must_use]
pub fn broker(data: &Path, clock: Clock) -> Arc<Broker> {
    let settings = BrokerSettings {
        issuer: "https://broker.example".to_owned(),
        bounds: Bounds::default(),
        trust: TrustSettings::dev(),
        vendors: VendorSettings::default(),
        node: "test".to_owned(),
        version: "0".to_owned(),
    };
    let surroundings = Surroundings {
        clock,
        random: Randomness::new(),
        metrics: Arc::default(),
    };
    open(&Folder::new(data), &[7; 32], settings, surroundings).unwrap()
}
