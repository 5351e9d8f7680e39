//! The executable `locum`.
fn main() {}
