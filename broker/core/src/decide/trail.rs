//! The checks that were made, as they are recorded.

use serde::Serialize;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// It held.
    Passed,
    /// It did not; nothing after it was looked at.
    Failed,
}

/// One rung of the ladder as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The check's name.
    pub name: &'static str,
    /// How it ended.
    pub result: CheckResult,
}

/// The rungs so far.
pub type Trail = Vec<Check>;
