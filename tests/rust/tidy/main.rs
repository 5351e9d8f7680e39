//! House rules that no compiler checks (architecture, "Rooms").
//!
//! `LOCUM_BLESS=1 cargo test -p locum-tests errors` writes `docs/errors.md`
//! anew.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod attacks;
mod attributes;
mod circles;
mod connectors;
mod contract;
mod docs;
mod errors;
mod examples;
mod functions;
mod headings;
mod lexer;
mod limits;
mod links;
mod names;
mod paths;
mod places;
mod redis;
mod rooms;
mod sizes;
mod tree;
mod words;
