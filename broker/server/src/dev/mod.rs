//! The dev world (contract §3): a demo identity provider, a demo workload
//! issuer, demo targets on a second loopback listener, the facts that make
//! them known to the broker, and the ready file. No part of `serve`.

use std::sync::Arc;

pub(crate) mod banner;
pub(crate) mod cast;
pub(crate) mod env;
pub(crate) mod facts;
pub(crate) mod files;
mod form;
mod host;
mod idp;
mod keys;
pub(crate) mod places;
pub(crate) mod pointer;
mod policies;
pub(crate) mod ready;
pub(crate) mod run;
mod seed;
pub(crate) mod serve;
mod targets;
mod workloads;
pub(crate) mod world;

#[cfg(test)]
mod test_world;

/// Says what time it is, in seconds since 1970.
pub(crate) type Clock = dyn Fn() -> u64 + Send + Sync;
/// Fills a buffer with bytes nobody can guess.
pub(crate) type Randomness = dyn Fn(&mut [u8]) + Send + Sync;

/// Time and randomness, handed in: neither is taken from the machine here.
#[derive(Clone)]
pub(crate) struct Ambient {
    /// The clock.
    pub(crate) now: Arc<Clock>,
    /// The source of what nobody can guess.
    pub(crate) fill: Arc<Randomness>,
}

/// Where the dev world answers. No trailing slashes.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// Locum's issuer, `http://127.0.0.1:8420`.
    pub(crate) issuer: String,
    /// The listener of the demo issuers and targets, `http://127.0.0.1:8421`.
    pub(crate) demo: String,
    /// The operations listener, `http://127.0.0.1:8423`.
    pub(crate) operations: String,
}

impl Addresses {
    /// `iss` of the demo identity provider.
    pub(crate) fn idp(&self) -> String {
        format!("{}/idp", self.demo)
    }

    /// `iss` of the demo workload issuer.
    pub(crate) fn workloads(&self) -> String {
        format!("{}/workloads", self.demo)
    }

    /// Address of a demo target.
    pub(crate) fn target(&self, id: &str) -> String {
        format!("{}/{id}", self.demo)
    }
}
