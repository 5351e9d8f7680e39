//! The executable `locum`.

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
#[cfg(test)]
mod tests;

/// An exchange makes thousands of small values: allocating them was a fifth of
/// its time with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    commands::main()
}
