//! Something that Locum needs is not there.

use locum_core::refusal::{Code, Refusal};
use locum_stores::ledger::AppendError;

/// Something Locum needs is not there: always 503, never a yes. The text is
/// for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

impl From<AppendError> for Unavailable {
    fn from(error: AppendError) -> Self {
        Self(format!("ledger: {error}"))
    }
}

/// The refusal for what Locum needs and cannot have.
#[must_use]
pub fn unavailable() -> Refusal {
    Refusal::new(
        Code::Unavailable,
        "expected everything the decision needs to be available, found a part that is not; try again in a second, and report the request id to the operator if it goes on",
    )
}
