#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
mod bench;
mod cache;
mod failing;
mod guard;
mod kept;
mod report;
mod unknown;
