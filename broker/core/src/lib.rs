//! Decisions: names, narrowing, chain, decide(), refusals, record bytes.

pub mod details;
