//! The public keys of clients that sign assertions, made ready when a client is
//! declared: building a verifier costs more than verifying, and who is asked
//! first must not show. And a key of nobody's for each algorithm, with which an
//! assertion is checked that no key of its client fits: whether there is such a
//! client, and how it authenticates, must not show either.

use locum_core::proof::Caller;
use locum_core::registry::{AuthMethod, Registry, Status};
use locum_core::token::{Alg, Kid, SignatureCheck, SignatureFlaw};
use locum_stores::state::{Changed, Shared};
use locum_tokens::keys::KeySet;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Key sets by client id, each with the declaration it was made from.
pub(crate) struct ClientKeys {
    known: RwLock<HashMap<String, (Caller, Arc<KeySet>)>>,
    nobody: KeySet,
}

impl Default for ClientKeys {
    fn default() -> Self {
        Self {
            known: RwLock::default(),
            nobody: nobody(),
        }
    }
}

impl ClientKeys {
    /// The keys of a client as it is declared; `None` when it registered none.
    pub(crate) fn of(&self, caller: &Caller) -> Option<Arc<KeySet>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((declared, keys)) = known.get(caller.id())
            && same(declared, caller)
        {
            return Some(keys.clone());
        }
        drop(known);
        self.prepare(caller)
    }

    /// Makes the keys of a client ready. Keys that are the same are not built
    /// again.
    fn prepare(&self, caller: &Caller) -> Option<Arc<KeySet>> {
        let jwks = jwks(caller)?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let before = known.get(caller.id());
        let before = before.filter(|(declared, _)| self::jwks(declared) == Some(jwks));
        let before = before.map(|(_, keys)| keys.clone());
        drop(known);
        let keys = match before {
            Some(keys) => keys,
            None => Arc::new(KeySet::from_jwks(jwks, &Alg::ALL).ok()?),
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(caller.id().to_owned(), (caller.clone(), keys.clone()));
        Some(keys)
    }

    /// Makes the keys of all clients ready, one after the other.
    pub(crate) fn prepare_all(&self, state: &Shared) {
        let callers: Vec<Caller> = {
            let state = state.read();
            let agents = state.registry.agents().cloned().map(Caller::Agent);
            let clients = state.registry.clients().cloned().map(Caller::Client);
            agents.chain(clients).collect()
        };
        for caller in callers.iter().filter(|caller| !is_retired(caller)) {
            self.prepare(caller);
        }
    }

    fn declared(&self, id: &str, caller: Option<Caller>) {
        let caller = caller.filter(|caller| !is_retired(caller));
        if caller.and_then(|caller| self.prepare(&caller)).is_none() {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.remove(id);
        }
    }

    /// Catches up with a change that is on record and in the state.
    pub(crate) fn follow(&self, changed: &Changed, state: &Shared) {
        for id in &changed.callers {
            let caller = declared(&state.read().registry, id);
            self.declared(id, caller);
        }
    }

    /// The check of an assertion with these keys, where there are any.
    pub(crate) const fn even<'a, K>(&'a self, keys: Option<&'a K>) -> Even<'a, K, KeySet> {
        Even {
            keys,
            nobody: &self.nobody,
        }
    }
}

/// A check that costs one signature whatever is wrong: where no key fits, one of
/// nobody's is used, and what it says counts for nothing.
pub(crate) struct Even<'a, K, N> {
    keys: Option<&'a K>,
    nobody: &'a N,
}

impl<K: SignatureCheck, N: SignatureCheck> SignatureCheck for Even<'_, K, N> {
    fn check(
        &self,
        alg: Alg,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<Kid, SignatureFlaw> {
        let checked = self
            .keys
            .map(|keys| keys.check(alg, kid, signed, signature));
        let flaw = match checked {
            Some(Ok(kid)) => return Ok(kid),
            Some(Err(SignatureFlaw::Bad)) => return Err(SignatureFlaw::Bad),
            Some(Err(flaw @ (SignatureFlaw::UnknownKid | SignatureFlaw::WrongAlg))) => flaw,
            None => SignatureFlaw::UnknownKid,
        };
        let _ = self
            .nobody
            .check(alg, Some(alg.as_str()), signed, signature);
        Err(flaw)
    }
}

/// One key an algorithm: those of the examples of RFC 7515, appendix A.2 and
/// A.3, and RFC 8037, appendix A.2.
fn nobody() -> KeySet {
    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let key = |alg: &Alg| match alg {
        Alg::ES256 => json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y}),
        Alg::EdDSA => json!({"kty": "OKP", "crv": "Ed25519", "x": ED}),
        Alg::RS256 | Alg::PS256 => json!({"kty": "RSA", "n": N, "e": "AQAB"}),
    };
    let named = |alg: &Alg| {
        let mut key = key(alg);
        if let Some(members) = key.as_object_mut() {
            members.insert("alg".into(), alg.as_str().into());
            members.insert("kid".into(), alg.as_str().into());
        }
        key
    };
    let keys: Vec<Value> = Alg::ALL.iter().map(named).collect();
    KeySet::from_jwks(&json!({ "keys": keys }), &Alg::ALL).unwrap_or_default()
}

/// Whether it is the same declaration, not only an equal one.
fn same(one: &Caller, other: &Caller) -> bool {
    match (one, other) {
        (Caller::Agent(one), Caller::Agent(other)) => Arc::ptr_eq(one, other),
        (Caller::Client(one), Caller::Client(other)) => Arc::ptr_eq(one, other),
        (Caller::Agent(_), Caller::Client(_)) | (Caller::Client(_), Caller::Agent(_)) => false,
    }
}

fn declared(registry: &Registry, id: &str) -> Option<Caller> {
    let agent = registry.agent(id).cloned().map(Caller::Agent);
    agent.or_else(|| registry.client(id).cloned().map(Caller::Client))
}

fn is_retired(caller: &Caller) -> bool {
    let agent = caller.agent();
    agent.is_some_and(|agent| agent.status == Status::Retired)
}

fn jwks(caller: &Caller) -> Option<&Value> {
    caller.methods().iter().find_map(|method| match method {
        AuthMethod::PrivateKeyJwt { jwks } => Some(jwks),
        AuthMethod::ClientSecret {} => None,
    })
}

#[cfg(test)]
mod tests;
