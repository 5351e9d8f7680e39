//! The stable codes of `/token` and of the admin API.

/// A stable code. Once published it keeps its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A malformed request.
    Request,
    /// A single-valued parameter was sent more than once.
    ParamDuplicate,
    /// The client did not authenticate.
    ClientAuth,
    /// An unknown `grant_type`.
    GrantType,
    /// The client may not do this.
    ClientNotAllowed,
    /// The subject token is not acceptable.
    SubjectInvalid,
    /// The subject token, or what it descends from, was revoked.
    SubjectRevoked,
    /// The actor token is not acceptable.
    ActorInvalid,
    /// The caller is not the one the token or actor is for.
    ActorMismatch,
    /// `may_act` names somebody else.
    MayAct,
    /// Too many `act` objects.
    ChainDepth,
    /// Too many exchanges.
    ChainHops,
    /// An actor would appear twice.
    ChainCycle,
    /// The token would be too large.
    ChainSize,
    /// The agent is suspended.
    AgentState,
    /// The agent has no certification in force.
    AgentUncertified,
    /// Something in the lineage is locked.
    Locked,
    /// Policy said no.
    PolicyDenied,
    /// Policy could not be evaluated.
    PolicyError,
    /// No such target for this agent.
    TargetUnknown,
    /// More than one target was named.
    TargetSeveral,
    /// The subject token does not lead to the target.
    TargetRefused,
    /// The target is locked.
    TargetLocked,
    /// The vendor's credential would do more, or live longer, than the permit.
    HandoutUnsafe,
    /// The vendor refused.
    DownstreamRefused,
    /// The vendor gave no usable answer.
    Downstream,
    /// A requested scope is outside.
    ScopeRefused,
    /// No scope was requested and there is no default.
    ScopeRequired,
    /// `authorization_details` are not acceptable.
    Details,
    /// Nobody has allowed this delegation.
    ConsentMissing,
    /// The person must sign in more strongly.
    StepUp,
    /// The client asks too often.
    Rate,
    /// Something Locum needs is not available.
    Unavailable,
    /// Admin API: no or a bad credential.
    Unauthenticated,
    /// Admin API: the role does not allow this.
    Forbidden,
    /// Admin API: no such object or path.
    NotFound,
    /// Admin API: the object's state does not allow this.
    State,
    /// Admin API: what a file declares is changed in the file.
    ManagedByFile,
    /// Admin API: administrators make no grants here.
    GrantsOff,
    /// Admin API: `If-Match` names another revision.
    Stale,
    /// Admin API: invalid input.
    Invalid,
    /// Admin API: the key was used for another request.
    IdempotencyKey,
    /// Admin API: the method does not exist at this path.
    Method,
    /// Admin API: the body is too large.
    TooLarge,
    /// A fault of Locum's own.
    Internal,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 45] = [
        Self::Request,
        Self::ParamDuplicate,
        Self::ClientAuth,
        Self::GrantType,
        Self::ClientNotAllowed,
        Self::SubjectInvalid,
        Self::SubjectRevoked,
        Self::ActorInvalid,
        Self::ActorMismatch,
        Self::MayAct,
        Self::ChainDepth,
        Self::ChainHops,
        Self::ChainCycle,
        Self::ChainSize,
        Self::AgentState,
        Self::AgentUncertified,
        Self::Locked,
        Self::PolicyDenied,
        Self::PolicyError,
        Self::TargetUnknown,
        Self::TargetSeveral,
        Self::TargetRefused,
        Self::TargetLocked,
        Self::HandoutUnsafe,
        Self::DownstreamRefused,
        Self::Downstream,
        Self::ScopeRefused,
        Self::ScopeRequired,
        Self::Details,
        Self::ConsentMissing,
        Self::StepUp,
        Self::Rate,
        Self::Unavailable,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::State,
        Self::ManagedByFile,
        Self::GrantsOff,
        Self::Stale,
        Self::Invalid,
        Self::IdempotencyKey,
        Self::Method,
        Self::TooLarge,
        Self::Internal,
    ];

    /// The code's text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.mapping().text
    }

    /// Whether the same request may pass later without being changed.
    #[must_use]
    pub const fn retryable(self) -> bool {
        matches!(self.mapping().status, 429 | 503)
    }

    /// The code with that text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.text() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_text() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.text()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }

    #[test]
    fn rfc8693_2_2_2_an_unacceptable_subject_or_actor_token_is_invalid_request() {
        for code in [
            Code::SubjectInvalid,
            Code::SubjectRevoked,
            Code::ActorInvalid,
            Code::ActorMismatch,
            Code::MayAct,
        ] {
            assert_eq!(code.mapping().error, Some("invalid_request"));
            assert_eq!(code.mapping().status, 400);
        }
    }
}
