//! The backend of many nodes: brokers of one issuer share a Redis and behave as
//! one (contract §16, docs/decisions/0010-many-nodes-on-one-redis.md). Redis is
//! trusted for order and availability only: what it holds is sealed, and each node
//! keeps the record on its own disk.

mod beat;
mod change_entry;
mod changes;
mod claims;
mod cluster;
mod copies;
mod decisions;
mod feed;
mod files;
mod flaw;
mod founding;
mod freshness;
mod heirs;
mod join;
mod keys;
mod lane;
mod link;
mod mirrors;
mod nodes;
mod order;
mod peers;
mod reading;
mod recovering;
mod repairing;
mod returning;
mod rows;
mod scripts;
mod seeding;
mod settings;
mod shipping;
mod tickets;

pub use flaw::CannotJoin;
pub use join::{Joining, is_alone, join};
pub use peers::{ANSWER_MAX, ASKED_MAX, PEER_PATH};
pub use repairing::repair;
pub use settings::{AskPeer, RedisSettings, Sealing, StoreSurroundings};

use crate::changes::Changes;
use crate::claims::Claims;
use crate::decisions::Decisions;
use crate::ledger::Ledger;
use crate::nodes::Nodes;
use crate::state::Shared;
use crate::tickets::Tickets;
use std::sync::Arc;

/// The four seams over a Redis, and who else there is.
pub struct RedisStore {
    /// The ledger of this node's own decisions.
    pub ledger: Ledger,
    /// What is known now.
    pub state: Shared,
    /// The one order of all changes.
    pub changes: Arc<dyn Changes>,
    /// What must be taken before a decision.
    pub claims: Arc<dyn Claims>,
    /// The decisions of all nodes.
    pub decisions: Arc<dyn Decisions>,
    /// What is kept for a short while.
    pub tickets: Arc<dyn Tickets>,
    /// Who else there is.
    pub nodes: Arc<dyn Nodes>,
    /// The journal of the changes of all nodes.
    pub journal: Ledger,
}

#[cfg(test)]
mod tests;
