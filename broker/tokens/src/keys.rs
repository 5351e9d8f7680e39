//! Keys: ours to sign with, others' to verify with. Each is used with exactly
//! one algorithm (RFC 8725 §3.1); a key of others that does not name its own is
//! one key for each that fits it.

mod declared;
mod flaw;
mod jwk;
mod left_out;
mod set;
mod signing;
mod verifier;

pub use declared::JwksCheck;
pub use flaw::KeyFlaw;
pub use left_out::LeftOutKey;
pub use set::KeySet;
pub use signing::SigningKey;
pub(crate) use verifier::Name;

use locum_core::token::Alg;

/// Algorithms a kind of key can be used with.
const fn fitting(kind: jwk::KeyKind) -> &'static [Alg] {
    match kind {
        jwk::KeyKind::P256 => &[Alg::ES256],
        jwk::KeyKind::Ed25519 => &[Alg::EdDSA],
        jwk::KeyKind::Rsa => &[Alg::RS256, Alg::PS256],
    }
}

/// The algorithms a key can be used with: its `alg`, or those of `allowed` that
/// fit such a key.
fn algs(kind: jwk::KeyKind, named: Option<&str>, allowed: &[Alg]) -> Result<Vec<Alg>, KeyFlaw> {
    let named = match named {
        Some(name) => Some(Alg::parse(name).ok_or(KeyFlaw::Alg)?),
        None => None,
    };
    let fits = |alg: &Alg| allowed.contains(alg) && named.is_none_or(|named| named == *alg);
    let found: Vec<Alg> = fitting(kind).iter().copied().filter(fits).collect();
    if found.is_empty() {
        return Err(KeyFlaw::Alg);
    }
    Ok(found)
}

/// The one algorithm of a key of ours.
fn pin(kind: jwk::KeyKind, named: Option<&str>) -> Result<Alg, KeyFlaw> {
    match algs(kind, named, &Alg::ALL)?.as_slice() {
        [alg] => Ok(*alg),
        _ => Err(KeyFlaw::AlgUnclear),
    }
}

#[cfg(test)]
mod tests;
