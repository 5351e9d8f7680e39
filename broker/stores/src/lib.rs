//! What is remembered: the ledger, the state folded from it, and the four seams
//! behind which a backend stands.

pub mod changes;
pub mod claims;
pub mod decisions;
pub mod embedded;
pub mod formats;
pub mod ledger;
pub mod nodes;
pub mod redis;
pub mod state;
pub mod tickets;

use std::pin::Pin;

/// What comes of a seam's verb in its own time.
pub type Coming<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
