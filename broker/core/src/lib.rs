//! Decisions: names, narrowing, chain, `decide()`, refusals, ledger record
//! bytes and hashes. No clock, randomness, network or store: time, randomness
//! and the world are arguments.

pub mod ids;
pub mod jcs;
pub mod json;
pub mod policy;
pub mod record;
pub mod scope;
pub mod secret;
pub mod token;
