//! What is known now, folded from the ledger: the registry, locks and
//! revocations, secrets' hashes, replay marks, use counters. Nothing here is
//! written anywhere else: losing it costs a replay and no fact.

mod ages;
mod all_handed;
mod blocks;
mod canonical;
mod change;
mod credentials;
mod entries;
mod fold;
mod handed;
mod idempotency;
mod keys;
pub(crate) mod many;
mod marks;
mod others;
mod parties;
mod personal;
mod seen;
mod shared;
mod snapshot;
mod stops;

pub use ages::TokenAges;
pub use blocks::Blocks;
pub use change::{Author, CHANGE, Change, Changed, draft, read as changes};
pub use credentials::Credentials;
pub use entries::{
    AdminCredential, KeyState, KeyUse, LockEntry, NamedKey, Policies, RevocationEntry, Role,
    SigningKeyEntry, StoredSecret,
};
pub use fold::State;
pub use handed::{Awaiting, HANDED_MAX, HandedOut, HandedOutEntry};
pub use idempotency::{REMEMBERED_S, Remembered};
pub use keys::RETIRED_KEYS_MAX;
pub use marks::{Marks, Replayed};
pub use others::OthersHanded;
pub use parties::Parties;
pub use seen::AheadTokens;
pub use shared::Shared;

#[cfg(test)]
mod tests;
