//! `locum dev`: the broker with the demo world beside it, on loopback, in one
//! process.

mod run;
mod seed;
mod settings;

pub(crate) use run::{DevOptions, command, start_anywhere};
