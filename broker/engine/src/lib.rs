//! The verbs of the broker: exchange, introspect, revoke, change, with our keys
//! and others'. Nothing here knows that it is served over HTTP, apart from the
//! headers in which clients authenticate (RFC 6749 §2.3.1).

mod appending;
pub mod authorities;
pub mod bounds;
pub mod broker;
mod deciding;
pub mod declared;
pub mod exchange;
mod in_force;
pub mod introspect;
pub mod issuer_keys;
pub mod keyring;
pub mod moment;
pub mod oauth;
pub mod open;
mod rate;
pub mod read;
pub mod recall;
pub mod records;
pub mod references;
pub mod revocations;
pub mod revoke;
pub mod secrets;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod times;
pub mod unavailable;
pub mod upstream_secrets;
pub mod vault;
pub mod vendors;
