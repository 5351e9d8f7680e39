//! A broker with the demo world around it, started by whoever puts both together.

use crate::Addresses;
use serde_json::Value;
use std::path::PathBuf;
use std::pin::Pin;

/// Why the demo world does not start, or not end well: one sentence.
pub type DemoFlaw = Box<dyn std::error::Error + Send + Sync>;

/// What comes of it in its own time.
pub type Promised<T> = Pin<Box<dyn Future<Output = Result<T, DemoFlaw>> + Send>>;

/// A broker that runs, with the demo world around it.
pub trait Started: Send {
    /// Where everything answers.
    fn at(&self) -> &Addresses;

    /// The ready file's content.
    fn ready(&self) -> &Value;

    /// How many records its ledger has.
    fn records(&self) -> u64;

    /// The broker's time, Unix seconds.
    fn now_s(&self) -> u64;

    /// Stops: no new connection, what is under way ends, the ledger is closed.
    fn stop(self: Box<Self>) -> Promised<()>;
}

/// Starts one on a data folder, on any free ports.
pub type Start = fn(PathBuf) -> Promised<Box<dyn Started>>;
