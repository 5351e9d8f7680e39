//! The world a decision is made in. Every field is required: an unread part of
//! the world does not compile, and what could not be read never gets here
//! (unavailable is not absent).

use crate::handout::Terms;
use crate::registry::{Agent, Grant, Target};
use crate::standing::Standing;
use std::sync::Arc;

/// How the request names its target.
#[derive(Debug, Clone, PartialEq)]
pub enum TargetRequest {
    /// One target, by audience or id, or by that resource.
    One(Arc<Target>, Option<String>),
    /// Locum itself (`client_credentials` for an actor token).
    Ourselves,
    /// No target was named.
    Nothing,
    /// Something that is no target.
    Unknown(String),
    /// Several targets, or several resources.
    Several,
}

/// The outermost bounds, from the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionLimits {
    /// Most bytes of a token (contract §6: 4 KiB).
    pub token_bytes: usize,
    /// Most `act` objects.
    pub max_depth: u32,
    /// Most exchanges in a row.
    pub max_hops: u32,
}

/// What stands and what does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standings {
    /// The subject token, by its whole lineage.
    pub subject: Standing,
    /// The actor, by name, and its token.
    pub actor: Standing,
    /// The target, by name.
    pub target: Standing,
}

/// Where `delegate_to` leads.
#[derive(Debug, Clone, PartialEq)]
pub enum DelegateTo {
    /// It was not asked for.
    NotAsked,
    /// To an active agent that is not the actor itself.
    Agent(Arc<Agent>),
    /// To the actor itself, to nobody, or to an agent that is not active: one
    /// text (contract §8).
    Nowhere,
}

/// How a vendor's credential would come out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VendorTerms {
    /// No vendor is asked: Locum signs, or there is no target.
    NotAsked,
    /// On these terms.
    On(Terms),
    /// It cannot be said: the connector cannot be used as it is declared.
    Unusable,
    /// So many credentials are out that no other is obtained (contract §15).
    Full,
}

impl VendorTerms {
    /// The terms, where they are known.
    #[must_use]
    pub const fn terms(&self) -> Option<&Terms> {
        match self {
            Self::On(terms) => Some(terms),
            Self::NotAsked | Self::Unusable | Self::Full => None,
        }
    }
}

/// The world.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Unix milliseconds.
    pub now_ms: u64,
    /// Locum's issuer.
    pub issuer: Arc<str>,
    /// The outermost bounds.
    pub limits: DecisionLimits,
    /// The target.
    pub named: TargetRequest,
    /// How a vendor's credential of the target would come out.
    pub vendor: VendorTerms,
    /// What stands.
    pub standings: Standings,
    /// Where the chain is passed on to.
    pub delegate: DelegateTo,
    /// Grants of the subject for the actor that are live, in the order in
    /// which they are tried: earliest expiry first, then lowest id.
    pub grants: Vec<Arc<Grant>>,
    /// Some grants of the subject for the actor at the target that are over, the
    /// newest first: none counts, but each tells what is missing.
    pub ended_grants: Vec<Arc<Grant>>,
    /// The grant at the root of the subject token, if one was.
    pub root_grant: Option<Arc<Grant>>,
}

impl Facts {
    /// Unix seconds.
    #[must_use]
    pub const fn now_s(&self) -> u64 {
        self.now_ms / 1000
    }
}
