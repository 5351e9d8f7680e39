//! The public keys of clients that sign assertions, made ready once for each
//! declaration: building a verifier costs more than verifying.

use locum_core::proof::Caller;
use locum_core::registry::AuthMethod;
use locum_core::token::Alg;
use locum_tokens::keys::KeySet;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Key sets by client id, each with the declaration it was made from.
#[derive(Default)]
pub(crate) struct ClientKeys(RwLock<HashMap<String, (Caller, Arc<KeySet>)>>);

impl ClientKeys {
    /// The keys of a client as it is declared; `None` when it registered none.
    pub(crate) fn of(&self, caller: &Caller) -> Option<Arc<KeySet>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((declared, keys)) = known.get(caller.id())
            && same(declared, caller)
        {
            return Some(keys.clone());
        }
        drop(known);
        let keys = Arc::new(make(caller)?);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(caller.id().to_owned(), (caller.clone(), keys.clone()));
        Some(keys)
    }
}

/// Whether it is the same declaration, not only an equal one.
fn same(one: &Caller, other: &Caller) -> bool {
    match (one, other) {
        (Caller::Agent(one), Caller::Agent(other)) => Arc::ptr_eq(one, other),
        (Caller::Client(one), Caller::Client(other)) => Arc::ptr_eq(one, other),
        (Caller::Agent(_), Caller::Client(_)) | (Caller::Client(_), Caller::Agent(_)) => false,
    }
}

fn make(caller: &Caller) -> Option<KeySet> {
    caller.methods().iter().find_map(|method| match method {
        AuthMethod::PrivateKeyJwt { jwks } => KeySet::from_jwks(jwks, &Alg::ALL).ok(),
        AuthMethod::ClientSecret {} => None,
    })
}
