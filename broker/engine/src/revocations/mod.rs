//! What a revocation or a lock names, and whom it stops.

pub mod affected;
mod permit;
pub mod what;
