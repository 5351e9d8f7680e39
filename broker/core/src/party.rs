//! Parties: on whose behalf, and who acts.

use crate::ids::{AgentId, IssuerId, VersionId};
use crate::policy::Behalf;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The subject: on whose behalf (contract §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A person at an issuer.
    Person(ExternalId),
    /// A foreign workload that is no agent.
    Workload(ExternalId),
    /// An agent of ours.
    Agent(AgentId),
}

/// Somebody known at a foreign issuer; two issuers' `alice` never meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId {
    /// Where.
    pub issuer: IssuerId,
    /// The `sub` there.
    pub sub: String,
}

impl ExternalId {
    /// `<issuer id>:<sub there>`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.issuer, self.sub)
    }

    /// Parses `<issuer id>:<sub there>`. An agent's id holds no colon, so a
    /// person named like a client is still somebody else.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (issuer, sub) = name.split_once(':')?;
        Some(Self {
            issuer: IssuerId::parse(issuer).ok()?,
            sub: (!sub.is_empty()).then(|| sub.to_owned())?,
        })
    }
}

impl Subject {
    /// The `sub` in tokens of ours.
    #[must_use]
    pub fn sub(&self) -> String {
        match self {
            Self::Person(foreign) | Self::Workload(foreign) => foreign.name(),
            Self::Agent(id) => id.to_string(),
        }
    }

    /// The agent, when the subject is one.
    #[must_use]
    pub const fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Agent(id) => Some(id),
            Self::Person(_) | Self::Workload(_) => None,
        }
    }

    /// As a policy sees it.
    #[must_use]
    pub fn behalf(&self, groups: Option<BTreeSet<String>>) -> Behalf {
        match self {
            Self::Person(person) => Behalf::Person {
                id: person.name(),
                groups,
            },
            Self::Workload(workload) => Behalf::Workload(workload.name()),
            Self::Agent(id) => Behalf::Agent(id.clone()),
        }
    }
}

/// How a person signed in; fixed across exchanges (RFC 9068 §2.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignIn {
    /// Unix seconds.
    pub auth_time: Option<u64>,
    /// How strongly.
    pub acr: Option<String>,
    /// By which methods.
    pub amr: Vec<String>,
}

/// One `act` object: identity members only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The actor's issuer: its namespace.
    pub iss: String,
    /// The actor.
    pub sub: String,
    /// `ai_agent` for ours; whatever came for foreign ones.
    pub sub_profile: Option<String>,
    /// The agent of ours behind it; never for foreign ones.
    pub agent: Option<AgentId>,
    /// The version it acted in; `None` for foreign ones.
    pub version: Option<VersionId>,
}
