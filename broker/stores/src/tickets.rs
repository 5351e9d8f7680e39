//! The seam `Tickets`: what is kept for a short while under a secret name, such
//! as a pushed request, a code or a session. Nothing of it is a record.

#[cfg(test)]
pub(crate) mod suite;

use crate::Coming;

/// The name of a ticket: a hash of the secret that its holder has.
pub type TicketKey = [u8; 32];

/// Whose tickets are counted together.
pub type TicketOwner = [u8; 16];

/// What is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its name.
    pub key: TicketKey,
    /// Whose it is.
    pub owner: TicketOwner,
    /// What is kept; it may be secret.
    pub bytes: Vec<u8>,
    /// Unix seconds at which it is over.
    pub until_s: u64,
}

/// How many are kept at most.
#[derive(Debug, Clone, Copy)]
pub struct TicketBounds {
    /// Tickets of one owner.
    pub of_one: usize,
    /// Tickets in all.
    pub in_all: usize,
    /// Bytes of all, without what a backend keeps beside each.
    pub bytes: usize,
}

/// Why nothing is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// That name is taken.
    #[error("expected a name that is not taken, found one that is")]
    Taken,
    /// The owner has as many as one may have.
    #[error("expected fewer tickets of one owner, found too many")]
    OwnerFull,
    /// There is no room for more, by count or by bytes.
    #[error("expected fewer tickets in all, found too many")]
    Full,
    /// Where they are kept cannot be reached.
    #[error("expected a store that keeps tickets, found none that answers")]
    Unavailable,
}

/// Where tickets are kept cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a store that keeps tickets, found none that answers")]
pub struct TicketsUnavailable;

/// The bytes of a ticket, if there is one.
pub type KeptBytes = Result<Option<Vec<u8>>, TicketsUnavailable>;

/// What is kept for a short while. Times are Unix seconds.
pub trait Tickets: Send + Sync {
    /// Keeps a ticket until it is over.
    fn put(&self, ticket: Ticket, now_s: u64) -> Coming<'_, Result<(), NotKept>>;

    /// Its bytes, while it lasts.
    fn get(&self, key: TicketKey, now_s: u64) -> Coming<'_, KeptBytes>;

    /// Its bytes for whoever comes first: it is gone then.
    fn take(&self, key: TicketKey, now_s: u64) -> Coming<'_, KeptBytes>;
}
