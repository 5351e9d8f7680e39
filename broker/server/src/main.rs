//! The executable `locum`.

mod ambient;
mod app;
mod dev;
mod keyring;
mod trust;
mod vault;

fn main() {}
