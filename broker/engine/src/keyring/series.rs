//! Keys that take over from one another: of one use and one algorithm.

use locum_core::decide::RECEIPT_LIFE_S;
use locum_core::token::Alg;
use locum_stores::state::{KeyUse, SigningKeyEntry};
use std::fmt;

/// Most keys of one algorithm that sign tokens, will sign them, or have signed
/// what may still live: with four algorithms `/jwks` has at most 64, which is
/// what strict readers take of a key set.
pub(super) const KEYS_PER_ALG_MAX: usize = 16;
/// Most keys of receipts, for the same reason: they alone are `/receipts/jwks`.
pub(super) const RECEIPT_KEYS_MAX: usize = 64;

/// How long verifiers' clocks may lag, in milliseconds.
const SKEW_MS: u64 = 300 * 1_000;
/// How long an old key of tokens stays published, in milliseconds: as long as its
/// last token can live, and the skew.
pub(super) const OLD_FOR_MS: u64 = 3_600 * 1_000 + SKEW_MS;
/// The same of a key of receipts: as long as its last receipt can be checked.
pub(super) const OLD_RECEIPTS_FOR_MS: u64 = RECEIPT_LIFE_S * 1_000 + SKEW_MS;

/// Keys that take over from one another: of one use and one algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    /// What they sign.
    pub key_use: KeyUse,
    /// How.
    pub alg: Alg,
}

impl Series {
    /// The one series of receipts. EdDSA, so that a key of receipts is told from
    /// those that sign most tokens at a glance too.
    pub const RECEIPTS: Self = Self {
        key_use: KeyUse::Receipt,
        alg: Alg::EdDSA,
    };

    /// Of tokens.
    #[must_use]
    pub const fn tokens(alg: Alg) -> Self {
        Self {
            key_use: KeyUse::Token,
            alg,
        }
    }

    /// Every series that there may be.
    pub fn all() -> impl Iterator<Item = Self> {
        let tokens = Alg::ALL.into_iter().map(Self::tokens);
        tokens.chain([Self::RECEIPTS])
    }

    /// The one that a key belongs to.
    #[must_use]
    pub const fn of(entry: &SigningKeyEntry) -> Self {
        Self {
            key_use: entry.key_use,
            alg: entry.alg,
        }
    }

    /// How long an old key of it stays published, in milliseconds.
    pub(super) const fn old_for_ms(self) -> u64 {
        match self.key_use {
            KeyUse::Token => OLD_FOR_MS,
            KeyUse::Receipt => OLD_RECEIPTS_FOR_MS,
        }
    }

    /// Most keys of it that are published.
    pub(super) const fn keys_max(self) -> usize {
        match self.key_use {
            KeyUse::Token => KEYS_PER_ALG_MAX,
            KeyUse::Receipt => RECEIPT_KEYS_MAX,
        }
    }

    /// What its keys sign, in one word.
    pub(super) const fn signed(self) -> &'static str {
        match self.key_use {
            KeyUse::Token => "tokens",
            KeyUse::Receipt => "receipts",
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key_use {
            KeyUse::Token => write!(f, "{}", self.alg),
            KeyUse::Receipt => write!(f, "{} of receipts", self.alg),
        }
    }
}
