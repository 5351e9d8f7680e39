//! An issuer's published keys (RFC 7517 §5).

use super::jwk::Public;
use super::verifier::Verifier;
use super::{KeyFlaw, LeftOutKey, SigningKey, jwk};
use josekit::jwk::Jwk;
use josekit::jws::JwsVerifier;
use locum_core::token::{Alg, Kid, SignatureCheck, SignatureFlaw};
use serde_json::Value;
use std::collections::BTreeSet;

/// Most keys in one set of somebody else's.
const KEYS_MAX: usize = 64;

/// Members only a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Values of `use` that mean signatures: RFC 7517 §4.2, and JWT-SVID bundles.
const SIGNS: [&str; 2] = ["sig", JWT_SVID];

/// A key of a bundle that verifies JWT-SVIDs (SPIFFE Trust Domain and Bundle
/// §4.2.2).
const JWT_SVID: &str = "jwt-svid";

/// A key of a bundle that verifies certificates. It stands beside ours in every
/// bundle, so nobody is told that it is not used.
const X509_SVID: &str = "x509-svid";

/// An issuer's keys, parsed once and kept. A name and an algorithm lead to one
/// key at most.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<Verifier>,
    left_out: Vec<LeftOutKey>,
}

/// A key that could be used, with one of its algorithms.
struct Candidate<'a> {
    jwk: &'a Value,
    public: Public,
    verifier: Verifier,
}

impl KeySet {
    /// Reads a JWK set for an issuer that signs with `algs`. Keys that cannot be
    /// used, and different keys of one name and algorithm, are left out and
    /// stand in [`Self::left_out`]; the set may be empty then.
    ///
    /// # Errors
    /// [`KeyFlaw`] when it is no JWK set, or has more than 64 keys.
    pub fn from_jwks(jwks: &Value, algs: &[Alg]) -> Result<Self, KeyFlaw> {
        Self::marked(jwks, algs, &SIGNS)
    }

    /// The same of the bundle of a SPIFFE trust domain: keys marked `jwt-svid`,
    /// or not marked.
    ///
    /// # Errors
    /// [`KeyFlaw`] when it is no JWK set, or has more than 64 keys.
    pub fn from_bundle(bundle: &Value, algs: &[Alg]) -> Result<Self, KeyFlaw> {
        Self::marked(bundle, algs, &[JWT_SVID])
    }

    fn marked(jwks: &Value, algs: &[Alg], uses: &[&str]) -> Result<Self, KeyFlaw> {
        let found = jwks
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(KeyFlaw::NotASet)?;
        if found.len() > KEYS_MAX {
            return Err(KeyFlaw::TooMany {
                max: KEYS_MAX,
                found: found.len(),
            });
        }
        let mut candidates = Vec::new();
        let mut left_out = Vec::new();
        for jwk in found {
            match read(jwk, algs, uses) {
                Ok(of_key) => candidates.extend(of_key),
                Err(flaw) => left_out.push(LeftOutKey::new(jwk, flaw)),
            }
        }
        let keys = told_apart(candidates, &mut left_out);
        Ok(Self { keys, left_out })
    }

    /// What verifies the tokens of these keys of ours, however many there are:
    /// how many there may be is for who makes them to say.
    ///
    /// # Errors
    /// [`KeyFlaw`] when one cannot be used, or two have one name.
    pub fn of_ours<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Result<Self, KeyFlaw> {
        let keys: Result<Vec<_>, _> = keys.into_iter().map(SigningKey::verifier).collect();
        let keys = keys?;
        let names: BTreeSet<&Kid> = keys.iter().map(|k| &k.name).collect();
        if names.len() < keys.len() {
            return Err(KeyFlaw::DuplicateKid);
        }
        let left_out = Vec::new();
        Ok(Self { keys, left_out })
    }

    /// Names and algorithms of the keys in use.
    pub fn keys(&self) -> impl Iterator<Item = (&Kid, Alg)> {
        self.keys.iter().map(|k| (&k.name, k.alg.0))
    }

