//! `locum serve`: the broker in production, from `locum.toml` (contract §14).

mod files;
mod reload;
mod rotate;
mod run;
pub(crate) mod serving;
mod waiting;

pub(crate) use run::command;
