//! The seam `Claims`: what must be taken before a decision, so that it is taken
//! once, whoever else asks for it at the same moment. Nothing of it is a record:
//! the record of a decision makes a claim one for good.

#[cfg(test)]
pub(crate) mod suite;

use crate::Coming;
use crate::changes::Turn;
use locum_core::ids::GrantId;

/// The mark of an assertion or proof that may be used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its key.
    pub key: [u8; 16],
    /// Hash of the request that holds it.
    pub request: [u8; 32],
    /// Unix seconds until which it counts.
    pub until_s: u64,
    /// Unix seconds at which what it is of was issued.
    pub issued_s: u64,
}

/// Why nothing is claimed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotClaimed {
    /// Somebody has it, or had it.
    #[error("expected something that was not used before, found that it was")]
    Taken,
    /// There is no room for more.
    #[error("expected fewer tokens that are ahead of the clock, found too many")]
    Full,
    /// Whether anybody has it cannot be known.
    #[error("expected word whether it was used before, found none: {0}")]
    Unknown(String),
}

/// What must be taken before a decision. Times are Unix.
pub trait Claims: Send + Sync {
    /// Takes a mark for its request. It fails where the mark is in use, was
    /// answered, or failed with another request.
    fn take(&self, mark: Mark, now_s: u64) -> Coming<'_, Result<(), NotClaimed>>;

    /// The request that took the mark ended in a fault with nothing obtained: the
    /// identical one may run again.
    fn failed(&self, key: [u8; 16]) -> Coming<'_, ()>;

    /// Takes one use of a grant; `false` where none can be used now.
    fn reserve(&self, grant: GrantId, now_s: u64) -> Coming<'_, Result<bool, NotClaimed>>;

    /// Gives a use back: it is sure that there is no record of it.
    fn release(&self, grant: GrantId) -> Coming<'_, ()>;

    /// The record gave a use of a grant back, and the mark of a request, by its key and the
    /// hash of that: the state knows already.
    fn returned(
        &self,
        grant: Option<GrantId>,
        mark: Option<([u8; 16], [u8; 32])>,
    ) -> Coming<'_, ()>;

    /// Takes what may be had once, such as a credential that a vendor handed out; `false`
    /// where somebody had it. It counts until that second.
    fn once(&self, key: [u8; 16], until_s: u64, now_s: u64)
    -> Coming<'_, Result<bool, NotClaimed>>;

    /// Waits for what one may have at a time, such as the right to send a refresh token;
    /// it is had until the answer is dropped, and the state here has all that was changed
    /// before.
    fn hold(&self, key: [u8; 16]) -> Coming<'_, Result<Turn, NotClaimed>>;

    /// Remembers a token that came ahead of our clock, unless it was seen before;
    /// when it was first seen, in milliseconds. It fails where too many are
    /// remembered.
    fn see(
        &self,
        token: [u8; 16],
        now_ms: u64,
        until_s: u64,
    ) -> Coming<'_, Result<u64, NotClaimed>>;
}
