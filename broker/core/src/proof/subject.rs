//! The subject: on whose behalf, proven by a token of a trusted issuer, by a
//! grant, or by the acting agent itself (contract §5, §6).

use super::actor::ActorProof;
use super::foreign::{accepted_act, groups, invalid, may_act, speaks};
use super::own_subject::Parent;
use super::own_subject::Recall;
use crate::ids::{AgentId, IssuerId};
use crate::lineage::{Key, Keyed, Lineage, LineageKind};
use crate::party::{ExternalId, Link, SignIn, Subject};
use crate::refusal::Refusal;
use crate::registry::{Agent, Grant, Issuer, IssuerRole};
use crate::scope::Authority;
use crate::token::{Claims, Verified};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest `sub` of a foreign party, in bytes: Kubernetes names reach 340.
const FOREIGN_SUB_MAX: usize = 400;

/// Who may become the actor (RFC 8693 §4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MayAct {
    /// The party's namespace: the token's own issuer where the claim has none.
    pub iss: String,
    /// The party.
    pub sub: String,
    /// Whether it is a basis, or only restricts.
    pub confers: bool,
}

/// What proved the subject.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// An ID token: it carries no authority of its own and limits nothing.
    IdToken,
    /// A foreign access token.
    AccessToken,
    /// A workload's token.
    Workload,
    /// A token of ours, passed on or derived from.
    Own(Box<Parent>),
    /// A grant of the person, who is away.
    Grant(Arc<Grant>),
    /// The acting agent itself.
    Itself,
}

/// How a foreign token was looked at.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// Locum's issuer.
    pub ours: &'a str,
    /// Names to keys.
    pub keys: &'a dyn Keyed,
    /// When it was first seen, Unix milliseconds.
    pub ms: u64,
}

/// The subject, proven. Private fields: the makers demand evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct SubjectProof {
    pub(super) subject: Subject,
    pub(super) origin: Origin,
    pub(super) issuer: Option<IssuerId>,
    pub(super) inbound: Vec<Link>,
    pub(super) lineage: Lineage,
    pub(super) expires_s: Option<u64>,
    pub(super) sign_in: SignIn,
    pub(super) groups: Option<BTreeSet<String>>,
    pub(super) groups_since_ms: Option<u64>,
    pub(super) sid: Option<String>,
    pub(super) authority: Option<Authority>,
    pub(super) may_act: Option<MayAct>,
}

impl SubjectProof {
    /// A person by an ID token.
    ///
    /// # Errors
    /// `LCM-SUBJECT-INVALID` when its audience does not serve the actor or it
    /// carries an `act` that is not accepted.
    pub fn from_id_token(
        token: &Verified<Claims>,
        issuer: &Issuer,
        actor: &AgentId,
        seen: Seen<'_>,
    ) -> Result<Self, Refusal> {
        let served = |aud: &String| {
            let listed = issuer.spec.audiences.iter().flatten().any(|a| a == aud);
            listed
                && issuer
                    .spec
                    .audience_agents
                    .get(aud)
                    .is_none_or(|agents| agents.contains(actor))
        };
        if !token.get().aud.iter().any(served) {
            return Err(invalid(
                "an audience that serves this agent",
                "one that serves others",
            ));
        }
        Self::foreign(token, issuer, Origin::IdToken, seen)
    }

    /// A person by an access token of their provider; its scope goes through
    /// the issuer's `scope_map`.
    ///
    /// # Errors
    /// `LCM-SUBJECT-INVALID` without a `scope_map` or with an `act` that is not
    /// accepted.
    pub fn from_access_token(
        token: &Verified<Claims>,
        issuer: &Issuer,
        seen: Seen<'_>,
    ) -> Result<Self, Refusal> {
        if issuer.spec.scope_map.is_none() {
            return Err(invalid(
                "an issuer with a scope_map",
                "one whose scopes mean nothing here; send the ID token",
            ));
        }
        let mut proof = Self::foreign(token, issuer, Origin::AccessToken, seen)?;
        proof.authority = Some(issuer.map_scope(token.get().scope.as_deref().unwrap_or_default()));
        Ok(proof)
    }

    /// A workload by its token: that agent, at the version it has now, if it
    /// matches one, else a party that never acts for itself.
    ///
    /// # Errors
    /// `LCM-SUBJECT-INVALID` with an `act` that is not accepted.
    pub fn from_workload(
        token: &Verified<Claims>,
        issuer: &Issuer,
        agent: Option<&Agent>,
        seen: Seen<'_>,
    ) -> Result<Self, Refusal> {
        let mut proof = Self::foreign(token, issuer, Origin::Workload, seen)?;
        if let Some(agent) = agent {
            proof.subject = Subject::Agent(agent.id().clone());
            let since_ms = token.get().counts_from_ms(seen.ms);
            proof
                .lineage
                .inherit(&super::actor::named(agent, seen.keys, since_ms));
        }
        Ok(proof)
    }

    /// A person by a live grant whose agent is the actor.
    #[must_use]
    pub fn from_grant(
        grant: &Arc<Grant>,
        actor: &ActorProof,
        now_s: u64,
        keys: &dyn Keyed,
    ) -> Option<Self> {
        let live = grant.view(now_s) == crate::registry::GrantView::Active;
        let its = grant.spec.agent == *actor.agent_id();
        let person = ExternalId::parse(&grant.spec.person)?;
        (live && its).then(|| Self {
            issuer: Some(person.issuer.clone()),
            subject: Subject::Person(person),
            origin: Origin::Grant(grant.clone()),
            inbound: Vec::new(),
            // Revoking the agent kills the grants it was given before (contract §12).
            lineage: grant.lineage(keys).clone(),
            expires_s: Some(grant.expires_s),
            sign_in: SignIn::default(),
            groups: grant.spec.groups.clone(),
            // An administrator asserted them.
            groups_since_ms: None,
            sid: None,
            authority: None,
            may_act: None,
        })
    }

