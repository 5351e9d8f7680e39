//! The executable `locum`.

mod admin;
mod ambient;
mod app;
mod dev;
mod keyring;
mod trust;
mod vault;

fn main() {}
