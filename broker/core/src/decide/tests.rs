#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod basis;
mod derive;
mod details;
mod downstream;
mod gone;
mod hops;
mod ladder;
mod lifetime;
mod policy;
mod properties;
mod random;
mod record;
mod reference;
mod seal;

mod scope;
mod shrinking;
mod summary;
mod target;

use crate::registry::{Agent, Target};
use crate::testing::{Scene, agent, target};
use serde_json::{Value, json};

/// sap: two low scopes, a high one and one that carries details.
fn sap() -> Target {
    target(
        "sap",
        json!({"resources": ["https://sap.example/api"], "max_lifetime": 900, "scopes": {
            "invoice.read": {"risk": "low"}, "invoice.list": {"risk": "medium"},
            "invoice.post": {"risk": "high"}, "invoice.pay": {"risk": "high", "requires": ["payment"]}},
          "details": {"payment": {"company": {"type": "string", "narrow": "equal"},
            "amount": {"type": "decimal", "narrow": "at_most"}}}}),
    )
}

/// The ceiling of most agents here.
fn ceiling() -> Value {
    json!([{"target": "sap", "scopes": ["invoice.read", "invoice.list", "invoice.post", "invoice.pay"],
        "default": ["invoice.read"], "alone": ["invoice.list"]}])
}

fn invoice_agent() -> Agent {
    agent("invoice-agent", json!({"ceiling": ceiling()}))
}

fn hr_agent() -> Agent {
    agent("hr-agent", json!({"ceiling": ceiling()}))
}

/// Ada, through invoice-agent, at sap.
fn scene() -> Scene {
    Scene::new(&invoice_agent(), &sap())
}

fn would_pass(scene: &Scene) -> Option<Value> {
    scene.refusal().would_pass.map(|value| *value)
}
