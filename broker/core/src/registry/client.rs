//! OAuth clients that are no agents.

use super::agent::AuthMethod;
use super::bounds::RESERVED_IDS;
use super::problem::{FieldProblem, Problems};
use crate::ids::ClientId;
use serde::{Deserialize, Serialize};

/// `POST /clients` (contract §12).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSpec {
    /// The client's id.
    pub id: ClientId,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// What it is for.
    pub kind: ClientKind,
    /// How it authenticates.
    #[serde(default)]
    pub auth: Vec<AuthMethod>,
}

/// What a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Serves a target: introspects, and exchanges what its target derives.
    ResourceServer,
    /// Presents for agents that list it.
    Presenter,
}

/// A registered client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// What was declared.
    pub spec: ClientSpec,
    /// Unix milliseconds.
    pub created_at_ms: u64,
}

impl ClientSpec {
    /// What is wrong with the object by itself.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut out = Problems::default();
        let reserved = RESERVED_IDS.contains(&self.id.as_str());
        out.require(!reserved, "/id", "expected an id that is not reserved");
        out.text("/name", &self.name);
        out.require(
            !self.auth.is_empty(),
            "/auth",
            "expected at least one method",
        );
        AuthMethod::check(&self.auth, &mut out);
        out.0
    }
}
