//! What is wrong with a configuration, in one sentence.

use std::path::{Path, PathBuf};

/// Why a configuration is refused. Values are not repeated: one may be a
/// secret in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", file.display())]
pub(crate) struct ConfigFlaw {
    /// The file it is about.
    pub(crate) file: PathBuf,
    /// What was expected and found.
    pub(crate) detail: String,
}

impl ConfigFlaw {
    /// A flaw of that file.
    pub(crate) fn new(file: &Path, detail: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            detail: detail.into(),
        }
    }
}
