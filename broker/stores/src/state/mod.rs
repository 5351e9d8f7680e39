//! What is known now, folded from the ledger: the registry, locks and
//! revocations, secrets' hashes, replay marks, use counters. Nothing here is
//! written anywhere else: losing it costs a replay and no fact.

mod change;
mod credentials;
mod entries;
mod fold;
mod idempotency;
mod marks;
mod shared;
mod snapshot;
mod veil;

pub use change::{Author, CHANGE, Change, draft};
pub use credentials::Credentials;
pub use entries::{
    Credential, KeyState, LockEntry, Policies, RevocationEntry, Role, SecretHash, SigningKeyEntry,
};
pub use fold::State;
pub use idempotency::{REMEMBERED_S, Remembered};
pub use marks::{Marks, Replayed};
pub use shared::Shared;

#[cfg(test)]
mod tests;
