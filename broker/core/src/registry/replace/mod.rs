//! The rules by which a declared object takes the place of the one before it, of
//! the admin API and of files alike: what it must keep, and what it must fit
//! (contract §12). What is new about an object is
//! checked, and what it had all along is not held against it. So what `GET` shows
//! can be `PUT`, and what was once accepted is taken at every later start.

pub mod agent;
pub mod client;
pub mod grant;
pub mod issuer;
mod secret;
pub mod target;

pub use secret::SecretTerms;

use super::{AuthMethod, FieldProblem, Problems, Reference, Registry};
use crate::registry::issuer::IssuerKind;
use crate::token::Alg;
use serde_json::Value;

/// Checks public keys that are declared; `tokens` does so.
pub trait DeclaredKeys {
    /// What is wrong with the keys of a client that signs assertions (RFC 7523):
    /// all must be public and of use.
    fn of_client(&self, jwks: &Value) -> Option<String>;

    /// What is wrong with the keys of an issuer that are declared by value. Keys of
    /// kinds we do not know are its own business; a private key is nobody's to hand
    /// around, and without a key nothing could be verified.
    fn of_issuer(&self, jwks: &Value, kind: IssuerKind, algs: &[Alg]) -> Vec<String>;
}

/// What is known, and what will be: the same where one object is put; where files
/// declare many that name each other, all of theirs are in the second.
#[derive(Clone, Copy)]
pub struct Worlds<'a> {
    /// Before the change.
    pub before: &'a Registry,
    /// After it.
    pub after: &'a Registry,
}

impl<'a> Worlds<'a> {
    /// One object is put among what is known.
    #[must_use]
    pub const fn known(registry: &'a Registry) -> Self {
        Self {
            before: registry,
            after: registry,
        }
    }

    /// Checks what is named for the first time, and is not there.
    fn references(self, named: &[Reference<'_>], known: &[Reference<'_>], out: &mut Problems) {
        let new = |one: &Reference<'_>| !known.iter().any(|had| had.is(one));
        let flaw = |one| Reference::flaw(one, self.after).filter(|_| new(one));
        out.0.extend(named.iter().filter_map(flaw));
    }
}

/// What is wrong with an object by now: of one that is declared as it is known,
/// only what was not wrong with it before.
fn since<S: PartialEq>(
    worlds: Worlds<'_>,
    (declared, known): (&S, Option<&S>),
    flaws: impl Fn(Worlds<'_>) -> Vec<FieldProblem>,
) -> Vec<FieldProblem> {
    let mut found = flaws(worlds);
    if !found.is_empty() && known == Some(declared) {
        let before = flaws(Worlds::known(worlds.before));
        found.retain(|flaw| !before.contains(flaw));
    }
    found
}

/// Checks the keys of a client's methods.
fn keys(auth: &[AuthMethod], keys: &impl DeclaredKeys, out: &mut Problems) {
    for (place, method) in auth.iter().enumerate() {
        let AuthMethod::PrivateKeyJwt { jwks } = method else {
            continue;
        };
        if let Some(flaw) = keys.of_client(jwks) {
            out.add(format!("/auth/{place}/jwks"), flaw);
        }
    }
}
