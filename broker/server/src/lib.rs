//! The executable `locum` as a library: its command line, and what is tested from
//! outside of it.

mod app;
mod commands;
mod config;
#[cfg(feature = "demo")]
mod dev;
mod flaw;
mod metadata;
mod mode;
#[cfg(test)]
mod model;
mod oauth;
mod operations;
mod process;
mod router;
mod serve;
mod setup;
mod signals;
mod start;
mod store;
#[cfg(test)]
mod tests;

#[cfg(feature = "testing")]
pub use config::testing;

/// Memory is counted in tests as the executable has it.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the command line.
#[must_use]
pub fn main() -> std::process::ExitCode {
    commands::main()
}
