//! Bytes in, proofs out: reading, verifying and signing tokens.
//!
//! Formats (JWK, JWS) are josekit's, arithmetic is aws-lc's, and the rules
//! about claims are `locum-core`'s. josekit never reads a foreign token here:
//! what arrives goes through `locum_core::token::Unverified`.

pub mod keys;
pub mod mac;
pub mod seal;
pub mod secrets;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod upstream;
