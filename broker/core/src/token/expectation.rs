//! What a token must be to be accepted in one slot.

use super::alg::Alg;
use std::collections::BTreeMap;

/// Which rules a token is held to: one kind never passes for another
/// (RFC 8725 §3.12, "mutually exclusive validation rules").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A provider's ID token (OpenID Connect Core §2).
    IdToken,
    /// A provider's access token for a person (RFC 9068).
    ForeignAccess,
    /// A workload's token: Kubernetes, SPIFFE JWT-SVID, CI.
    Workload,
    /// An access token of ours (contract §7).
    Own,
    /// A client's assertion about itself (RFC 7523 §2.2).
    ClientAssertion,
}

/// Whom the token must be meant for (RFC 7519 §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audiences<'a> {
    /// At least one of `aud` is one of these.
    AnyOf(&'a [String]),
    /// `aud` is one of these and nothing else: a string or an array of one.
    Sole(&'a [String]),
    /// The caller compares `aud` with who presents the token. Only for
    /// [`TokenKind::Own`](super::TokenKind::Own), where the audience decides who may (contract §8, §9);
    /// with another kind nothing passes.
    CallerDecides,
}

/// Which issuer the token must be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerRule<'a> {
    /// The one that `iss` names, compared byte by byte (RFC 7519 §4.1.1).
    Claim(&'a str),
    /// The trust domain of the SPIFFE ID in `sub`, such as
    /// `spiffe://acme.example`, whatever `iss` says (JWT-SVID §3: `iss` is no
    /// part of it).
    TrustDomain(&'a str),
}

/// What an issuer asks of the claims of its tokens (contract §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demands<'a> {
    /// Claims that must be there, each with the values it may have; none is any.
    pub require: Option<&'a BTreeMap<String, Vec<String>>>,
    /// Claims that must not be there.
    pub forbid: &'a [String],
}

/// Which header `typ` passes (RFC 7515 §4.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypRule<'a> {
    /// Media types in lower case and without `application/`.
    pub accepted: &'a [&'a str],
    /// Whether a token without `typ` passes.
    pub absent: bool,
}

impl TypRule<'static> {
    /// ID tokens and workload tokens: absent or `JWT` (contract §5).
    pub const JWT: Self = Self {
        accepted: &["jwt"],
        absent: true,
    };
    /// Access tokens: `at+jwt` (RFC 9068 §2.1).
    pub const ACCESS: Self = Self {
        accepted: &["at+jwt"],
        absent: false,
    };
    /// Access tokens where the issuer has `accept_untyped`: `at+jwt`, `JWT` or
    /// none.
    pub const ACCESS_OR_UNTYPED: Self = Self {
        accepted: &["at+jwt", "jwt"],
        absent: true,
    };
    /// JWT-SVIDs (JWT-SVID §2): absent, `JWT` or `JOSE`.
    pub const JWT_OR_JOSE: Self = Self {
        accepted: &["jwt", "jose"],
        absent: true,
    };
    /// Client assertions: absent, `JWT` or `client-authentication+jwt`
    /// (contract §11).
    pub const CLIENT_ASSERTION: Self = Self {
        accepted: &["jwt", "client-authentication+jwt"],
        absent: true,
    };
}

impl TypRule<'_> {
    pub(super) fn passes(&self, typ: Option<&str>) -> bool {
        match typ {
            None => self.absent,
            Some(typ) => self.accepted.contains(&media_type(typ).as_str()),
        }
    }
}

/// Media types compare without case and may leave out `application/`
/// (RFC 7515 §4.1.9).
pub(super) fn media_type(typ: &str) -> String {
    let lower = typ.to_ascii_lowercase();
    match lower.strip_prefix("application/") {
        Some(rest) => rest.to_owned(),
        None => lower,
    }
}

/// Everything a token is compared with. Every field is required and there is
/// no default: a check that was forgotten does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation<'a> {
    /// Which rules apply.
    pub kind: TokenKind,
    /// Whose token it is.
    pub issuer: IssuerRule<'a>,
    /// `aud`.
    pub audiences: Audiences<'a>,
    /// What else its issuer asks.
    pub demands: Demands<'a>,
    /// Algorithms this issuer signs with.
    pub algs: &'a [Alg],
    /// The header's `typ`.
    pub typ: TypRule<'a>,
    /// How far `nbf` and `iat` may lie ahead of our clock, in seconds. `exp`
    /// has no skew.
    pub skew_s: u64,
    /// Greatest age by `iat`, in seconds.
    pub max_age_s: u64,
    /// Whether a token without `iat` is refused (contract §5: always). Where
    /// it is not, such a token has no age and `max_age_s` does not bind it.
    pub iat_required: bool,
    /// Whether a token without `jti` is refused: wherever single use is asked.
    pub jti_required: bool,
    /// How far ahead `exp` may lie, in seconds; `None` sets no bound.
    pub exp_max_ahead_s: Option<u64>,
}
