//! The backend in this process: the seams over one ledger and the state folded
//! from it.

mod changes;
mod claims;
mod decisions;
mod nodes;
mod tickets;

pub use changes::EmbeddedChanges;
pub use decisions::EmbeddedDecisions;
pub(crate) use decisions::{Looked, permit, range};
pub use nodes::Alone;
pub use tickets::EmbeddedTickets;

#[cfg(test)]
mod tests;
