//! The executable `locum`.

mod admin;
mod app;
mod backup;
mod bounds;
mod changing;
mod commands;
mod config;
mod deciding;
mod dev;
#[cfg(test)]
mod generated;
mod introspect;
mod issuer_keys;
mod keyring;
mod metadata;
mod mode;
#[cfg(test)]
mod model;
mod oauth;
mod operations;
mod process;
mod rate;
mod recall;
mod references;
mod revoke;
mod router;
mod serve;
mod setup;
mod signals;
mod start;
mod token;
mod tour;
mod vault;

/// An exchange makes thousands of small values: allocating them was a fifth of
/// its time with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    commands::main()
}
