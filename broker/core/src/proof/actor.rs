//! The actor: who acts now (contract §6, "Who acts").

use super::client::{Authenticated, Caller};
use crate::chain::AI_AGENT;
use crate::ids::{AgentId, ClientId, IssuerId};
use crate::lineage::{Key, Keyed, Lineage, LineageKind};
use crate::own::OwnToken;
use crate::party::Link;
use crate::refusal::{Code, Refusal, quoted};
use crate::registry::{Agent, Status, Target};
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
    lineage: Lineage,
    token: Option<Lineage>,
}

/// Whose names and keys a proof is made with.
#[derive(Clone, Copy)]
pub struct Ours<'a> {
    /// Locum's issuer.
    pub issuer: &'a Arc<str>,
    /// Names to keys.
    pub keys: &'a dyn Keyed,
}

impl ActorProof {
    /// The authenticated client itself.
    ///
    /// # Errors
    /// `LCM-CLIENT-NOT-ALLOWED` when the client is no agent.
    pub fn from_client(client: &Authenticated<Caller>, ours: Ours<'_>) -> Result<Self, Refusal> {
        let Some(agent) = client.get().agent() else {
            return Err(Refusal::new(
                Code::ClientNotAllowed,
                format!(
                    "expected an agent to act, found the client {}; send an actor_token of an agent it presents for",
                    quoted(client.get().id())
                ),
            ));
        };
        let since_ms = client.since_ms();
        Ok(Self::plain(
            agent.clone(),
            ours,
            ActorFrom::Client,
            since_ms,
        ))
    }

    /// The agent as which a target's own server acts when it derives (contract §8).
    #[must_use]
    pub fn from_server(
        agent: Arc<Agent>,
        target: &Target,
        server: &Authenticated<Caller>,
        ours: Ours<'_>,
    ) -> Option<Self> {
        let Caller::Client(client) = server.get() else {
            return None;
        };
        let serves = target.spec.resource_server.as_ref() == Some(&client.spec.id);
        let named = target.spec.acts_as.as_ref() == Some(&agent.spec.id);
        (serves && named).then(|| {
            let since_ms = server.since_ms();
            let mut proof = Self::plain(agent, ours, ActorFrom::Presenter, since_ms);
            let presenter = client.spec.id.as_str();
            proof
                .lineage
                .add(ours.keys.key(LineageKind::Client, presenter), since_ms);
            proof.presenter = Some(client.spec.id.clone());
            proof
        })
    }

    /// An agent whose workload token was verified (contract §5); `seen_ms` is
    /// when that was first seen.
    ///
    /// # Errors
    /// `LCM-ACTOR-INVALID` when the token is not that agent's,
    /// `LCM-ACTOR-MISMATCH` when the client may not present for it.
    pub fn from_workload(
        agent: Arc<Agent>,
        issuer: &IssuerId,
        token: &Verified<Claims>,
        seen_ms: u64,
        client: &Authenticated<Caller>,
        ours: Ours<'_>,
    ) -> Result<Self, Refusal> {
        let claims = token.get();
        let its = agent
            .spec
            .workload
            .as_ref()
            .is_some_and(|w| w.issuer == *issuer && w.fits(claims));
        if !its {
            return Err(no_agent());
        }
        let since_ms = claims.counts_from_ms(seen_ms);
        let mut proof = Self::plain(agent, ours, ActorFrom::ActorToken, since_ms);
        proof.expires_s = Some(claims.exp);
        let kid = token.kid().as_str();
        let signed_by = ours.keys.key(LineageKind::Key, &format!("{issuer}:{kid}"));
        proof.lineage.add(signed_by, since_ms);
        proof.lineage.add(
            ours.keys.key(LineageKind::Issuer, issuer.as_str()),
            since_ms,
        );
        proof.presented_by(client, ours.keys)
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
        ours: Ours<'_>,
    ) -> Result<Self, Refusal> {
        let its = token.aud == **ours.issuer
            && token.sub == agent.spec.id.as_str()
            && token.links.is_empty();
        if !its {
            return Err(Refusal::new(
                Code::ActorInvalid,
                "expected an actor token from client_credentials with the issuer as audience, found another token; get one and send it as actor_token",
            ));
        }
        let since_ms = token.jti.ms();
        let mut proof = Self::plain(agent, ours, ActorFrom::ActorToken, since_ms);
        proof.expires_s = Some(token.exp);
        let mut descent = recorded.clone();
        descent.add(signed_by, since_ms);
        proof.token = Some(descent);
        proof.presented_by(client, ours.keys)
    }

    /// The agent by all its names, which count from its proof.
    fn plain(agent: Arc<Agent>, ours: Ours<'_>, from: ActorFrom, since_ms: u64) -> Self {
        let lineage = named(&agent, ours.keys, since_ms);
        Self {
            agent,
            ours: ours.issuer.clone(),
            from,
            presenter: None,
            expires_s: None,
            lineage,
            token: None,
        }
    }

    /// The client is that agent, or is listed among its presenters.
    fn presented_by(
        mut self,
        client: &Authenticated<Caller>,
        keys: &dyn Keyed,
    ) -> Result<Self, Refusal> {
        if client.is(&self.agent.spec.id) {
            // Its own proof as a client counts too.
            let as_client = named(&self.agent, keys, client.since_ms());
            self.lineage.inherit(&as_client);
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
                    "expected the agent {agent} of the actor token to make the request, or a client that it lists as a presenter, found {client}; let {agent} make it, or have {client} added to its `presenters`",
                    agent = quoted(self.agent.spec.id.as_str()),
                    client = quoted(client.get().id())
                ),
            ));
        };
        let key = keys.key(LineageKind::Client, presenter.as_str());
        self.lineage.add(key, client.since_ms());
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

    /// What its act descends from: all its names, the presenter's, the issuer and
    /// key of a workload token, each from when its proof counts.
    #[must_use]
    pub const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// What a token of ours that proved it descends from by its record.
    #[must_use]
    pub const fn token(&self) -> Option<&Lineage> {
        self.token.as_ref()
    }

    /// Its `act` object.
    #[must_use]
    pub fn link(&self) -> Link {
        let version = match &self.agent.status {
            Status::Active(certification) => Some(certification.version),
            Status::Draft | Status::Suspended { .. } | Status::Retired => None,
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

/// An agent by its names of now, the version it acts in and its owner, all
/// counting from then.
pub(super) fn named(agent: &Agent, keys: &dyn Keyed, since_ms: u64) -> Lineage {
    let id = agent.spec.id.as_str();
    let mut out = Lineage::default();
    out.add(keys.key(LineageKind::Agent, id), since_ms);
    out.add(keys.key(LineageKind::Client, id), since_ms);
    out.add(agent.owner_key(keys), since_ms);
    if let Status::Active(certification) = &agent.status {
        let version = certification.version.to_string();
        out.add(keys.key(LineageKind::AgentVersion, &version), since_ms);
    }
    out
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
