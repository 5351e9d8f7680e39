//! What is asked of the policy and what it answers (contract §13). The rules
//! themselves live in `locum-policy`; `decide()` takes them as an argument, so
//! that it stays pure.

use crate::ids::{AgentId, ClientId, TargetId};
use crate::scope::Scope;
use std::collections::BTreeSet;

/// The two actions a policy speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// May this exchange happen?
    Exchange,
    /// May it happen without a grant or `may_act`?
    PreAuthorise,
}

/// On whose behalf, as a policy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behalf {
    /// A person. `groups` are `<issuer id>:<name>`; `None` when unknown.
    Person {
        /// `<issuer id>:<sub there>`.
        id: String,
        /// `None`: unknown, which is not "none".
        groups: Option<BTreeSet<String>>,
    },
    /// A workload that is no registered agent: `<issuer id>:<sub there>`.
    Workload(String),
    /// An agent, for itself or as the subject.
    Agent(AgentId),
}

/// On what the delegation rests (contract §6, "Basis").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A workload acting for itself.
    #[serde(rename = "self")]
    Itself,
    /// A `may_act` claim that names the actor.
    MayAct,
    /// A live grant of the person.
    Grant,
    /// A policy permitting `pre_authorise`.
    Policy,
}

impl Basis {
    /// As in `del.basis` and the policy's context.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Itself => "self",
            Self::MayAct => "may_act",
            Self::Grant => "grant",
            Self::Policy => "policy",
        }
    }
}

/// How much harm can be done: of a scope, or of an agent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Reading what many may read.
    Low,
    /// The default.
    #[default]
    Medium,
    /// Never by policy alone (contract §6).
    High,
}

impl Risk {
    /// As in JSON and the policy's context.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One question to the policy: the request after narrowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub action: Action,
    /// The principal: the actor.
    pub agent: AgentId,
    /// The team that owns the agent, `None` when a person does.
    pub team: Option<String>,
    /// The resource.
    pub target: TargetId,
    /// Context `person` or `workload`.
    pub behalf: Behalf,
    /// Context `chain`: every agent of ours in the chain, the actor included.
    pub chain: Vec<AgentId>,
    /// Context `depth`: number of `act` objects.
    pub depth: u32,
    /// Context `scopes`.
    pub scopes: Scope,
    /// Context `detail_types`.
    pub detail_types: BTreeSet<String>,
    /// Context `basis`; `None` for [`Action::PreAuthorise`].
    pub basis: Option<Basis>,
    /// Context `delegate_to`.
    pub delegate_to: Option<AgentId>,
    /// The team that owns `delegate_to`, so that a forbid on a team holds for
    /// whom the chain is passed to; `None` when a person does, or nobody is named.
    pub delegate_to_team: Option<String>,
    /// Context `presenter`.
    pub presenter: Option<ClientId>,
    /// Context `purpose`.
    pub purpose: Option<String>,
    /// Context `task_id`.
    pub task_id: Option<String>,
    /// Context `acr`: of the person's sign-in (RFC 9068 §2.2.1).
    pub acr: Option<String>,
    /// Context `amr`.
    pub amr: Vec<String>,
    /// Context `auth_age_s`: seconds since the person signed in.
    pub auth_age_s: Option<u64>,
    /// Context `hour_utc`, 0 to 23.
    pub hour_utc: u8,
    /// Context `weekday`, 1 (Monday) to 7 (ISO 8601).
    pub weekday: u8,
    /// Context `ip`: of the caller, textual.
    pub ip: Option<String>,
    /// Context `risk`: the highest of the scopes asked for.
    pub risk: Risk,
}

/// What the policy answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyAnswer {
    /// Whether a permit determined the answer and no forbid.
    pub allowed: bool,
    /// `@id`s of the determining policies, sorted; for a refusal without a
    /// forbid, empty.
    pub policies: Vec<String>,
    /// `@reason` of the first determining policy that has one.
    pub reason: Option<String>,
    /// `@advice` of the first determining policy that has one.
    pub advice: Option<String>,
    /// Least `@max_lifetime` among determining permits, in seconds.
    pub max_lifetime: Option<u32>,
    /// `@require_acr`: every list must be met by one of its values.
    pub require_acr: Vec<BTreeSet<String>>,
}

/// A policy that could not be evaluated: always a refusal (contract §13).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy evaluation failed: {detail}")]
pub struct PolicyFault {
    /// For the ledger and the log, never for the caller.
    pub detail: String,
}

/// Whoever can answer a [`Question`].
pub trait PolicyCheck {
    /// Answers one question.
    ///
    /// # Errors
    /// [`PolicyFault`] on any evaluation error.
    fn ask(&self, question: &Question) -> Result<PolicyAnswer, PolicyFault>;

    /// The content address of the bundle that answers, `sha256:<hex>`.
    fn bundle(&self) -> &str;
}
