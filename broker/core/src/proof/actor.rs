//! The actor: who acts now (contract §6, "Who acts").

use super::{Authenticated, Caller};
use crate::chain::AI_AGENT;
use crate::ids::{AgentId, ClientId, IssuerId};
use crate::lineage::{Key, Keyed, Kind, Lineage};
use crate::own::OwnToken;
use crate::party::Link;
use crate::refusal::{Code, Refusal, quoted};
use crate::registry::{Agent, Target};
use crate::token::{Claims, Verified};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How the actor proved itself: recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorFrom {
    /// It is the authenticated client.
    Client,
    /// A client listed among its presenters sent its actor token, or the
    /// server of a target acts as it.
    Presenter,
    /// It is the client and sent an actor token as well.
    ActorToken,
}

/// The agent that acts, proven.
#[derive(Debug, Clone, PartialEq)]
pub struct ActorProof {
    agent: Arc<Agent>,
    ours: Arc<str>,
    from: ActorFrom,
    presenter: Option<ClientId>,
    expires_s: Option<u64>,
    issued_ms: Option<u64>,
    lineage: Lineage,
}

impl ActorProof {
    /// The authenticated client itself.
    ///
    /// # Errors
    /// `LCM-CLIENT-NOT-ALLOWED` when the client is no agent.
    pub fn from_client(client: &Authenticated<Caller>, ours: &Arc<str>) -> Result<Self, Refusal> {
        let Some(agent) = client.get().agent() else {
            return Err(Refusal::new(
                Code::ClientNotAllowed,
                format!(
                    "expected an agent to act, found the client {}; send an actor_token of an agent it presents for",
                    quoted(client.get().id())
                ),
            ));
        };
        Ok(Self::plain(agent.clone(), ours, ActorFrom::Client))
    }

    /// The agent as which a target's own server acts when it derives (contract §8).
    #[must_use]
    pub fn from_server(
        agent: Arc<Agent>,
        target: &Target,
        server: &Authenticated<Caller>,
        ours: &Arc<str>,
    ) -> Option<Self> {
        let Caller::Client(client) = server.get() else {
            return None;
        };
        let serves = target.spec.resource_server.as_ref() == Some(&client.spec.id);
        let named = target.spec.acts_as.as_ref() == Some(&agent.spec.id);
        (serves && named).then(|| {
            let mut proof = Self::plain(agent, ours, ActorFrom::Presenter);
            proof.presenter = Some(client.spec.id.clone());
            proof
        })
    }

    /// An agent whose workload token was verified (contract §5).
    ///
    /// # Errors
    /// `LCM-ACTOR-INVALID` when the token is not that agent's,
    /// `LCM-ACTOR-MISMATCH` when the client may not present for it.
    pub fn from_workload(
        agent: Arc<Agent>,
        issuer: &IssuerId,
        token: &Verified<Claims>,
        client: &Authenticated<Caller>,
        world: (&Arc<str>, &dyn Keyed),
    ) -> Result<Self, Refusal> {
        let claims = token.get();
        let its = agent
            .spec
            .workload
            .as_ref()
            .is_some_and(|w| w.issuer == *issuer && w.fits(claims));
        if !its || claims.act.is_some() {
            return Err(no_agent());
        }
        let (ours, keys) = world;
        let mut proof = Self::plain(agent, ours, ActorFrom::ActorToken);
        proof.expires_s = Some(claims.exp);
        proof.issued_ms = claims.iat.map(|s| s.saturating_mul(1000));
        let signed_by = keys.key(Kind::Key, &format!("{issuer}:{}", token.kid().as_str()));
        proof.lineage.add(signed_by);
        proof.lineage.add(keys.key(Kind::Issuer, issuer.as_str()));
        proof.presented_by(client)
    }

