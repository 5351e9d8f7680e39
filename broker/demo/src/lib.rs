//! The demo world (contract §3): a demo identity provider, a demo workload
//! issuer, demo targets on a second loopback listener, emulators of real systems
//! on listeners of their own, the facts that make them known to the broker, the
//! ready file, and the tour through all of it. It stands beside the broker and is
//! no part of it.

pub mod banner;
mod cast;
pub mod certificates;
pub mod emulators;
pub mod env;
pub mod facts;
mod form;
mod host;
mod idp;
mod keys;
pub mod places;
pub mod pointer;
mod policies;
pub mod ready;
pub mod serve;
pub mod started;
mod targets;
pub mod tour;
mod workloads;
pub mod world;

#[cfg(test)]
mod test_world;

use emulators::PerEmulator;
use std::path::PathBuf;
use std::sync::Arc;

/// Says what time it is, in seconds since 1970.
pub type DemoClock = dyn Fn() -> u64 + Send + Sync;
/// Fills a buffer with bytes nobody can guess.
pub type DemoRandomness = dyn Fn(&mut [u8]) + Send + Sync;

/// Time and randomness, handed in: neither is taken from the machine here.
#[derive(Clone)]
pub struct Ambient {
    /// The clock.
    pub now: Arc<DemoClock>,
    /// The source of what nobody can guess.
    pub fill: Arc<DemoRandomness>,
}

/// Where the dev world answers. No trailing slashes.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Locum's issuer, `http://127.0.0.1:8420`.
    pub issuer: String,
    /// The listener of the demo issuers and targets, `http://127.0.0.1:8421`.
    pub demo: String,
    /// The operations listener, `http://127.0.0.1:8423`.
    pub operations: String,
    /// The emulators' listeners.
    pub emulators: PerEmulator<String>,
    /// Who vouches for all of it, over https; `None` over http.
    pub ca: Option<DevAuthority>,
}

/// The throw-away authority of a dev world over https.
#[derive(Debug, Clone)]
pub struct DevAuthority {
    /// Its certificate.
    pub file: PathBuf,
    /// The same, as PEM.
    pub pem: String,
}

impl Addresses {
    /// `iss` of the demo identity provider.
    pub fn idp(&self) -> String {
        format!("{}/idp", self.demo)
    }

    /// `iss` of the demo workload issuer.
    pub fn workloads(&self) -> String {
        format!("{}/workloads", self.demo)
    }

    /// Address of a demo target.
    pub fn target(&self, id: &str) -> String {
        format!("{}/{id}", self.demo)
    }
}
