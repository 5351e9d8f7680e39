//! `locum serve`: the broker in production, from `locum.toml` (contract §14).

pub(crate) mod files;
mod reload;
mod rotate;
mod run;

pub(crate) use run::command;

/// Why the broker does not start, or a command fails: one sentence.
pub(crate) type Flaw = Box<dyn std::error::Error + Send + Sync>;
