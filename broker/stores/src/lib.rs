//! What is remembered: the ledger, and the state folded from it.

pub mod ledger;
pub mod state;