    /// The keys that are not used, each once.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOutKey] {
        &self.left_out
    }

    /// Whether no key can be used.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl SignatureCheck for KeySet {
    /// The key is the one that `kid` and `alg` name, or, for a token without
    /// `kid`, the only one for its `alg`: keys are never tried in turn
    /// (RFC 8725 §3.8).
    fn check(
        &self,
        alg: Alg,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<Kid, SignatureFlaw> {
        let mut fitting = self.keys.iter().filter(|k| k.alg.0 == alg);
        let key = match kid {
            Some(kid) => {
                let named = |k: &&Verifier| k.kid.as_deref() == Some(kid);
                fitting
                    .find(named)
                    .ok_or_else(|| match self.keys.iter().find(named) {
                        Some(_) => SignatureFlaw::WrongAlg,
                        None => SignatureFlaw::UnknownKid,
                    })?
            }
            None => fitting
                .next()
                .filter(|_| fitting.next().is_none())
                .ok_or(SignatureFlaw::UnknownKid)?,
        };
        key.verify(signed, signature)
            .map(|()| key.name.clone())
            .map_err(|_| SignatureFlaw::Bad)
    }
}

/// What a key can be used as: once for each of its algorithms, and not at all
/// for certificates.
fn read<'a>(jwk: &'a Value, algs: &[Alg], uses: &[&str]) -> Result<Vec<Candidate<'a>>, KeyFlaw> {
    if jwk.get("use").and_then(Value::as_str) == Some(X509_SVID) {
        return Ok(Vec::new());
    }
    if PRIVATE.iter().any(|name| jwk.get(name).is_some()) {
        return Err(KeyFlaw::Private);
    }
    let key = jwk::read(jwk)?;
    if !verifies(&key, uses) {
        return Err(KeyFlaw::Use);
    }
    let public = Public::of(&key)?;
    let kid = jwk::kid(&key)?;
    let fitting = super::algs(public.kind(), key.algorithm(), algs)?;
    let candidate = |alg| {
        Ok(Candidate {
            jwk,
            verifier: Verifier::new(&public, alg, kid)?,
            public: public.clone(),
        })
    };
    fitting.into_iter().map(candidate).collect()
}

/// One key of those that are the same, and none of different ones that share a
/// name and an algorithm.
fn told_apart(candidates: Vec<Candidate<'_>>, left_out: &mut Vec<LeftOutKey>) -> Vec<Verifier> {
    let shared = |one: &Candidate<'_>, other: &Candidate<'_>| {
        one.verifier.name == other.verifier.name && one.verifier.alg.0 == other.verifier.alg.0
    };
    let rivals = |one: &Candidate<'_>| {
        candidates
            .iter()
            .any(|other| shared(one, other) && one.public != other.public)
    };
    let mut reported: Vec<(&Kid, &Public)> = Vec::new();
    for one in candidates.iter().filter(|one| rivals(one)) {
        let key = (&one.verifier.name, &one.public);
        if !reported.contains(&key) {
            reported.push(key);
            left_out.push(LeftOutKey::new(one.jwk, KeyFlaw::DuplicateKid));
        }
    }
    // The same key with and without a name is the named one: a token without `kid`
    // can only mean this key.
    let named = |one: &Candidate<'_>| {
        one.verifier.kid.is_none()
            && candidates.iter().any(|other| {
                other.verifier.kid.is_some()
                    && one.verifier.alg.0 == other.verifier.alg.0
                    && one.public == other.public
                    && !rivals(other)
            })
    };
    let mut taken: Vec<&Candidate<'_>> = Vec::new();
    for one in candidates.iter().filter(|one| !rivals(one) && !named(one)) {
        let same =
            |other: &&Candidate<'_>| shared(one, other) && one.verifier.kid == other.verifier.kid;
        if !taken.iter().any(same) {
            taken.push(one);
        }
    }
    taken.into_iter().map(|one| one.verifier.clone()).collect()
}

fn verifies(key: &Jwk, uses: &[&str]) -> bool {
    key.key_use().is_none_or(|u| uses.contains(&u))
        && key
            .key_operations()
            .is_none_or(|ops| ops.contains(&"verify"))
}
