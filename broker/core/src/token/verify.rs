//! The one door from claimed to checked.

use super::alg::Alg;
use super::claims::Claims;
use super::demands;
use super::expectation::{Audiences, Expectation, IssuerRule, TokenKind};
use super::flaw::{TokenFlaw, quoted};
use super::kind;
use super::spiffe::trust_domain;
use super::unverified::Unverified;
use serde_json::Value;
use std::fmt;

/// The name of the key that signed: its `kid`, or its thumbprint where the
/// issuer gave it none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(Box<str>);

impl Kid {
    /// Names a key of a key set.
    #[must_use]
    pub fn new(kid: &str) -> Self {
        Self(kid.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureFlaw {
    /// No such key in the set: fresher keys may have it.
    UnknownKid,
    /// The key is there and used with another algorithm.
    WrongAlg,
    /// The signature does not fit.
    Bad,
}

/// Whoever holds an issuer's keys.
pub trait SignatureCheck {
    /// Checks `signature` over `signed` with the key `kid` names, and says
    /// which key it was.
    ///
    /// # Errors
    /// [`SignatureFlaw`] when no key fits or the signature is bad.
    fn check(
        &self,
        alg: Alg,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<Kid, SignatureFlaw>;
}

/// Something a signature vouches for and whose claims were checked. Made by
/// [`verify`] and nowhere else.
#[derive(Clone)]
pub struct Verified<T> {
    value: T,
    kid: Kid,
    typ: Option<Box<str>>,
    digest: [u8; 32],
}

impl<T> Verified<T> {
    /// What was verified.
    pub const fn get(&self) -> &T {
        &self.value
    }

    /// The key that signed it.
    pub const fn kid(&self) -> &Kid {
        &self.kid
    }

    /// The header's `typ` as sent: it was signed too.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// SHA-256 of the whole compact text.
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

impl Verified<Claims> {
    /// Looks at the clock once more: for a token verified earlier and kept
    /// (architecture, "One exchange").
    ///
    /// # Errors
    /// [`TokenFlaw`] when it expired or grew too old meanwhile.
    pub fn check_time(&self, expectation: &Expectation<'_>, now_s: u64) -> Result<(), TokenFlaw> {
        times(&self.value, expectation, now_s)
    }
}

impl<T> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").finish_non_exhaustive()
    }
}

/// Checks algorithm and signature, then every claim against `expectation` at
/// `now_s` (Unix seconds).
///
/// # Errors
/// [`TokenFlaw`]: the first reason to refuse. Before the signature was found
/// good nothing of the token is in it.
pub fn verify(
    unverified: Unverified,
    expectation: &Expectation<'_>,
    now_s: u64,
    check: &impl SignatureCheck,
) -> Result<Verified<Claims>, TokenFlaw> {
    let kid = signature(&unverified, expectation, check)?;
    if !expectation.typ.passes(unverified.typ()) {
        return Err(TokenFlaw::typ(unverified.typ(), &expectation.typ));
    }
    let typ = unverified.typ().map(Into::into);
    let digest = unverified.digest();
    let claims = match expectation.issuer {
        IssuerRule::Claim(issuer) => {
            let claims = Claims::read(unverified.payload, expectation.kind, None)?;
            if claims.iss != issuer {
                return Err(TokenFlaw::issuer(&claims.iss, issuer));
            }
            claims
        }
        IssuerRule::TrustDomain(domain) => {
            let claims = Claims::read(unverified.payload, expectation.kind, Some(domain))?;
            if trust_domain(&claims.sub) != Some(domain) {
                return Err(TokenFlaw::TrustDomain {
                    expected: quoted(domain),
                });
            }
            claims
        }
    };
    kind::is_of(&claims, expectation.kind, typ.as_deref())?;
    audience(&claims, expectation)?;
    presence(&claims, expectation)?;
    times(&claims, expectation, now_s)?;
    kind::check(&claims, expectation.kind)?;
    demands::check(&claims, &expectation.demands)?;
    Ok(Verified {
        value: claims,
        kid,
        typ,
        digest,
    })
}

/// RFC 8725 §3.1: the algorithm is one the issuer uses, and the one of the key.
fn signature(
    unverified: &Unverified,
    expectation: &Expectation<'_>,
    check: &impl SignatureCheck,
) -> Result<Kid, TokenFlaw> {
    if !expectation.algs.contains(&unverified.alg()) {
        return Err(TokenFlaw::AlgRefused {
            expected: expectation.algs.to_vec(),
            found: unverified.alg(),
        });
    }
    check
        .check(
            unverified.alg(),
            unverified.kid(),
            unverified.signed(),
            &unverified.signature,
        )
        .map_err(|flaw| match flaw {
            SignatureFlaw::UnknownKid => TokenFlaw::UnknownKid,
            SignatureFlaw::WrongAlg => TokenFlaw::WrongAlg,
            SignatureFlaw::Bad => TokenFlaw::BadSignature,
        })
}

/// RFC 7519 §4.1.3: whoever is not among the audience must reject the token.
fn audience(claims: &Claims, expectation: &Expectation<'_>) -> Result<(), TokenFlaw> {
    let (passes, expected): (bool, &[String]) = match expectation.audiences {
        Audiences::AnyOf(set) => (claims.aud.iter().any(|a| set.contains(a)), set),
        Audiences::Sole(set) => match claims.aud.as_slice() {
            [one] if !names_several(claims) => (set.contains(one), set),
            _ => return Err(TokenFlaw::AudienceNotSole),
        },
        Audiences::CallerDecides => (expectation.kind == TokenKind::Own, &[]),
    };
    if passes {
        Ok(())
    } else {
        Err(TokenFlaw::audience(&claims.aud, expected))
    }
}

/// Whether `aud` is a list of several, the same value twice included.
fn names_several(claims: &Claims) -> bool {
    let listed = claims.get("aud").and_then(Value::as_array);
    listed.is_some_and(|listed| listed.len() > 1)
}

fn presence(claims: &Claims, expectation: &Expectation<'_>) -> Result<(), TokenFlaw> {
    if expectation.iat_required && claims.iat.is_none() {
        return Err(TokenFlaw::Missing { claim: "iat" });
    }
    if expectation.jti_required && claims.jti.is_none() {
        return Err(TokenFlaw::Missing { claim: "jti" });
    }
    Ok(())
}

/// Contract §5: skew for `nbf` and `iat`, none for `exp`. The sums saturate:
/// dates end with the year 9999, the caller's numbers need not.
fn times(claims: &Claims, expectation: &Expectation<'_>, now_s: u64) -> Result<(), TokenFlaw> {
    let latest = now_s.saturating_add(expectation.skew_s);
    if claims.exp <= now_s {
        return Err(TokenFlaw::Expired {
            exp: claims.exp,
            now_s,
        });
    }
    if let Some(nbf) = claims.nbf.filter(|nbf| *nbf > latest) {
        return Err(TokenFlaw::NotYet { nbf, now_s });
    }
    if let Some(iat) = claims.iat.filter(|iat| *iat > latest) {
        return Err(TokenFlaw::IssuedAhead { iat, now_s });
    }
    let max_age_s = expectation.max_age_s;
    if let Some(iat) = claims
        .iat
        .filter(|iat| now_s.saturating_sub(*iat) > max_age_s)
    {
        return Err(TokenFlaw::TooOld {
            iat,
            max_age_s,
            now_s,
        });
    }
    match expectation.exp_max_ahead_s {
        Some(ahead_s) if claims.exp > now_s.saturating_add(ahead_s) => {
            Err(TokenFlaw::ExpiresTooLate {
                exp: claims.exp,
                ahead_s,
                now_s,
            })
        }
        Some(_) | None => Ok(()),
    }
}