    /// An agent that holds an actor token of ours: `client_credentials` with
    /// our issuer as audience (contract §5). Whatever the token descends from
    /// by its record, and the key that signed it, the agent's act descends from.
    ///
    /// # Errors
    /// `LCM-ACTOR-INVALID` when it is no such token, `LCM-ACTOR-MISMATCH` when
    /// the client may not present for it.
    pub fn from_own(
        agent: Arc<Agent>,
        token: &OwnToken,
        (recorded, signed_by): (&Lineage, Key),
        client: &Authenticated<Caller>,
        ours: &Arc<str>,
    ) -> Result<Self, Refusal> {
        let its =
            token.aud == **ours && token.sub == agent.spec.id.as_str() && token.links.is_empty();
        if !its {
            return Err(Refusal::new(
                Code::ActorInvalid,
                "expected an actor token from client_credentials with the issuer as audience, found another token; get one and send it as actor_token",
            ));
        }
        let mut proof = Self::plain(agent, ours, ActorFrom::ActorToken);
        proof.expires_s = Some(token.exp);
        proof.issued_ms = Some(token.jti.ms());
        proof.lineage.inherit(recorded);
        proof.lineage.add(signed_by);
        proof.presented_by(client)
    }

    fn plain(agent: Arc<Agent>, ours: &Arc<str>, from: ActorFrom) -> Self {
        Self {
            agent,
            ours: ours.clone(),
            from,
            presenter: None,
            expires_s: None,
            issued_ms: None,
            lineage: Lineage::default(),
        }
    }

    /// The client is that agent, or is listed among its presenters.
    fn presented_by(mut self, client: &Authenticated<Caller>) -> Result<Self, Refusal> {
        if client.is(&self.agent.spec.id) {
            return Ok(self);
        }
        let listed = self
            .agent
            .spec
            .presenters
            .iter()
            .find(|p| p.as_str() == client.get().id());
        let Some(presenter) = listed else {
            return Err(Refusal::new(
                Code::ActorMismatch,
                format!(
                    "expected the actor itself or one of its presenters as client, found {}; let the actor make the request",
                    quoted(client.get().id())
                ),
            ));
        };
        self.presenter = Some(presenter.clone());
        self.from = ActorFrom::Presenter;
        Ok(self)
    }

    /// The agent.
    #[must_use]
    pub const fn agent(&self) -> &Arc<Agent> {
        &self.agent
    }

    /// The agent's id.
    #[must_use]
    pub fn agent_id(&self) -> &AgentId {
        &self.agent.spec.id
    }

    /// How it proved itself.
    #[must_use]
    pub const fn from(&self) -> ActorFrom {
        self.from
    }

    /// The client that presents for it, if another.
    #[must_use]
    pub const fn presenter(&self) -> Option<&ClientId> {
        self.presenter.as_ref()
    }

    /// When its token ends, Unix seconds.
    #[must_use]
    pub const fn expires_s(&self) -> Option<u64> {
        self.expires_s
    }

    /// When its token was issued, Unix milliseconds.
    #[must_use]
    pub const fn issued_ms(&self) -> Option<u64> {
        self.issued_ms
    }

    /// What its token descends from; empty when it proved itself by none.
    #[must_use]
    pub const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// Its `act` object.
    #[must_use]
    pub fn link(&self) -> Link {
        let version = match &self.agent.status {
            crate::registry::Status::Active(certification) => Some(certification.version),
            crate::registry::Status::Draft
            | crate::registry::Status::Suspended { .. }
            | crate::registry::Status::Retired => None,
        };
        Link {
            iss: self.ours.to_string(),
            sub: self.agent.spec.id.to_string(),
            sub_profile: Some(AI_AGENT.into()),
            agent: Some(self.agent.spec.id.clone()),
            version,
        }
    }
}

/// One text for every workload token that matches no agent.
#[must_use]
pub(super) fn no_agent() -> Refusal {
    Refusal::new(
        Code::ActorInvalid,
        "expected a workload token that matches a registered agent, found one that matches none; register its exact sub with the agent",
    )
}

impl Agent {
    /// Whether a verified workload token of that issuer is this agent's.
    #[must_use]
    pub fn is_workload(&self, issuer: &IssuerId, token: &Verified<Claims>) -> bool {
        self.spec
            .workload
            .as_ref()
            .is_some_and(|w| w.issuer == *issuer && w.fits(token.get()))
    }
}
