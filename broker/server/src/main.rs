//! The executable `locum`.
mod dev;
fn main() {}
