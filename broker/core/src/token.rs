//! Tokens: from bytes that claim something to claims that were checked.
//!
//! [`Unverified`] is what arrived. [`verify`] alone turns it into
//! [`Verified<Claims>`], given an [`Expectation`] with every field filled in
//! and a [`SignatureCheck`] that holds the issuer's keys. Arithmetic and key
//! formats are elsewhere; every rule about a claim is here.
//!
//! What the seal does not cover: whoever hands in a `SignatureCheck` that
//! always agrees gets what it asked for. The only one outside tests is the key
//! set of `locum-tokens`.

mod alg;
mod claims;
mod demands;
mod expectation;
mod flaw;
mod kind;
mod spiffe;
mod unverified;
mod verify;

pub use alg::Alg;
pub use claims::{Claims, DATE_MAX, NAME_MAX};
pub use expectation::{Audiences, Demands, Expectation, IssuerRule, TokenKind, TypRule};
pub use flaw::TokenFlaw;
pub use spiffe::{is_trust_domain, trust_domain};
pub use unverified::{TOKEN_MAX, Unverified};
pub use verify::{Kid, SignatureCheck, SignatureFlaw, Verified, verify};

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
