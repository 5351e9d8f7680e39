//! A whole scene: who acts for whom at which target, and the world around.

use super::{NOW_S, Names, OURS, SEEN, Stub, actor, claims, issuer, over, uuid, verified};
use crate::chain::{Chain, ChainBounds};
use crate::decide::{
    Ask, Case, Decision, DecisionLimits, DelegateTo, Facts, GrantType, IssuedType, Permit,
    PersonalSalt, RecordFrame, Recorded, Refused, Standings, TargetRequest, VendorTerms, decide,
};
use crate::ids::{Jti, RequestId};
use crate::own::OwnToken;
use crate::proof::{ActorProof, Parent, Recall, SubjectProof};
use crate::record::{self, Appended, Draft, leaf_hash};
use crate::refusal::Refusal;
use crate::registry::{Agent, Issuer, Target};
use crate::standing::Standing;
use crate::token::TokenKind;
use serde_json::{Value, json};
use std::sync::Arc;

/// Everything one decision depends on; every field may be changed.
#[derive(Debug)]
pub struct Scene {
    /// Who acts.
    pub actor: ActorProof,
    /// For whom.
    pub subject: SubjectProof,
    /// What is asked.
    pub ask: Ask,
    /// The world.
    pub facts: Facts,
    /// The policy: permits everything unless replaced.
    pub policy: Stub,
    /// Bounds on the chain.
    pub bounds: ChainBounds,
    /// Makes ids differ from scene to scene.
    pub number: u64,
}

impl Scene {
    /// Ada signed in at `demo`, and the agent acts for her at the target.
    #[must_use]
    pub fn new(agent: &Agent, target: &Target) -> Self {
        let demo = issuer("demo", json!({}));
        let token = claims(&demo, "ada", "app", json!({"groups": ["staff"]}));
        let subject = id_token(&demo, &token, agent).unwrap();
        Self::of(agent, subject, target)
    }

    /// The agent acts for that subject at the target.
    #[must_use]
    pub fn of(agent: &Agent, subject: SubjectProof, target: &Target) -> Self {
        Self {
            actor: actor(agent),
            subject,
            ask: Ask {
                grant_type: GrantType::TokenExchange,
                scope: None,
                details: None,
                expires_in: None,
                purpose: None,
                task_id: None,
                delegate_to: None,
                issued_type: IssuedType::AccessToken,
            },
            facts: facts(target),
            policy: Stub::when(|_| true),
            bounds: ChainBounds { depth: 4, hops: 8 },
            number: 1,
        }
    }

    /// The agent asks for itself, without a person.
    #[must_use]
    pub fn alone(agent: &Agent, target: &Target) -> Self {
        let subject = SubjectProof::itself(&actor(agent));
        let mut scene = Self::of(agent, subject, target);
        scene.ask.grant_type = GrantType::ClientCredentials;
        scene
    }

    /// Asks for that scope.
    #[must_use]
    pub fn asking(mut self, scope: &str) -> Self {
        self.ask.scope = Some(super::scope(scope));
        self
    }

    /// Passes the chain on to that agent.
    #[must_use]
    pub fn passing_to(mut self, agent: &Agent) -> Self {
        self.ask.delegate_to = Some(agent.id().clone());
        self.facts.delegate = DelegateTo::Agent(Arc::new(agent.clone()));
        self
    }

    /// With that policy.
    #[must_use]
    pub fn under(mut self, policy: Stub) -> Self {
        self.policy = policy;
        self
    }

    /// The case.
    ///
    /// # Errors
    /// The chain's refusal.
    pub fn case(&self) -> Result<Case, Refusal> {
        Ok(Case {
            request_id: RequestId(uuid(NOW_S * 1000, self.number)),
            jti: Jti(uuid(NOW_S * 1000, self.number + 1_000)),
            ask: self.ask.clone(),
            chain: Chain::extend(&self.subject, &self.actor, self.bounds)?,
            actor: self.actor.clone(),
            subject: self.subject.clone(),
            ip: Some("192.0.2.1".into()),
        })
    }

    /// Decides.
    ///
    /// # Errors
    /// The refusal.
    pub fn decide(&self) -> Result<Box<Permit>, Box<Refused>> {
        match decide(self.case().unwrap(), &self.facts, &self.policy) {
            Decision::Permit(permit) => Ok(permit),
            Decision::Refusal(refused) => Err(refused),
        }
    }