    /// The acting agent, for itself (`client_credentials`).
    #[must_use]
    pub fn itself(actor: &ActorProof) -> Self {
        Self {
            subject: Subject::Agent(actor.agent_id().clone()),
            origin: Origin::Itself,
            issuer: None,
            inbound: Vec::new(),
            lineage: actor.lineage().clone(),
            expires_s: None,
            sign_in: SignIn::default(),
            groups: None,
            groups_since_ms: None,
            sid: None,
            authority: None,
            may_act: None,
        }
    }

    fn foreign(
        token: &Verified<Claims>,
        issuer: &Issuer,
        origin: Origin,
        seen: Seen<'_>,
    ) -> Result<Self, Refusal> {
        let claims = token.get();
        let Seen { ours, keys, ms } = seen;
        let since_ms = claims.counts_from_ms(ms);
        speaks(claims, issuer, &origin)?;
        if claims.sub.len() > FOREIGN_SUB_MAX {
            return Err(invalid("a sub of at most 400 bytes", "a longer one"));
        }
        let foreign = ExternalId {
            issuer: issuer.id.clone(),
            sub: claims.sub.clone(),
        };
        let kid = format!("{}:{}", issuer.id, token.kid().as_str());
        let mut lineage = Lineage::default();
        lineage.add(keys.key(LineageKind::Person, &foreign.name()), since_ms);
        lineage.add(keys.key(LineageKind::Issuer, issuer.id.as_str()), since_ms);
        lineage.add(keys.key(LineageKind::Key, &kid), since_ms);
        let session = claims
            .sid
            .as_ref()
            .map(|sid| keys.key(LineageKind::Session, &format!("{}:{sid}", issuer.id)));
        session.iter().for_each(|key| lineage.add(*key, since_ms));
        Ok(Self {
            subject: match issuer.spec.role {
                IssuerRole::Subject => Subject::Person(foreign),
                IssuerRole::Workload => Subject::Workload(foreign),
            },
            may_act: may_act(
                claims,
                origin == Origin::AccessToken && issuer.spec.trust_may_act,
            )?,
            origin,
            issuer: Some(issuer.id.clone()),
            inbound: accepted_act(claims, issuer, ours)?,
            lineage,
            expires_s: Some(claims.exp),
            sign_in: SignIn {
                auth_time: claims.auth_time,
                acr: claims.acr.clone(),
                amr: claims.amr.clone(),
            },
            groups: groups(claims, issuer)?,
            groups_since_ms: Some(since_ms),
            sid: session.map(|key| {
                base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, key)
            }),
            authority: None,
        })
    }

    /// A token of ours, presented by the one it was meant for, and the key it
    /// was signed with (`locum:<kid>`); see
    /// [`Parent::passed_on`] and [`Parent::derived`].
    ///
    /// # Errors
    /// `LCM-SUBJECT-INVALID` when the record names another subject.
    pub fn from_own(parent: Parent, recall: Recall, signed_by: Key) -> Result<Self, Refusal> {
        super::own_subject::proof(parent, recall, signed_by)
    }

    /// Who it is.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What proved it.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The token of ours it came by, on a later hop.
    #[must_use]
    pub fn parent(&self) -> Option<&Parent> {
        match &self.origin {
            Origin::Own(parent) => Some(parent),
            Origin::IdToken
            | Origin::AccessToken
            | Origin::Workload
            | Origin::Grant(_)
            | Origin::Itself => None,
        }
    }

    /// The grant that proved it.
    #[must_use]
    pub const fn grant(&self) -> Option<&Arc<Grant>> {
        match &self.origin {
            Origin::Grant(grant) => Some(grant),
            Origin::IdToken
            | Origin::AccessToken
            | Origin::Workload
            | Origin::Own(_)
            | Origin::Itself => None,
        }
    }

    /// The issuer of the root subject; `None` for an agent of ours.
    #[must_use]
    pub const fn issuer(&self) -> Option<&IssuerId> {
        self.issuer.as_ref()
    }

    /// The actors so far, newest first.
    #[must_use]
    pub fn inbound(&self) -> &[Link] {
        &self.inbound
    }

    /// Exchanges so far.
    #[must_use]
    pub fn hops(&self) -> u32 {
        self.parent().map_or(0, |parent| {
            u32::try_from(parent.token.del.up.len() + 1).unwrap_or(u32::MAX)
        })
    }

    /// What it descends from.
    #[must_use]
    pub const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// When it ends, Unix seconds.
    #[must_use]
    pub const fn expires_s(&self) -> Option<u64> {
        self.expires_s
    }

    /// How the person signed in.
    #[must_use]
    pub const fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// The person's groups; `None`: unknown.
    #[must_use]
    pub const fn groups(&self) -> Option<&BTreeSet<String>> {
        self.groups.as_ref()
    }

    /// The groups that the person proved by a token of theirs, and when, in Unix
    /// milliseconds; `None` where they are unknown, or an administrator named them.
    #[must_use]
    pub fn proven_groups(&self) -> Option<(&BTreeSet<String>, u64)> {
        self.groups.as_ref().zip(self.groups_since_ms)
    }

    /// Keyed hash of the session at the provider, for `del.sid`.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// What it leads to; `None` where it limits nothing.
    #[must_use]
    pub const fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// Whom it lets act, if it says so.
    #[must_use]
    pub const fn may_act(&self) -> Option<&MayAct> {
        self.may_act.as_ref()
    }
}
