//! An issuer's published keys (RFC 7517 §5).

use super::verifier::Verifier;
use super::{KeyFlaw, SigningKey, jwk, pin};
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
const USES: [&str; 2] = ["sig", "jwt-svid"];

/// An issuer's keys, parsed once and kept.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<Verifier>,
    refused: Vec<KeyFlaw>,
}

impl KeySet {
    /// Reads a JWK set for an issuer that signs with `algs`. Single keys that
    /// cannot be used are left out and counted in [`Self::refused`]; the set
    /// may be empty then.
    ///
    /// # Errors
    /// [`KeyFlaw`] when it is no JWK set, has more than 64 keys, or two usable
    /// keys of one name.
    pub fn from_jwks(jwks: &Value, algs: &[Alg]) -> Result<Self, KeyFlaw> {
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
        let mut set = Self::default();
        for key in found {
            match one(key, algs) {
                Ok(verifier) => set.keys.push(verifier),
                Err(flaw) => set.refused.push(flaw),
            }
        }
        set.with_names_of_their_own()
    }

    /// What verifies the tokens of these keys of ours, however many there are:
    /// how many there may be is for who makes them to say.
    ///
    /// # Errors
    /// [`KeyFlaw`] when one cannot be used, or two have one name.
    pub fn of_ours<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Result<Self, KeyFlaw> {
        let keys: Result<_, _> = keys.into_iter().map(SigningKey::verifier).collect();
        let set = Self {
            keys: keys?,
            refused: Vec::new(),
        };
        set.with_names_of_their_own()
    }

    fn with_names_of_their_own(self) -> Result<Self, KeyFlaw> {
        let names: BTreeSet<&Kid> = self.keys.iter().map(|k| &k.name).collect();
        if names.len() < self.keys.len() {
            return Err(KeyFlaw::DuplicateKid);
        }
        Ok(self)
    }

    /// Names and algorithms of the keys in use.
    pub fn keys(&self) -> impl Iterator<Item = (&Kid, Alg)> {
        self.keys.iter().map(|k| (&k.name, k.alg.0))
    }

    /// Why keys were left out, one each.
    #[must_use]
    pub fn refused(&self) -> &[KeyFlaw] {
        &self.refused
    }

    /// Whether no key can be used.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl SignatureCheck for KeySet {
    /// The key is the one `kid` names, or, for a token without `kid`, the only
    /// one for its `alg`: keys are never tried in turn (RFC 8725 §3.8).
    fn check(
        &self,
        alg: Alg,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<Kid, SignatureFlaw> {
        let key = match kid {
            Some(kid) => self.keys.iter().find(|k| k.kid.as_deref() == Some(kid)),
            None => {
                let mut fitting = self.keys.iter().filter(|k| k.alg.0 == alg);
                fitting.next().filter(|_| fitting.next().is_none())
            }
        }
        .ok_or(SignatureFlaw::UnknownKid)?;
        if key.alg.0 != alg {
            return Err(SignatureFlaw::WrongAlg);
        }
        key.verify(signed, signature)
            .map(|()| key.name.clone())
            .map_err(|_| SignatureFlaw::Bad)
    }
}

fn one(value: &Value, algs: &[Alg]) -> Result<Verifier, KeyFlaw> {
    if PRIVATE.iter().any(|name| value.get(name).is_some()) {
        return Err(KeyFlaw::Private);
    }
    let key = jwk::read(value)?;
    if !verifies(&key) {
        return Err(KeyFlaw::Use);
    }
    let public = jwk::Public::of(&key)?;
    let alg = pin(public.kind(), key.algorithm(), algs)?;
    Verifier::new(&public, alg, jwk::kid(&key)?)
}

fn verifies(key: &Jwk) -> bool {
    key.key_use().is_none_or(|u| USES.contains(&u))
        && key
            .key_operations()
            .is_none_or(|ops| ops.contains(&"verify"))
}
