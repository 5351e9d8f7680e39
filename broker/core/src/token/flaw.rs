//! Why a token was refused: one reason, one variant, two audiences.

use super::alg::Alg;
use super::expectation::TypRule;
use crate::json;
use std::fmt::Write;

/// Longest piece of a verified token in a sentence, in bytes (contract §10).
const SHOWN_MAX: usize = 64;

/// The reason a token was refused. Until the signature was found good a flaw
/// carries nothing of the token, so it may be shown to anyone. The text of
/// `Display` is [`TokenFlaw::public`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFlaw {
    /// Longer than allowed; nothing was decoded.
    #[error("expected a token of at most {max} bytes, found a longer one")]
    TooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// Not three non-empty parts with dots between (RFC 7515 §7.1).
    #[error("expected a signed JWT of three parts with dots between, found another form")]
    Form,
    /// Five parts: encrypted (RFC 7516 §7.1).
    #[error("expected a signed JWT of three parts, found an encrypted one of five")]
    Encrypted,
    /// A part is not canonical unpadded base64url (RFC 7515 §2).
    #[error("expected unpadded base64url as the {part} of the token, found something else")]
    Base64 {
        /// `header`, `payload` or `signature`.
        part: &'static str,
    },
    /// A part is not strict JSON.
    #[error("in the {part} of the token: {flaw}")]
    Json {
        /// `header` or `payload`.
        part: &'static str,
        /// What is wrong with it.
        flaw: json::JsonFlaw,
    },
    /// A part is JSON and no object.
    #[error("expected a JSON object as the {part} of the token, found another value")]
    NotAnObject {
        /// `header` or `payload`.
        part: &'static str,
    },
    /// A header member that changes how the token is read: `crit`, `b64`,
    /// `zip`, `enc`.
    #[error("expected a header without `{name}`, found it")]
    HeaderMember {
        /// Its name.
        name: &'static str,
    },
    /// A header member of the wrong type or length.
    #[error("expected a string of 1 to 256 bytes as header `{name}`, found another value")]
    HeaderType {
        /// Its name.
        name: &'static str,
    },
    /// `alg` absent, or none we know: `none` and all symmetric ones.
    #[error("expected one of `ES256 RS256 PS256 EdDSA` as header `alg`, found another or none")]
    AlgUnknown,
    /// An algorithm this issuer does not sign with.
    #[error(
        "expected one of `{}` as header `alg`, found `{found}`",
        algs(expected)
    )]
    AlgRefused {
        /// What it signs with.
        expected: Vec<Alg>,
        /// What the header says.
        found: Alg,
    },
    /// No key of that name: fresher keys may have it.
    #[error("expected a `kid` of the issuer's keys, found one that names none of them")]
    UnknownKid,
    /// The key is used with another algorithm.
    #[error("expected the `alg` that the issuer's key is for, found another")]
    WrongAlg,
    /// The signature does not fit.
    #[error("expected a signature by the issuer's key, found one that does not fit")]
    BadSignature,
    /// The header's `typ` is of another kind of token.
    #[error("expected {expected} as header `typ`, found {found}")]
    Typ {
        /// What passes, quoted.
        expected: String,
        /// What was sent, quoted.
        found: String,
    },
    /// A required claim is absent.
    #[error("expected claim `{claim}`, found none")]
    Missing {
        /// Its name.
        claim: &'static str,
    },
    /// A claim of another JSON type, range or length; `null` is one.
    #[error("expected {expected} as claim `{claim}`, found another value")]
    ClaimType {
        /// Its name.
        claim: &'static str,
        /// What passes, in words.
        expected: &'static str,
    },
    /// Signed by this issuer's key and says it is another's.
    #[error("expected {expected} as claim `iss`, found {found}")]
    Issuer {
        /// The issuer whose keys were used, quoted.
        expected: String,
        /// `iss`, quoted.
        found: String,
    },
    /// Meant for others.
    #[error("expected {expected} in claim `aud`, found {found}")]
    Audience {
        /// What passes, quoted.
        expected: String,
        /// `aud`, quoted.
        found: String,
    },
    /// Meant for others as well, where it must be for us alone.
    #[error("expected one single value as claim `aud`, found several")]
    AudienceNotSole,
    /// Past its `exp`.
    #[error("expected a token that is still good, found one that expired {} s ago", now_s.saturating_sub(*exp))]
    Expired {
        /// `exp`, Unix seconds.
        exp: u64,
        /// Our clock, Unix seconds.
        now_s: u64,
    },
    /// Before its `nbf`.
    #[error("expected a token that is good already, found `nbf` {} s ahead", nbf.saturating_sub(*now_s))]
    NotYet {
        /// `nbf`, Unix seconds.
        nbf: u64,
        /// Our clock, Unix seconds.
        now_s: u64,
    },
    /// Issued in our future.
    #[error("expected a token issued in the past, found `iat` {} s ahead", iat.saturating_sub(*now_s))]
    IssuedAhead {
        /// `iat`, Unix seconds.
        iat: u64,
        /// Our clock, Unix seconds.
        now_s: u64,
    },
    /// Older than this slot accepts.
    #[error("expected a token issued at most {max_age_s} s ago, found one issued {} s ago", now_s.saturating_sub(*iat))]
    TooOld {
        /// `iat`, Unix seconds.
        iat: u64,
        /// Greatest age, in seconds.
        max_age_s: u64,
        /// Our clock, Unix seconds.
        now_s: u64,
    },
    /// Lives longer than this slot accepts.
    #[error("expected `exp` at most {ahead_s} s ahead, found {} s", exp.saturating_sub(*now_s))]
    ExpiresTooLate {
        /// `exp`, Unix seconds.
        exp: u64,
        /// How far ahead it may lie, in seconds.
        ahead_s: u64,
        /// Our clock, Unix seconds.
        now_s: u64,
    },
    /// A claim that this kind of token never has, or has with other values.
    #[error("expected {kind}, found claim `{claim}` of another kind of token")]
    NotOfKind {
        /// The kind, with its article.
        kind: &'static str,
        /// The claim.
        claim: &'static str,
    },
    /// Header `typ` does not say access token, and no claim does.
    #[error("expected an access token, found none of `scope`, `scp`, `client_id`, `cid`")]
    NoAccessMark,
    /// `scope` and `scp` name different scopes.
    #[error("expected the same scopes in `scope` and `scp`, found different ones")]
    TwoScopes,
    /// An ID token for a client that it is not meant for.
    #[error("expected one of the token's own `aud` as claim `{claim}`, found another")]
    NotInAudience {
        /// The claim.
        claim: &'static str,
    },
    /// A token that a machine got for itself.
    #[error("expected a token for a person, found a machine's, as its claim `{claim}` shows")]
    Machine {
        /// The claim that shows it.
        claim: &'static str,
    },
    /// A claim that the issuer's tokens must have is absent or has another value.
    #[error("expected claim `{claim}` as the issuer's `require` asks, found {found}")]
    Required {
        /// The claim.
        claim: String,
        /// `none` or `another value`.
        found: &'static str,
    },
    /// A claim that the issuer's tokens must not have.
    #[error("expected no claim `{claim}`, which the issuer's `forbid` names, found it")]
    Forbidden {
        /// The claim.
        claim: String,
    },
    /// A subject outside the issuer's trust domain (SPIFFE ID §2).
    #[error(
        "expected a SPIFFE ID of the trust domain {expected} as claim `sub`, found another value"
    )]
    TrustDomain {
        /// The trust domain, quoted.
        expected: String,
    },
    /// A token that is bound to a key (RFC 7800).
    #[error("expected a token without `cnf`, found one that needs proof of a key")]
    Bound,
    /// A client assertion whose `iss` and `sub` differ.
    #[error("expected the client's id as `iss` and `sub`, found two different values")]
    SubjectIsNotIssuer,
}

