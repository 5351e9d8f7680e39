//! The executable `locum`.

mod ambient;
mod app;
mod keyring;
mod trust;
mod vault;

fn main() {}
