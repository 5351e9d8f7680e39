//! Why a command fails.

/// Why the broker does not start, or a command fails: one sentence.
pub(crate) type Flaw = Box<dyn std::error::Error + Send + Sync>;
