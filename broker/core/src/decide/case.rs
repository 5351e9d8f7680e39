//! What is asked, by whom and for whom: proven, before anything is decided.

use crate::chain::Chain;
use crate::ids::{AgentId, Jti, RequestId};
use crate::proof::{ActorProof, SubjectProof};
use crate::scope::Scope;
use serde_json::Value;

/// The two grant types that end in a decision (contract §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantType {
    /// RFC 8693.
    TokenExchange,
    /// RFC 6749 §4.4.
    ClientCredentials,
}

/// `issued_token_type` (RFC 8693 §3): answered as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IssuedType {
    /// `…:access_token`, the default.
    #[default]
    AccessToken,
    /// `…:jwt`.
    Jwt,
}

impl IssuedType {
    /// The URI.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
        }
    }
}

/// What the request asks for, parsed (contract §6).
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Which grant.
    pub grant_type: GrantType,
    /// The text of `scope`, if sent.
    pub scope: Option<Scope>,
    /// `authorization_details`, strict JSON.
    pub details: Option<Value>,
    /// No longer than this, in seconds.
    pub expires_in: Option<u64>,
    /// Recorded.
    pub purpose: Option<String>,
    /// Ties exchanges together.
    pub task_id: Option<String>,
    /// To whom the chain is to be passed on.
    pub delegate_to: Option<AgentId>,
    /// How the answer is typed.
    pub issued_type: IssuedType,
}

/// A request with its proofs and the ids its answer would carry.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The request.
    pub request_id: RequestId,
    /// The token's id; the delegation has the same characters.
    pub jti: Jti,
    /// What is asked.
    pub ask: Ask,
    /// Who acts.
    pub actor: ActorProof,
    /// For whom.
    pub subject: SubjectProof,
    /// Subject and actors.
    pub chain: Chain,
    /// The caller's address.
    pub ip: Option<String>,
}

impl Case {
    /// Whether a workload acts for itself (basis `self`).
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.subject.parent().is_none() && self.acts_for_itself()
    }

    /// Whether nobody acts for another, by whatever token: then the scopes
    /// listed as `alone` are all there is (contract §6, "Basis").
    #[must_use]
    pub fn acts_for_itself(&self) -> bool {
        self.chain.links().is_empty() && self.chain.subject().agent() == Some(self.actor.agent_id())
    }
}
