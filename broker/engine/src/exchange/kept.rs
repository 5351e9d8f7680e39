//! Tokens that were verified lately, by SHA-256 of the whole token: one that
//! comes again costs a look at the clock, not a signature (architecture,
//! "One exchange").

use locum_core::generations::Generations;
use locum_core::registry::Issuer;
use locum_core::token::{Claims, TokenKind, Verified};
use locum_tokens::keys::KeySet;
use std::sync::Arc;

/// Tokens kept in each of two generations.
const KEPT: usize = 1_024;
/// Bytes of them in each.
const KEPT_BYTES: usize = 8 << 20;

/// A foreign token that was verified.
#[derive(Clone)]
pub(crate) struct Foreign {
    /// Its claims.
    pub(crate) token: Arc<Verified<Claims>>,
    /// Who issued it.
    pub(crate) issuer: Arc<Issuer>,
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Of the keys that verified it.
    pub(crate) generation: u64,
}

/// Foreign tokens, by the hash and how each was sent. An entry counts only while
/// its issuer is declared as it was and its keys are those that verified it; time
/// is looked at on every use.
pub(crate) type Foreigners = Generations<[u8; 32], Foreign>;

/// Tokens of ours, each with the keys that verified it: an entry counts only
/// while those are our keys.
pub(crate) type Own = Generations<[u8; 32], (Arc<Verified<Claims>>, Arc<KeySet>)>;

/// No tokens yet.
pub(crate) fn none<V: Clone>() -> Generations<[u8; 32], V> {
    Generations::within(KEPT, KEPT_BYTES)
}
