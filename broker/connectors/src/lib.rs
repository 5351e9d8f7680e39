//! How a credential is obtained, without I/O, clock or randomness: a recorded
//! permit in, requests out, replies in, a credential out. One door for every
//! credential that leaves.
//!
//! A profile ([`profiles`]) is a row of data that says how one vendor is asked.
//! [`prepare`] checks a target against its profile; [`Prepared::begin`] writes
//! the request, [`Course::next`] reads the reply, and [`Prepared::revoke`] ends
//! what was handed out, where the vendor can do that. [`Prepared::probe`] asks
//! without a permit, for nothing.

mod aid;
mod course;
mod issue;
mod manner;
mod obtained;
mod order;
mod prepare;
mod probe;
mod profile;
mod profiles;
mod revoke;
mod saml;
mod sending;
mod session;
mod token;
mod trouble;
mod values;
mod wire;

pub use aid::{Aid, Certificate, KeyOf};
pub use course::{Course, Step};
pub use issue::{ConnectorFault, IssuedCredential, Signer, issue};
pub use obtained::{Handle, HandleFlaw, Obtained, Present};
pub use order::Order;
pub use prepare::{Prepared, SecretForm, SecretUse, prepare};
pub use probe::{Probe, Probed};
pub use profile::Profile;
pub use profiles::profiles;
pub use revoke::{Ended, Ending, RevokedAt};
pub use sending::Sending;
pub use trouble::{Trouble, Whose};
pub use wire::reply::request_id as vendor_request_id;

/// What only tests and fuzz targets call.
#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;
