//! What files declare, looked at without the record: what it names that it does
//! not declare itself.

use super::Declared;
use crate::references;
use locum_core::ids::SecretName;
use locum_core::registry::{Agent, Client, FieldProblem, Issuer, Registry, Target};
use std::collections::BTreeSet;

/// Every reference that leads nowhere in the files; `secrets` are the upstream
/// secrets that files hold. What it names may be known to the record, or to the
/// API, all the same.
pub fn unknown(declared: &Declared, secrets: BTreeSet<SecretName>) -> Vec<FieldProblem> {
    let mut registry = registry(declared);
    registry.put_file_secrets(secrets);
    references::stale(&registry, 0)
}

/// The objects as if nothing else was known.
fn registry(declared: &Declared) -> Registry {
    let mut out = Registry::default();
    let created_at_ms = 0;
    for each in &declared.issuers {
        out.put_issuer(Issuer {
            id: each.id.clone(),
            spec: each.spec.clone(),
            created_at_ms,
        });
    }
    for each in &declared.clients {
        out.put_client(Client {
            spec: each.spec.clone(),
            created_at_ms,
        });
    }
    for each in &declared.targets {
        out.put_target(Target {
            id: each.id.clone(),
            spec: each.spec.clone().into(),
            created_at_ms,
        });
    }
    for each in &declared.agents {
        out.put_agent(Agent::new(each.spec.clone(), created_at_ms));
    }
    out
}