impl TokenFlaw {
    /// Whether fresher keys of the issuer could change the answer.
    #[must_use]
    pub const fn asks_for_fresh_keys(&self) -> bool {
        matches!(self, Self::UnknownKid)
    }

    /// A sentence for the caller: expected and found, in printable ASCII
    /// without `"` and `\`.
    #[must_use]
    pub fn public(&self) -> String {
        self.to_string()
    }

    /// For ledger and log: the moments themselves, which the sentence for the caller
    /// leaves out, else that sentence.
    #[must_use]
    pub fn detail(&self) -> String {
        let (claim, at, now_s) = match self {
            Self::Expired { exp, now_s } | Self::ExpiresTooLate { exp, now_s, .. } => {
                ("exp", exp, now_s)
            }
            Self::NotYet { nbf, now_s } => ("nbf", nbf, now_s),
            Self::IssuedAhead { iat, now_s } | Self::TooOld { iat, now_s, .. } => {
                ("iat", iat, now_s)
            }
            _ => return self.public(),
        };
        format!("the token's `{claim}` is {at} and the clock of Locum {now_s}, in Unix seconds")
    }

    pub(super) fn typ(found: Option<&str>, rule: &TypRule<'_>) -> Self {
        let mut expected: Vec<String> = rule.accepted.iter().map(|t| quoted(t)).collect();
        if rule.absent {
            expected.push("none".into());
        }
        Self::Typ {
            expected: expected.join(" or "),
            found: found.map_or_else(|| "none".into(), quoted),
        }
    }

    pub(super) fn issuer(found: &str, expected: &str) -> Self {
        Self::Issuer {
            expected: quoted(expected),
            found: quoted(found),
        }
    }

    pub(super) fn audience(found: &[String], expected: &[String]) -> Self {
        let list = |set: &[String]| match set {
            // Only ever the expected ones: no `aud` is another flaw.
            [] => "an audience of a list that names none yet".into(),
            [one] => quoted(one),
            [first, rest @ ..] => format!("{} and {} more", quoted(first), rest.len()),
        };
        Self::Audience {
            expected: list(expected),
            found: list(found),
        }
    }
}

fn algs(algs: &[Alg]) -> String {
    let names: Vec<&str> = algs.iter().map(|a| a.as_str()).collect();
    names.join(" ")
}

/// As [`quoted`], without the backticks.
pub(super) fn named(text: &str) -> String {
    quoted(text).trim_matches('`').to_owned()
}

/// In backticks, at most [`SHOWN_MAX`] bytes, anything but harmless printable
/// ASCII as `%xx`.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_graphic() && !b"\"\\`%".contains(&byte) || byte == b' ';
        if shown.len() + 3 > SHOWN_MAX {
            shown.push_str("...");
            break;
        }
        if plain {
            shown.push(char::from(byte));
        } else {
            // INVARIANT: writing to a String cannot fail.
            let _ = write!(shown, "%{byte:02x}");
        }
    }
    format!("`{shown}`")
}
