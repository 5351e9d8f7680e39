//! Why a node does not join.

/// Why a node does not join: what an operator has to see to first.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct CannotJoin(pub String);
