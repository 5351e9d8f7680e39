//! The facts of the dev world (contract §3) in the shapes of the admin API
//! (contract §12), so that they go through the same validation as anybody's.

use super::Addresses;
use super::cast::{AGENTS, APP, DemoAgent, DemoTarget, IDP, TARGETS, WORKLOADS, beside};
use super::emulators::{Emulated, EmulatorAccounts, emulated};
use super::policies;
use super::world::{DemoWorld, WorldFlaw};
use locum_core::jcs;
use locum_core::secret::Secret;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Longest life of a token, in seconds (contract §3).
const MAX_LIFETIME: u32 = 300;

/// An agent's registration and its one certified version.
pub struct AgentFact {
    /// Its id.
    pub id: &'static str,
    /// Body of `POST /agents`.
    pub body: Value,
    /// Body of `POST /agents/{id}/versions`.
    pub version: Value,
    /// Body of `POST /agents/{id}/versions/{ver}/certify`.
    pub certify: Value,
}

/// What is to be known before the first request, in the order in which each
/// part needs the one before. Client secrets: [`World::client_secret`].
pub struct DemoFacts {
    /// (id, body of `PUT /issuers/{id}`).
    pub issuers: Vec<(&'static str, Value)>,
    /// Bodies of `POST /clients`.
    pub clients: Vec<Value>,
    /// (id, body of `PUT /targets/{id}`).
    pub targets: Vec<(&'static str, Value)>,
    /// Upstream secrets, by name (contract §15).
    pub secrets: Vec<(String, Secret<String>)>,
    /// The agents.
    pub agents: Vec<AgentFact>,
    /// Files of the policy bundle (contract §13).
    pub policies: BTreeMap<String, String>,
}

/// The facts of a world. `certified_until` is RFC 3339, a year ahead.
///
/// # Errors
/// When the world lacks a key of the cast.
pub fn facts(
    (world, accounts): (&DemoWorld, &EmulatorAccounts),
    at: &Addresses,
    certified_until: &str,
) -> Result<DemoFacts, WorldFlaw> {
    let agents = AGENTS
        .iter()
        .map(|a| agent(world, a, certified_until))
        .collect::<Result<_, _>>()?;
    Ok(DemoFacts {
        issuers: vec![(IDP, provider(at)), (WORKLOADS, workload_issuer(at))],
        clients: TARGETS.iter().map(resource_server).collect(),
        targets: {
            let vendors = emulated(at, accounts).into_iter();
            let vendors = vendors.filter_map(|one| Some((one.id, vendor(&one)?)));
            let ours = TARGETS.iter().map(|t| (t.id, target(t, at)));
            ours.chain(vendors).collect()
        },
        secrets: accounts.upstream_secrets(),
        agents,
        policies: policies::bundle(),
    })
}

fn provider(at: &Addresses) -> Value {
    let mut scope_map = serde_json::Map::new();
    for target in &TARGETS {
        for (verb, scope) in [("read", target.read), ("write", target.write)] {
            let theirs = format!("{}.{verb}", target.area);
            scope_map.insert(theirs, json!([format!("{}:{scope}", target.id)]));
        }
    }
    json!({
        "issuer": at.idp(), "kind": "oidc", "role": "subject", "jwks": null, "jwks_uri": null,
        "audiences": [APP], "access_audiences": [at.issuer], "audience_agents": {},
        "algs": ["ES256"], "scope_map": scope_map, "accept_untyped": false,
        "trust_may_act": true, "accept_act": false, "groups_claim": "groups",
    })
}

fn workload_issuer(at: &Addresses) -> Value {
    json!({
        "issuer": at.workloads(), "kind": "oidc", "role": "workload", "jwks": null, "jwks_uri": null,
        "audiences": [at.issuer], "access_audiences": [], "audience_agents": {},
        "algs": ["ES256"], "scope_map": null, "accept_untyped": false,
        "trust_may_act": false, "accept_act": false, "groups_claim": "groups",
    })
}

fn resource_server(target: &DemoTarget) -> Value {
    json!({
        "id": target.client_id(), "kind": "resource_server", "auth": [{"method": "client_secret"}],
    })
}

fn target(target: &DemoTarget, at: &Addresses) -> Value {
    // The one detail type of the demo, as in contract §12.
    let details = if target.id == "sap" {
        json!({"invoice_post": {
            "company": {"type": "string", "narrow": "equal"},
            "amount": {"type": "decimal", "narrow": "at_most"},
            "invoices": {"type": "strings", "narrow": "subset"},
        }})
    } else {
        json!({})
    };
    json!({
        "audience": target.audience(), "resources": [at.target(target.id)],
        "resource_server": target.client_id(),
        "connector": {"kind": "issue", "alg": "ES256"}, "delivery": "handout",
        "max_lifetime": MAX_LIFETIME,
        "scopes": {target.read: {"risk": "low"}, target.write: {"risk": "high"}},
        "derives": {}, "acts_as": null, "details": details,
    })
}

/// A target whose vendor is emulated. Its credentials live longer than some
/// permits and cannot be revoked alone, but for those of `sap-btp`.
fn vendor(one: &Emulated) -> Option<Value> {
    let beside = TARGETS.iter().find(|target| target.id == beside(one.id))?;
    let scopes = json!({beside.read: {"risk": "low"}, beside.write: {"risk": "high"}});
    let mut spec = json!({
        "audience": format!("urn:demo:{}", one.id), "resources": [one.url],
        "connector": one.connector(), "delivery": "handout", "max_lifetime": MAX_LIFETIME,
        "scopes": scopes, "derives": {}, "acts_as": null, "details": {},
    });
    let members = spec.as_object_mut()?;
    if one.profile != "xsuaa" {
        let reason = "the emulated system sets how long its credentials live";
        members.insert("accept_overhang".into(), json!({"reason": reason}));
    }
    if one.profile == "panos" {
        let staff = json!([format!("{IDP}:staff")]);
        let entitlements = json!({beside.read: staff, beside.write: staff});
        members.insert("entitlements".into(), entitlements);
    }
    Some(spec)
}

fn agent(
    world: &DemoWorld,
    agent: &DemoAgent,
    certified_until: &str,
) -> Result<AgentFact, WorldFlaw> {
    let public_jwk = world.agent(agent.id)?.private_jwk.public_jwk()?;
    let ceiling: Vec<_> = agent
        .ceiling
        .iter()
        .map(|entry| {
            json!({
                "target": entry.target, "scopes": entry.scopes, "default": [entry.default],
                "alone": [], "authorization_details": [], "max_lifetime": MAX_LIFETIME,
            })
        })
        .collect();
    let body = json!({
        "id": agent.id, "name": agent.title,
        "owner": {"kind": "team", "id": agent.team}, "risk": agent.risk,
        "auth": [
            {"method": "client_secret"},
            {"method": "private_key_jwt", "jwks": {"keys": [public_jwk]}},
        ],
        "workload": {"issuer": WORKLOADS, "claims": {"sub": format!("wl/{}", agent.id)}},
        "presenters": [], "subject_issuers": [IDP], "max_depth": 4, "ceiling": ceiling,
    });
    // A demo agent has no build to digest: its id stands for it.
    let digest = jcs::address(&json!({"agent": agent.id, "version": "1"}))
        .map_err(|flaw| WorldFlaw::Io(flaw.into()))?;
    Ok(AgentFact {
        id: agent.id,
        body,
        version: json!({"version": "1", "digest": digest, "model": "demo"}),
        certify: json!({"until": certified_until, "reason": "part of the dev world"}),
    })
}

#[cfg(test)]
mod tests;
