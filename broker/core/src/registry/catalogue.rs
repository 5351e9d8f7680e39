//! A target's catalogue of scopes.

use crate::policy::Risk;
use serde::{Deserialize, Serialize};

/// What a target declares about one scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeDeclaration {
    /// `high` never goes by policy (contract §6).
    #[serde(default)]
    pub risk: Risk,
    /// Types of `authorization_details` a token with this scope always carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
}
