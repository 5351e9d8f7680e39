//! Why an issuer's keys cannot be had, for operators: a word, a sentence, and what
//! mends it. It holds no secret, no URL and nothing of a foreign document.

use super::source::{SourceFlaw, Stage};
use locum_outgoing::FetchFlaw;
use locum_tokens::keys::KeyFlaw;
use std::fmt;

/// Longest sentence, in bytes.
const DETAIL_MAX: usize = 256;

/// Why an issuer's keys cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerTrouble {
    /// One word for it.
    pub reason: &'static str,
    /// What was expected and what was found, in printable ASCII.
    pub detail: String,
    /// The key of the configuration, or the member of the issuer, that mends it.
    pub setting: Option<&'static str>,
    /// What to do.
    pub next: &'static str,
}

/// A word, what mends it, and how.
type Mending = (&'static str, Option<&'static str>, &'static str);

impl IssuerTrouble {
    /// What a fetch came to.
    pub(super) fn of(flaw: &SourceFlaw) -> Self {
        let mending = match flaw {
            SourceFlaw::Fetch(_, flaw) => fetch(flaw),
            SourceFlaw::Keys(flaw) => keys(*flaw),
            SourceFlaw::TrailingSlash => (
                "issuer_slash",
                Some("issuer"),
                "declare `issuer` as discovery names it, with the slash at its end or without, under a new id: an id keeps its address",
            ),
            SourceFlaw::OtherIssuer => (
                "other_issuer",
                Some("issuer"),
                "declare `issuer` as the provider's discovery names it, byte for byte, under a new id: an id keeps its address",
            ),
            SourceFlaw::NoUri => (
                "no_jwks_uri",
                Some("kind"),
                "declare kind `jwt` with the provider's `jwks_uri`",
            ),
            SourceFlaw::Nowhere => ("nowhere", Some("jwks_uri"), "declare `jwks` or `jwks_uri`"),
        };
        let stage = match flaw {
            SourceFlaw::Fetch(Stage::Discovery, _) => "discovery: ",
            SourceFlaw::Fetch(Stage::Keys, _) | SourceFlaw::Keys(_) => "keys: ",
            SourceFlaw::TrailingSlash
            | SourceFlaw::OtherIssuer
            | SourceFlaw::NoUri
            | SourceFlaw::Nowhere => "",
        };
        Self::new(mending, &format!("{stage}{flaw}"))
    }

    /// The whole fetch took too long.
    pub(super) fn timeout() -> Self {
        Self::new(TIMEOUT, "expected an answer in time, found none")
    }

    /// There are keys, and none that can be used.
    pub(super) fn no_usable_key(left_out: usize) -> Self {
        let detail =
            format!("keys: expected one that can be used, found none; {left_out} are left out");
        Self::new(NO_USABLE_KEY, &detail)
    }

    fn new((reason, setting, next): Mending, detail: &str) -> Self {
        let plain = |c: char| {
            if c.is_ascii() && !c.is_ascii_control() {
                c
            } else {
                '?'
            }
        };
        Self {
            reason,
            detail: detail.chars().take(DETAIL_MAX).map(plain).collect(),
            setting,
            next,
        }
    }
}

impl fmt::Display for IssuerTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.detail, self.next)
    }
}

const ALLOW: Option<&str> = Some("network.allow_private");
const NO_USABLE_KEY: Mending = (
    "no_usable_key",
    Some("algs"),
    "list the algorithms of the provider's keys in the issuer's `algs`",
);
const TIMEOUT: Mending = (
    "timeout",
    Some("trust.fetch_timeout_s"),
    "look at the way to the provider, or raise `trust.fetch_timeout_s` and restart",
);

/// The way to the server, else what it answered.
const fn fetch(flaw: &FetchFlaw) -> Mending {
    match flaw {
        FetchFlaw::Url(_) => (
            "url",
            Some("jwks_uri"),
            "correct the URL: the issuer's `jwks_uri`, or the one in the provider's discovery",
        ),
        FetchFlaw::Address(_) | FetchFlaw::Addresses => (
            "address_not_allowed",
            ALLOW,
            "list the network in `network.allow_private` if it is yours, and restart",
        ),
        FetchFlaw::NeedsTls => (
            "http",
            ALLOW,
            "use https; plain http is for networks in `network.allow_private`",
        ),
        FetchFlaw::Unresolved => (
            "name_not_resolved",
            None,
            "correct the host name, or this machine's resolver",
        ),
        FetchFlaw::Unreachable => (
            "unreachable",
            None,
            "look whether the provider's server runs and the way to it is open",
        ),
        FetchFlaw::Timeout => TIMEOUT,
        FetchFlaw::Authority => (
            "authority_unknown",
            Some("trust.ca_file"),
            "put the authority's certificate into `trust.ca_file`",
        ),
        FetchFlaw::Certificate(_) => (
            "certificate",
            None,
            "have the provider's certificate put right",
        ),
        FetchFlaw::Redirect(_)
        | FetchFlaw::Status(_)
        | FetchFlaw::TooLarge { .. }
        | FetchFlaw::Encoding
        | FetchFlaw::Gzip
        | FetchFlaw::Http(_)
        | FetchFlaw::Json(_) => answer(flaw),
    }
}

/// What the server answered.
const fn answer(flaw: &FetchFlaw) -> Mending {
    match flaw {
        FetchFlaw::Redirect(_) => (
            "redirect",
            Some("jwks_uri"),
            "declare where the redirect leads as `jwks_uri` or `issuer`",
        ),
        FetchFlaw::Status(_) => (
            "status",
            None,
            "look whether the URL is right and the provider is well",
        ),
        FetchFlaw::TooLarge { .. } => (
            "too_large",
            Some("trust.max_bytes"),
            "raise `trust.max_bytes` and restart, if the document is the right one",
        ),
        FetchFlaw::Encoding | FetchFlaw::Gzip => (
            "encoding",
            None,
            "have the provider send the document as it is or packed with gzip",
        ),
        FetchFlaw::Json(_) => (
            "not_json",
            None,
            "look whether the URL leads to the provider's document",
        ),
        FetchFlaw::Http(_)
        | FetchFlaw::Url(_)
        | FetchFlaw::Address(_)
        | FetchFlaw::Addresses
        | FetchFlaw::NeedsTls
        | FetchFlaw::Unresolved
        | FetchFlaw::Unreachable
        | FetchFlaw::Timeout
        | FetchFlaw::Authority
        | FetchFlaw::Certificate(_) => (
            "connection",
            None,
            "look at the provider's server and the way to it",
        ),
    }
}

const fn keys(flaw: KeyFlaw) -> Mending {
    match flaw {
        KeyFlaw::NotASet => (
            "not_a_key_set",
            Some("jwks_uri"),
            "look whether `jwks_uri` leads to a JWK set",
        ),
        KeyFlaw::TooMany { .. } => (
            "too_many_keys",
            None,
            "have the provider publish fewer keys",
        ),
        KeyFlaw::DuplicateKid
        | KeyFlaw::NotAKey
        | KeyFlaw::Private
        | KeyFlaw::Kind
        | KeyFlaw::Use
        | KeyFlaw::Alg
        | KeyFlaw::AlgUnclear
        | KeyFlaw::Member { .. }
        | KeyFlaw::RsaLength
        | KeyFlaw::Unsound
        | KeyFlaw::Library => NO_USABLE_KEY,
    }
}
