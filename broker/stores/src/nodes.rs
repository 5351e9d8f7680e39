//! The seam `Nodes`: who else there is, and how well the store is reached.

use crate::Coming;
use std::collections::BTreeSet;

/// A node as the others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeView {
    /// Its name.
    pub node: String,
    /// The tree of its decisions.
    pub tree: String,
    /// The version of Locum that it runs.
    pub version: String,
    /// The newest format that it reads.
    pub format: u32,
    /// Changes that it has not folded yet.
    pub behind: u64,
    /// When it was last heard of, Unix milliseconds.
    pub seen_ms: u64,
    /// Whether it says that it is ready.
    pub ready: bool,
    /// Whether it was heard of lately.
    pub live: bool,
}

/// How well the store is reached. Durations in milliseconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoreView {
    /// Why this node answers nothing; `None` while it does.
    pub flaw: Option<String>,
    /// What an operator should know though the node answers.
    pub warnings: Vec<String>,
    /// How old the state may be.
    pub age_ms: u64,
    /// Changes not yet folded here.
    pub behind: u64,
    /// Replicas that had the newest heartbeat.
    pub replicas_acked: u64,
    /// Records that were put back into a store which had lost them.
    pub republished: u64,
    /// How long changes made here took until every live node had them: how many up to
    /// each of [`PROPAGATION_BOUNDS_S`] and beyond, and the sum in seconds.
    pub propagation: (Vec<u64>, f64),
}

/// Bounds of the histogram of propagation, in seconds.
pub const PROPAGATION_BOUNDS_S: [f64; 8] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0];

/// Who else there is.
pub trait Nodes: Send + Sync {
    /// All nodes that are known, this one among them, by name.
    fn all(&self) -> Vec<NodeView>;

    /// How many live, this one among them.
    fn live(&self) -> u32;

    /// How well the store is reached; `None` where there is none.
    fn store(&self) -> Option<StoreView>;

    /// Tells the others whether this node is ready.
    fn ready(&self, ready: bool);

    /// Tells the others what the files of this node declare: of each object its
    /// collection and id, with a slash between.
    fn declares(&self, objects: BTreeSet<String>);

    /// Answers another node that asks for records; `None` for who is none.
    fn answer(&self, asked: Vec<u8>) -> Coming<'_, Option<Vec<u8>>>;

    /// Whether the files of another node declare that.
    fn declared_elsewhere(&self, object: &str) -> bool;
}
