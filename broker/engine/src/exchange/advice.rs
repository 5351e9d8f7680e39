//! What to do about a foreign token that was refused: the next step of the
//! sentence (contract §10), with the member of the issuer's declaration that would
//! let it pass.

use super::slot::Slot;
use locum_core::refusal::quoted;
use locum_core::registry::Issuer;
use locum_core::token::{TokenFlaw, TokenKind};

/// Whose token it was taken for, and as what.
#[derive(Clone, Copy)]
pub(super) struct TakenFor<'a> {
    /// The issuer it names.
    pub(super) issuer: &'a Issuer,
    /// What it was looked at as.
    pub(super) kind: TokenKind,
    /// In which slot it was sent.
    pub(super) slot: Slot,
}

impl TakenFor<'_> {
    /// The next step; `None` where a fresh token is all there is to say.
    pub(super) fn next_step(self, flaw: &TokenFlaw) -> Option<String> {
        let issuer = quoted(self.issuer.id.as_str());
        match flaw {
            TokenFlaw::Audience { .. } => {
                let list = if self.kind == TokenKind::ForeignAccess {
                    "access_audiences"
                } else {
                    "audiences"
                };
                Some(format!(
                    "get one for such an audience, or have its audience listed in `{list}` of the issuer {issuer}"
                ))
            }
            TokenFlaw::Typ { .. } if self.kind == TokenKind::ForeignAccess => Some(format!(
                "{AS_ID_TOKEN}; let the provider type its access tokens, or have `accept_untyped` set for the issuer {issuer}"
            )),
            TokenFlaw::Typ { .. } if self.kind == TokenKind::IdToken => Some(AS_JWT.into()),
            TokenFlaw::AlgRefused { .. } => Some(format!(
                "have its algorithm listed in `algs` of the issuer {issuer}"
            )),
            TokenFlaw::NotOfKind { claim, .. } if self.kind == TokenKind::IdToken => {
                matches!(*claim, "scope" | "scp" | "typ").then(|| AS_JWT.to_owned())
            }
            TokenFlaw::NoAccessMark => Some(AS_ID_TOKEN.into()),
            TokenFlaw::NotOfKind {
                claim: "nonce" | "at_hash" | "c_hash" | "typ",
                ..
            } if self.kind == TokenKind::ForeignAccess => Some(AS_ID_TOKEN.into()),
            TokenFlaw::TooOld { .. } => Some(format!(
                "get a fresh token, or have {} raised",
                self.age_limit()
            )),
            TokenFlaw::NotYet { nbf: at, now_s } | TokenFlaw::IssuedAhead { iat: at, now_s } => {
                let wait_s = at.saturating_sub(*now_s);
                Some(format!(
                    "wait {wait_s} s and send it again, or set the clock of its issuer right"
                ))
            }
            TokenFlaw::UnknownKid if self.issuer.spec.jwks.is_some() => Some(format!(
                "have the key that signed it added to `jwks` of the issuer {issuer}"
            )),
            TokenFlaw::UnknownKid => Some(
                "get a fresh token: the keys were fetched just now and waiting does not help".into(),
            ),
            TokenFlaw::Machine { .. } => Some(
                "get a token at a person's sign-in, or let the machine act as an agent by its workload token".into(),
            ),
            TokenFlaw::Bound => Some(
                "let the provider issue a token that is not bound to a key".into(),
            ),
            TokenFlaw::Required { .. } => Some(format!(
                "get a token that has it, or have `require` of the issuer {issuer} changed"
            )),
            TokenFlaw::Forbidden { .. } => Some(format!(
                "get a token without it, or have `forbid` of the issuer {issuer} changed"
            )),
            _ => None,
        }
    }

    /// The setting whose limit was met.
    fn age_limit(self) -> String {
        let of_issuer = format!(
            "`max_token_age_s` of the issuer {}",
            quoted(self.issuer.id.as_str())
        );
        match (self.issuer.spec.max_token_age_s, self.slot) {
            (Some(_), _) => of_issuer,
            (None, Slot::Subject) => format!("`limits.max_token_age_s`, or {of_issuer},"),
            (None, Slot::Actor) => format!("`limits.actor_max_age_s`, or {of_issuer},"),
        }
    }
}

/// What was sent as another type is an access token.
const AS_JWT: &str = "send an access token with the type `urn:ietf:params:oauth:token-type:jwt`";
/// What was sent as another type is an ID token.
const AS_ID_TOKEN: &str =
    "send an ID token with the type `urn:ietf:params:oauth:token-type:id_token`";
