//! What files declare, by a hash of each object: whether they declare another than
//! before.

use super::{Declared, DeclaredSecret};
use crate::vault::Vault;
use locum_core::jcs;
use locum_stores::state::Change;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Hashes by collection and id, with a slash between.
pub type Marks = BTreeMap<String, String>;

/// The hash of each object that is declared. Of a secret it holds the keyed hash.
#[must_use]
pub fn marks(declared: &Declared, vault: &Vault) -> Marks {
    let secret = |secret: &Option<DeclaredSecret>| {
        secret.as_ref().map_or(Value::Null, |declared| {
            let hash = vault.hash(declared.secret.expose(), None).hash;
            json!([hash, declared.overlap_s])
        })
    };
    let mut out = Marks::new();
    let mut put = |array: &str, id: &str, object: Value| {
        // INVARIANT: a JSON value serialises.
        let hash = jcs::address(&object).unwrap_or_default();
        out.insert(format!("{array}/{id}"), hash);
    };
    for each in &declared.issuers {
        put("issuers", each.id.as_str(), json!(each.spec));
    }
    for each in &declared.targets {
        put("targets", each.id.as_str(), json!(each.spec));
    }
    for each in &declared.clients {
        let object = json!([each.spec, secret(&each.secret)]);
        put("clients", each.spec.id.as_str(), object);
    }
    for each in &declared.agents {
        let build = &each.build;
        let build = json!([build.version, build.digest, build.model]);
        let object = json!([each.spec, each.certified_until, build, secret(&each.secret)]);
        put("agents", each.spec.id.as_str(), object);
    }
    out
}

/// The object that a change of what is declared is of.
#[must_use]
pub fn changed(change: &Change, declared: &Declared) -> Option<String> {
    match change {
        Change::Issuer { issuer } => Some(format!("issuers/{}", issuer.id)),
        Change::Target { target } => Some(format!("targets/{}", target.id)),
        Change::Client { client } => Some(format!("clients/{}", client.spec.id)),
        Change::Agent { agent } => Some(format!("agents/{}", agent.id())),
        Change::Secrets { client, .. } => {
            let mut agents = declared.agents.iter();
            let of_agent = agents.any(|agent| agent.spec.id.as_str() == client);
            let array = if of_agent { "agents" } else { "clients" };
            Some(format!("{array}/{client}"))
        }
        // INVARIANT: files declare nothing else.
        _ => None,
    }
}