    /// The frame of its record.
    #[must_use]
    pub fn frame(&self) -> RecordFrame<'static> {
        RecordFrame {
            trace_id: None,
            request_id: RequestId(uuid(NOW_S * 1000, self.number)),
            client_id: "client",
            client_auth: "client_secret",
            requested: json!({}),
            personal: vec![("purpose", "pay the bakery".into())],
            marks: Vec::new(),
            seen: Vec::new(),
            salt: [1; 16],
            personal_salt: PersonalSalt([2; 16]),
            keys: &Names,
        }
    }

    /// Decides, and puts the permit on record.
    ///
    /// # Panics
    /// On a refusal.
    #[must_use]
    pub fn permit(&self) -> Recorded<Permit> {
        let permit = self.decide().unwrap();
        let draft = permit.draft(&self.frame());
        permit.recorded(&draft, &appended(&draft)).unwrap()
    }

    /// Decides, and gives the refusal.
    ///
    /// # Panics
    /// On a permit.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        self.decide().unwrap_err().refusal().clone()
    }

    /// The token the permit makes, as read back by whoever it comes to.
    #[must_use]
    pub fn token(&self) -> OwnToken {
        own(self.permit().claims())
    }

    /// What the record remembers of the token.
    #[must_use]
    pub fn recall(&self) -> Recall {
        Recall {
            subject: self.subject.subject().clone(),
            issuer: self.subject.issuer().cloned(),
            lineage: self.permit().lineage(&Names).clone(),
            groups: self.subject.groups().cloned(),
            groups_since_ms: self.subject.proven_groups().map(|(_, since_ms)| since_ms),
            presenter: self.actor.presenter().cloned(),
        }
    }

    /// The next hop: `to` exchanges the token this scene passes on to it.
    #[must_use]
    pub fn next(&self, to: &Agent, target: &Target) -> Self {
        let acting = actor(to);
        let parent = Parent::passed_on(self.token(), &acting).unwrap();
        self.later(acting, parent, target)
    }

    /// A later hop by that proof, with the root's grant still known.
    #[must_use]
    pub fn later(&self, acting: ActorProof, parent: Parent, target: &Target) -> Self {
        let signed_by = super::Keyed::key(&Names, crate::lineage::LineageKind::Key, "locum:k");
        let agent = acting.agent().clone();
        let subject = SubjectProof::from_own(parent, self.recall(), signed_by).unwrap();
        let mut next = Self::of(&agent, subject, target);
        let root = self.facts.root_grant.clone();
        let chosen = self
            .permit()
            .claims()
            .get("del")
            .and_then(|del| del.get("grant"))
            .cloned();
        let chosen = self
            .facts
            .grants
            .iter()
            .find(|grant| Some(json!(grant.id)) == chosen);
        next.facts.root_grant = root.or_else(|| chosen.cloned());
        next.actor = acting;
        next.number = self.number + 1;
        next
    }
}

/// The world around one target, in which everything stands.
#[must_use]
pub fn facts(target: &Target) -> Facts {
    Facts {
        now_ms: NOW_S * 1000 + 500,
        issuer: OURS.into(),
        limits: DecisionLimits {
            token_bytes: 4096,
            max_depth: 4,
            max_hops: 8,
        },
        named: TargetRequest::One(Arc::new(target.clone()), None),
        standings: Standings {
            subject: Standing::Live,
            actor: Standing::Live,
            target: Standing::Live,
        },
        vendor: VendorTerms::NotAsked,
        delegate: DelegateTo::NotAsked,
        grants: Vec::new(),
        ended_grants: Vec::new(),
        root_grant: None,
    }
}

/// A person by an ID token with those claims.
///
/// # Errors
/// The refusal.
pub fn id_token(issuer: &Issuer, token: &Value, agent: &Agent) -> Result<SubjectProof, Refusal> {
    let token = verified(TokenKind::IdToken, &issuer.spec.issuer, token);
    SubjectProof::from_id_token(&token, issuer, agent.id(), SEEN)
}

/// A person by an access token of their provider with those claims.
///
/// # Errors
/// The refusal.
pub fn access_token(issuer: &Issuer, patch: Value) -> Result<SubjectProof, Refusal> {
    let token = claims(
        issuer,
        "ada",
        OURS,
        over(json!({"client_id": "app"}), patch),
    );
    let token = verified(TokenKind::ForeignAccess, &issuer.spec.issuer, &token);
    SubjectProof::from_access_token(&token, issuer, SEEN)
}

/// A token of ours with those claims, read back.
#[must_use]
pub fn own(claims: &serde_json::Map<String, Value>) -> OwnToken {
    let token = verified(TokenKind::Own, OURS, &Value::Object(claims.clone()));
    OwnToken::read(&token, OURS).unwrap()
}

/// The ledger's word that a draft is durable.
#[must_use]
pub fn appended(draft: &Draft) -> Appended {
    let place = record::Place {
        tree: "tests".into(),
        index: 0,
        time_ms: NOW_S * 1000,
    };
    let leaf_hash = leaf_hash(&draft.encode(&place).unwrap());
    Appended { place, leaf_hash }
}
