//! A client that proved itself.

use crate::records::Records;
use locum_core::decide::SeenMark;
use locum_core::proof::{Authenticated, Caller};

/// A client that proved itself in this request.
pub struct Proven {
    /// The client.
    pub client: Authenticated<Caller>,
    /// The replay mark taken, if its proof is single-use.
    pub mark: Option<Mark>,
    /// For a proof that came ahead of our clock and may come again.
    pub(crate) seen: Option<SeenMark>,
}

/// A replay mark in flight.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// Its key.
    pub key: [u8; 16],
    /// Hash of the request that holds it.
    pub(crate) request: [u8; 32],
    /// Unix seconds until which it counts.
    pub until_s: u64,
}

impl Mark {
    /// The request ended in a fault with nothing obtained: the identical one
    /// may run again.
    pub fn failed(&self, records: &Records) {
        records.state.write().marks.failed(&self.key);
    }
}
