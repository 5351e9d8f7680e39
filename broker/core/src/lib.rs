//! Decisions: names, narrowing, chain, `decide()`, refusals, ledger record
//! bytes and hashes. No clock, randomness, network or store: time, randomness
//! and the world are arguments.

pub mod chain;
pub mod decide;
pub mod details;
pub mod expiring;
pub mod generations;
pub mod handout;
pub mod ids;
pub mod jcs;
pub mod json;
pub mod lineage;
pub mod nearest;
pub mod own;
pub mod party;
pub mod policy;
pub mod proof;
pub mod record;
pub mod refusal;
pub mod registry;
pub mod scope;
pub mod secret;
pub mod standing;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod token;
