//! Locum's own access token read back (contract §7): the claims it was made
//! with in [`crate::decide`], each of its type.

use crate::chain::read_act;
use crate::ids::{AgentId, DelegationId, GrantId, Jti, TargetId, VersionId};
use crate::party::{Link, SignIn};
use crate::policy::Basis;
use crate::scope::Scope;
use crate::token::{Claims, Verified};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Audience of a token meant for agent B to pass on: `urn:locum:agent:B`.
pub const AGENT_AUDIENCE: &str = "urn:locum:agent:";

/// The claim `del` (contract §7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Del {
    /// New per exchange; its characters are the `jti`'s.
    pub id: DelegationId,
    /// The grant at the root, if any.
    pub grant: Option<GrantId>,
    /// What the root rests on.
    pub basis: Basis,
    /// Ancestors' `jti`, newest first.
    pub up: Vec<Jti>,
    /// Agent versions, parallel to the chain.
    pub ver: Vec<Option<VersionId>>,
    /// Keyed hash of the person's session at the provider.
    pub sid: Option<String>,
    /// The target a passed-on token is for (contract §8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetId>,
}

/// An access token of ours. Only [`OwnToken::read`] makes one, so that what a
/// later hop wraps was signed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OwnToken {
    /// Its id.
    pub jti: Jti,
    /// On whose behalf.
    pub sub: String,
    /// Whom it is for.
    pub aud: String,
    /// The actor.
    pub client_id: String,
    /// What it allows.
    pub scope: Scope,
    /// Unix seconds.
    pub iat: u64,
    /// Unix seconds.
    pub exp: u64,
    /// The actors, newest first.
    pub links: Vec<Link>,
    /// The delegation.
    pub del: Del,
    /// `authorization_details` as in the claim.
    pub details: Option<Value>,
    /// How the person signed in.
    pub sign_in: SignIn,
}

impl OwnToken {
    /// Reads the claims of a token that our own key signed.
    ///
    /// # Errors
    /// What does not fit, as a phrase: then it is no access token of ours,
    /// whatever signed it.
    pub fn read(token: &Verified<Claims>, ours: &str) -> Result<Self, &'static str> {
        let claims = token.get();
        let del: Del = claims
            .get("del")
            .and_then(|value| serde_json::from_value(value.clone()).ok())
            .ok_or("no delegation claim")?;
        let mut links = claims.act.as_ref().map_or(Ok(Vec::new()), read_act)?;
        for (place, link) in links.iter_mut().enumerate() {
            link.version = del.ver.get(place).copied().flatten();
            link.agent = (link.iss == ours)
                .then(|| AgentId::parse(&link.sub).ok())
                .flatten();
        }
        let [aud] = claims.aud.as_slice() else {
            return Err("more than one audience");
        };
        Ok(Self {
            jti: claims
                .jti
                .as_deref()
                .and_then(|jti| Jti::parse(jti).ok())
                .ok_or("no token id of ours")?,
            sub: claims.sub.clone(),
            aud: aud.clone(),
            client_id: claims.client_id.clone().ok_or("no client")?,
            scope: Scope::parse(&claims.scope.as_deref().unwrap_or_default().join(" "))
                .map_err(|_| "no scope")?,
            iat: claims.iat.ok_or("no time of issue")?,
            exp: claims.exp,
            links,
            del,
            details: claims.get("authorization_details").cloned(),
            sign_in: SignIn {
                auth_time: claims.auth_time,
                acr: claims.acr.clone(),
                amr: claims.amr.clone(),
            },
        })
    }

    /// The agent it may be passed on by, when it is such a token.
    #[must_use]
    pub fn meant_for(&self) -> Option<&str> {
        self.aud.strip_prefix(AGENT_AUDIENCE)
    }
}
