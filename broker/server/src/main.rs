//! The executable `locum`.

mod ambient;
mod app;
mod dev;
mod keyring;
mod recall;
mod trust;
mod vault;

fn main() {}
