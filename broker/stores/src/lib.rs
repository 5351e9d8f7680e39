//! What is remembered: the ledger, and the state folded from it.

pub mod claims;
mod embedded;
pub mod ledger;
pub mod state;
