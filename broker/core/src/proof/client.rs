//! The authenticated client (contract §11).

use crate::ids::{AgentId, IssuerId};
use crate::registry::{Agent, AuthMethod, Client};
use crate::secret::Secret;
use crate::token::{Claims, Verified};
use std::sync::Arc;

/// A registered client: every agent is one.
#[derive(Debug, Clone, PartialEq)]
pub enum Caller {
    /// An agent.
    Agent(Arc<Agent>),
    /// A resource server or a presenter.
    Client(Arc<Client>),
}

impl Caller {
    /// The client id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Agent(agent) => agent.spec.id.as_str(),
            Self::Client(client) => client.spec.id.as_str(),
        }
    }

    /// The registered methods.
    #[must_use]
    pub fn methods(&self) -> &[AuthMethod] {
        match self {
            Self::Agent(agent) => &agent.spec.auth,
            Self::Client(client) => &client.spec.auth,
        }
    }

    /// The agent, when it is one.
    #[must_use]
    pub const fn agent(&self) -> Option<&Arc<Agent>> {
        match self {
            Self::Agent(agent) => Some(agent),
            Self::Client(_) => None,
        }
    }
}

/// Whoever knows the keyed hashes of clients' secrets.
pub trait SecretCheck {
    /// Whether the presented secret is one of the client's, in constant time.
    fn matches(&self, client: &str, presented: &Secret<String>) -> bool;
}

/// A client that proved itself. The maker demands the proof.
#[derive(Debug, Clone, PartialEq)]
pub struct Authenticated<T> {
    who: T,
    by: &'static str,
    since_ms: u64,
}

impl Authenticated<Caller> {
    /// By a client secret (RFC 6749 §2.3.1), basic or post, checked at `now_ms`.
    #[must_use]
    pub fn by_secret(
        caller: Caller,
        presented: &Secret<String>,
        check: &impl SecretCheck,
        now_ms: u64,
    ) -> Option<Self> {
        let registered = caller
            .methods()
            .iter()
            .any(|m| matches!(m, AuthMethod::ClientSecret {}));
        let matches = check.matches(caller.id(), presented);
        (registered && matches).then_some(Self {
            who: caller,
            by: "client_secret",
            since_ms: now_ms,
        })
    }

    /// By an assertion whose signature and claims were verified against the
    /// client's registered keys (RFC 7523 §3: `iss` = `sub` = client id). It is
    /// used once: an `iat` ahead of `now_ms` counts from now.
    #[must_use]
    pub fn by_assertion(caller: Caller, assertion: &Verified<Claims>, now_ms: u64) -> Option<Self> {
        let registered = caller
            .methods()
            .iter()
            .any(|m| matches!(m, AuthMethod::PrivateKeyJwt { .. }));
        let claims = assertion.get();
        let itself = claims.iss == caller.id() && claims.sub == caller.id();
        (registered && itself).then_some(Self {
            who: caller,
            by: "private_key_jwt",
            since_ms: claims.counts_from_ms(now_ms),
        })
    }

    /// By a workload token alone, where the agent allows it (contract §11);
    /// `seen_ms` is when it was first seen.
    #[must_use]
    pub fn by_workload(
        agent: Arc<Agent>,
        issuer: &IssuerId,
        token: &Verified<Claims>,
        seen_ms: u64,
    ) -> Option<Self> {
        // Another issuer's workload of the same `sub` is somebody else.
        let its = agent.is_workload(issuer, token) && token.get().act.is_none();
        let allowed = agent.spec.actor_token_authenticates && its;
        allowed.then_some(Self {
            who: Caller::Agent(agent),
            by: "actor_token",
            since_ms: token.get().counts_from_ms(seen_ms),
        })
    }
}

impl<T> Authenticated<T> {
    /// Who it is.
    pub const fn get(&self) -> &T {
        &self.who
    }

    /// By which method: for the record.
    pub const fn method(&self) -> &'static str {
        self.by
    }

    /// Unix milliseconds from which its proof counts: `iat`, or when it was first
    /// seen; for a secret the moment it was checked.
    pub const fn since_ms(&self) -> u64 {
        self.since_ms
    }
}

impl Authenticated<Caller> {
    /// Whether the client is that agent.
    #[must_use]
    pub fn is(&self, agent: &AgentId) -> bool {
        self.who.agent().is_some_and(|a| a.spec.id == *agent)
    }
}
