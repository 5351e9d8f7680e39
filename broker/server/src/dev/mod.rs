//! `locum dev`: the broker with the demo world beside it, on loopback, in one
//! process.

mod run;
mod seed;
mod settings;
mod sockets;

pub(crate) use run::{DevManner, DevOptions, command, start_anywhere};
