//! What each code means outside: the one table (contract §10, §12).

use super::Code;

/// What a code means outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// The code's text.
    pub text: &'static str,
    /// HTTP status.
    pub status: u16,
    /// OAuth `error`, `None` for codes of the admin API alone.
    pub error: Option<&'static str>,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// What to do next, in one sentence.
    pub next: &'static str,
}

const fn oauth(
    text: &'static str,
    status: u16,
    error: &'static str,
    meaning: &'static str,
    next: &'static str,
) -> Mapping {
    Mapping {
        text,
        status,
        error: Some(error),
        meaning,
        next,
    }
}

const fn admin(
    text: &'static str,
    status: u16,
    meaning: &'static str,
    next: &'static str,
) -> Mapping {
    Mapping {
        text,
        status,
        error: None,
        meaning,
        next,
    }
}

const REQUEST: &str = "invalid_request";
const TARGET: &str = "invalid_target";

impl Code {
    /// The one mapping (contract §10, §12).
    #[must_use]
    pub const fn mapping(self) -> Mapping {
        match self {
            Self::Request => oauth(
                "LCM-REQUEST",
                400,
                REQUEST,
                "The request is malformed, incomplete or too large (413 when the body is over the limit).",
                "Read the sentence in error_description: it names the parameter, what was expected and what was found.",
            ),
            Self::ParamDuplicate => oauth(
                "LCM-PARAM-DUPLICATE",
                400,
                REQUEST,
                "A parameter that may appear once was sent more than once (RFC 6749 section 3.2).",
                "Send the named parameter once; only audience and resource may repeat.",
            ),
            Self::ClientAuth => oauth(
                "LCM-CLIENT-AUTH",
                401,
                "invalid_client",
                "The client did not authenticate: one text for every cause.",
                "Check the client id, the method registered for it, the secret or key, and for private_key_jwt that aud is the issuer alone, iat is recent and jti is new.",
            ),
            Self::GrantType => oauth(
                "LCM-GRANT-TYPE",
                400,
                "unsupported_grant_type",
                "The grant_type is not one of those in the metadata.",
                "Use urn:ietf:params:oauth:grant-type:token-exchange or client_credentials.",
            ),
            Self::ClientNotAllowed => oauth(
                "LCM-CLIENT-NOT-ALLOWED",
                400,
                "unauthorized_client",
                "The client is known, but it is no agent and may not do this.",
                "Register an agent, or send an actor_token of an agent that lists this client among its presenters.",
            ),
            Self::SubjectInvalid => oauth(
                "LCM-SUBJECT-INVALID",
                400,
                REQUEST,
                "The subject token is not acceptable: its kind, signature, claims or issuer.",
                "Get a fresh token of a trusted issuer with the audience registered for it, and name its kind in subject_token_type.",
            ),
            Self::SubjectRevoked => oauth(
                "LCM-SUBJECT-REVOKED",
                400,
                REQUEST,
                "The subject token, or something it descends from, was revoked.",
                "Start again from a fresh sign-in of the person or a fresh delegation.",
            ),
            Self::ActorInvalid => oauth(
                "LCM-ACTOR-INVALID",
                400,
                REQUEST,
                "The actor token is not acceptable, or its workload matches no agent.",
                "Get a fresh workload token with the right audience, and register its exact sub with the agent.",
            ),
            Self::ActorMismatch => oauth(
                "LCM-ACTOR-MISMATCH",
                400,
                REQUEST,
                "The caller is neither the one the token is meant for nor a listed presenter.",
                "Ask the holder to pass the chain on with delegate_to, or let the actor present it.",
            ),
            Self::MayAct => oauth(
                "LCM-MAY-ACT",
                400,
                REQUEST,
                "The subject token's may_act names somebody else.",
                "Let the named party act, or get a subject token whose may_act names this agent by iss and sub.",
            ),
            Self::ChainDepth => oauth(
                "LCM-CHAIN-DEPTH",
                400,
                REQUEST,
                "The chain would hold more act objects than allowed.",
                "Shorten the chain: let an earlier agent call the target.",
            ),
            Self::ChainHops => oauth(
                "LCM-CHAIN-HOPS",
                400,
                REQUEST,
                "The chain would hold more exchanges than allowed.",
                "Start again from the person's sign-in.",
            ),
            Self::ChainCycle => oauth(
                "LCM-CHAIN-CYCLE",
                400,
                REQUEST,
                "The actor already stands in the chain.",
                "Pass the chain on to an agent that is not yet part of it.",
            ),
            Self::ChainSize => oauth(
                "LCM-CHAIN-SIZE",
                400,
                REQUEST,
                "The token would be larger than 4 KiB.",
                "Ask for fewer scopes or authorization_details, or shorten the chain.",
            ),
            Self::AgentState => oauth(
                "LCM-AGENT-STATE",
                400,
                REQUEST,
                "The agent is suspended.",
                "Ask the agent's owner to resume it.",
            ),
            Self::AgentUncertified => oauth(
                "LCM-AGENT-UNCERTIFIED",
                400,
                REQUEST,
                "The agent is a draft, or its certification has ended.",
                "Ask the agent's owner to certify a version.",
            ),
            Self::Locked => oauth(
                "LCM-LOCKED",
                400,
                REQUEST,
                "Something this delegation descends from is locked.",
                "Wait until the lock is lifted, or ask an operator.",
            ),
            Self::PolicyDenied => oauth(
                "LCM-POLICY-DENIED",
                400,
                REQUEST,
                "No policy permits this, or one forbids it; or the person is in none of the groups that the target's entitlements name for a scope.",
                "Ask for what would_pass names, or ask the policy's owner; where the check entitlements failed, ask who manages the groups.",
            ),
            Self::PolicyError => oauth(
                "LCM-POLICY-ERROR",
                400,
                REQUEST,
                "A policy could not be evaluated, so the answer is no.",
                "Report the request id to the operator.",
            ),
            Self::TargetUnknown => oauth(
                "LCM-TARGET-UNKNOWN",
                400,
                TARGET,
                "The target does not exist or is outside the agent's ceiling: one answer for both.",
                "Name one of the agent's own targets by audience or resource.",
            ),
            Self::TargetSeveral => oauth(
                "LCM-TARGET-SEVERAL",
                400,
                TARGET,
                "The request names more than one target.",
                "Make one exchange for each target.",
            ),
            Self::TargetRefused => oauth(
                "LCM-TARGET-REFUSED",
                400,
                TARGET,
                "The subject token does not lead to this target.",
                "Use a subject token that leads there, or ask for the target it names.",
            ),
            Self::TargetLocked => oauth(
                "LCM-TARGET-LOCKED",
                400,
                TARGET,
                "The target is locked.",
                "Wait until the lock is lifted, or ask an operator.",
            ),
            Self::HandoutUnsafe => oauth(
                "LCM-HANDOUT-UNSAFE",
                400,
                TARGET,
                "The target's credential would do more than was granted (narrow), or live longer and could not be revoked (expire).",
                "With expire, a longer expires_in may pass if you asked for a short one. Else ask the target's owner: for an account of exactly these scopes in principals (narrow), for a longer max_lifetime (expire), or to declare accept_overhang.",
            ),
            Self::DownstreamRefused => oauth(
                "LCM-DOWNSTREAM-REFUSED",
                400,
                TARGET,
                "The target's own system refuses this person, scope or client. Nothing was handed out.",
                "Ask the target's owner what the person may do there; GET /decisions/{id} shows more.",
            ),
            Self::Downstream => oauth(
                "LCM-DOWNSTREAM",
                503,
                "temporarily_unavailable",
                "The target's own system cannot be reached, is too slow, or answers nonsense. Nothing was handed out.",
                "Try again after Retry-After seconds.",
            ),
            Self::ScopeRefused => oauth(
                "LCM-SCOPE-REFUSED",
                400,
                "invalid_scope",
                "A requested scope is outside what the inputs allow together.",
                "Ask for the scope that would_pass names.",
            ),
            Self::ScopeRequired => oauth(
                "LCM-SCOPE-REQUIRED",
                400,
                "invalid_scope",
                "No scope was requested, and there is no default for this target.",
                "Name the scopes you need.",
            ),
            Self::Details => oauth(
                "LCM-DETAILS",
                400,
                "invalid_authorization_details",
                "authorization_details are unknown, incomplete, malformed or wider than allowed.",
                "Declare each field of a known type, within the parent, the grant and the ceiling.",
            ),
            Self::ConsentMissing => oauth(
                "LCM-CONSENT-MISSING",
                400,
                "consent_required",
                "Nobody has allowed this delegation: no may_act, no grant and no policy covers it.",
                "Ask the person for a grant, or ask for what would_pass names.",
            ),
            Self::StepUp => oauth(
                "LCM-STEP-UP",
                400,
                "insufficient_user_authentication",
                "The policy wants a stronger sign-in of the person, or the target a more recent one (RFC 9470).",
                "Let the person sign in again, with one of acr_values where it is there, then use the new token.",
            ),
            Self::Rate => oauth(
                "LCM-RATE",
                429,
                "temporarily_unavailable",
                "The client makes more requests than it may. One record a client and minute says so.",
                "Try again after Retry-After seconds, and spread the calls; a token serves until it expires.",
            ),
            Self::Unavailable => oauth(
                "LCM-UNAVAILABLE",
                503,
                "temporarily_unavailable",
                "Something Locum needs is not available: the ledger, or an issuer's keys. Nothing was issued.",
                "Try again after Retry-After seconds.",
            ),
            Self::Unauthenticated => admin(
                "LCM-UNAUTHENTICATED",
                401,
                "The admin API needs a credential.",
                "Send Authorization: Bearer with a credential of the admin API.",
            ),
            Self::Forbidden => admin(
                "LCM-FORBIDDEN",
                403,
                "The credential's role does not allow this.",
                "Use a credential with the role the sentence names.",
            ),
            Self::NotFound => oauth(
                "LCM-NOT-FOUND",
                404,
                REQUEST,
                "There is no such object or path.",
                "Check the id or the path; lists show what exists, the metadata the endpoints.",
            ),
            Self::State => admin(
                "LCM-STATE",
                409,
                "The object's state does not allow this, or its id is taken.",
                "Read the object; ids are never used again.",
            ),
            Self::ManagedByFile => admin(
                "LCM-MANAGED-BY-FILE",
                409,
                "A file declares this; it is read-only here.",
                "Change the file and reload; to stop it at once, lock or revoke it.",
            ),
            Self::GrantsOff => admin(
                "LCM-GRANTS-OFF",
                403,
                "Administrators make no grants on this broker.",
                "Let the person make the grant, or set grants.allow_administrator.",
            ),
            Self::Stale => admin(
                "LCM-STALE",
                412,
                "If-Match names another revision than the current one.",
                "Read the object again and repeat the change on it.",
            ),
            Self::Invalid => admin(
                "LCM-INVALID",
                422,
                "The input is invalid; errors lists each place.",
                "Mend the places that errors names.",
            ),
            Self::IdempotencyKey => admin(
                "LCM-IDEMPOTENCY-KEY",
                422,
                "The Idempotency-Key was used before with another body.",
                "Use a new key for a new request.",
            ),
            Self::Method => oauth(
                "LCM-METHOD",
                405,
                REQUEST,
                "The path does not take this method.",
                "Use a method that the header Allow names.",
            ),
            Self::TooLarge => admin(
                "LCM-TOO-LARGE",
                413,
                "The body is over the limit.",
                "Send a smaller body.",
            ),
            Self::Internal => oauth(
                "LCM-INTERNAL",
                500,
                "server_error",
                "A fault of Locum itself. Nothing was issued.",
                "Report the request id to the operator.",
            ),
        }
    }
}
