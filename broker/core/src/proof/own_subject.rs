//! A token of ours as subject token: only for the one it was meant for
//! (contract §8).

use super::actor::ActorProof;
use super::client::{Authenticated, Caller};
use super::subject::{MayAct, Origin, SubjectProof};
use crate::ids::{AgentId, ClientId, IssuerId, TargetId};
use crate::lineage::{Key, Lineage};
use crate::own::{AGENT_AUDIENCE, OwnToken};
use crate::party::Subject;
use crate::policy::Basis;
use crate::refusal::{Code, Refusal};
use crate::registry::Target;
use crate::scope::Authority;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the ledger remembers of a token of ours and its claims do not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// The subject, as the root knew it.
    pub subject: Subject,
    /// The root subject's issuer.
    pub issuer: Option<IssuerId>,
    /// Everything it descends from.
    pub lineage: Lineage,
    /// The person's groups at the root.
    pub groups: Option<BTreeSet<String>>,
    /// When the person proved them, Unix milliseconds; `None` where nobody did.
    pub groups_since_ms: Option<u64>,
    /// The client that presented for the actor.
    pub presenter: Option<ClientId>,
}

/// How a token of ours came to be a subject token.
#[derive(Debug, Clone, PartialEq)]
pub struct Parent {
    /// The token.
    pub token: OwnToken,
    /// Whether a resource server derives from it, instead of passing it on.
    pub derives: bool,
    authority: Authority,
    server: Option<ClientId>,
    acts_as: Option<AgentId>,
}

impl Parent {
    /// Passed on with `delegate_to`: the actor is the agent it is for.
    ///
    /// # Errors
    /// `LCM-ACTOR-MISMATCH` for any other actor.
    pub fn passed_on(token: OwnToken, actor: &ActorProof) -> Result<Self, Refusal> {
        let target = token
            .del
            .target
            .clone()
            .filter(|_| token.meant_for() == Some(actor.agent_id().as_str()));
        let Some(target) = target else {
            return Err(mismatch());
        };
        let authority = Authority::of(
            token
                .scope
                .iter()
                .map(|name| (target.clone(), name.clone())),
        );
        Ok(Self {
            token,
            derives: false,
            authority,
            server: None,
            acts_as: None,
        })
    }

    /// Derived from by the target's own server (contract §8). `recorded` is the
    /// target that the record says it was issued for: a resource that moved to
    /// another target takes no token along. A token with
    /// `authorization_details` derives nothing.
    ///
    /// # Errors
    /// `LCM-ACTOR-MISMATCH` for any other client, `LCM-TARGET-REFUSED` where
    /// the target derives nothing.
    pub fn derived(
        token: OwnToken,
        recorded: Option<&TargetId>,
        target: &Target,
        server: &Authenticated<Caller>,
    ) -> Result<Self, Refusal> {
        let spec = &target.spec;
        let for_it = recorded == Some(&target.id) && token.meant_for().is_none();
        let serves = spec
            .resource_server
            .as_ref()
            .is_some_and(|c| c.as_str() == server.get().id());
        if !for_it || !serves {
            return Err(mismatch());
        }
        let details = token.details.as_ref().and_then(serde_json::Value::as_array);
        // For another target only: at its own, a token is used and not exchanged.
        let pairs: Vec<_> = target
            .derived(&token.scope)
            .filter(|(other, _)| *other != target.id)
            .collect();
        if pairs.is_empty() || details.is_some_and(|list| !list.is_empty()) {
            return Err(Refusal::new(
                Code::TargetRefused,
                "expected a token that derives something at another target, found one that derives nothing; ask the agent for a token of its own",
            ));
        }
        Ok(Self {
            token,
            derives: true,
            authority: Authority::of(pairs),
            server: spec.resource_server.clone(),
            acts_as: spec.acts_as.clone(),
        })
    }
}

/// The refusal for who holds a token of ours that is not meant for them.
#[must_use]
pub fn mismatch() -> Refusal {
    Refusal::new(
        Code::ActorMismatch,
        "expected the agent or server that the token was issued for to present it, found another client; let that one make the request, or ask the agent for a token with `delegate_to` that names you",
    )
}

pub(super) fn proof(
    parent: Parent,
    recall: Recall,
    signed_by: Key,
) -> Result<SubjectProof, Refusal> {
    if recall.subject.sub() != parent.token.sub {
        return Err(Refusal::new(
            Code::SubjectInvalid,
            "expected the subject that was recorded, found another; get a fresh subject token",
        ));
    }
    let token = &parent.token;
    let mut lineage = recall.lineage;
    lineage.add(signed_by, token.jti.ms());
    Ok(SubjectProof {
        subject: recall.subject,
        issuer: recall.issuer,
        inbound: token.links.clone(),
        lineage,
        expires_s: Some(token.exp),
        sign_in: token.sign_in.clone(),
        groups: recall.groups,
        groups_since_ms: recall.groups_since_ms,
        sid: token.del.sid.clone(),
        authority: Some(parent.authority.clone()),
        may_act: None::<MayAct>,
        origin: Origin::Own(Box::new(parent)),
    })
}

impl Parent {
    /// Whether the actor is the one this token serves: the agent it is passed
    /// on to, or the agent as which the deriving server acts.
    #[must_use]
    pub fn is_for(&self, actor: &ActorProof) -> bool {
        if self.derives {
            return self.server.as_ref() == actor.presenter()
                && self.acts_as.as_ref() == Some(actor.agent_id());
        }
        self.token.meant_for() == Some(actor.agent_id().as_str())
    }

    /// What the root rests on.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.token.del.basis
    }

    /// The audience of a token for an agent to pass on.
    #[must_use]
    pub fn audience_of(agent: &str) -> Arc<str> {
        format!("{AGENT_AUDIENCE}{agent}").into()
    }
}
