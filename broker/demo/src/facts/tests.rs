#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::super::test_world;
use super::*;
use locum_core::ids::IssuerId;
use locum_core::registry::{AgentSpec, ClientKind, ClientSpec, IssuerSpec, TargetSpec};

fn of_the_bench() -> DemoFacts {
    let world = DemoWorld::generate(&test_world::noise()).unwrap();
    facts(
        (&world, &test_world::accounts()),
        &test_world::addresses(),
        "2027-11-23T00:00:00Z",
    )
    .unwrap()
}

#[test]
fn each_agent_may_do_what_the_contract_says_and_nothing_alone() {
    let facts = of_the_bench();
    let ceiling = |id: &str| {
        let fact = facts.agents.iter().find(|a| a.id == id).unwrap();
        fact.body["ceiling"].as_array().unwrap().clone()
    };
    let invoice = ceiling("invoice-agent");
    assert_eq!(invoice[0]["target"], "sap");
    assert_eq!(
        invoice[0]["scopes"],
        json!(["invoice.read", "invoice.post"])
    );
    let hr = ceiling("hr-agent");
    assert_eq!(hr[0]["scopes"], json!(["worker.read", "worker.write"]));
    assert_eq!(
        (&hr[1]["target"], &hr[1]["scopes"]),
        (&json!("sap"), &json!(["invoice.read"]))
    );
    assert_eq!(
        ceiling("soc-agent")[0]["scopes"],
        json!(["rule.read", "rule.write"])
    );
    for entry in ["invoice-agent", "hr-agent", "soc-agent"]
        .into_iter()
        .flat_map(ceiling)
    {
        assert_eq!(
            (&entry["alone"], &entry["max_lifetime"]),
            (&json!([]), &json!(300))
        );
        assert!(entry["default"][0].as_str().unwrap().ends_with(".read"));
        assert_eq!(entry["default"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn an_agents_registration_holds_the_public_half_of_its_key_only() {
    for agent in of_the_bench().agents {
        let key = &agent.body["auth"][1]["jwks"]["keys"][0];
        assert_eq!(
            (&key["kty"], &key["alg"]),
            (&json!("EC"), &json!("ES256")),
            "{}",
            agent.id
        );
        assert!(key.get("d").is_none(), "{}", agent.id);
        assert_eq!(agent.body["subject_issuers"], json!(["demo"]));
        assert_eq!(
            agent.body["workload"]["claims"]["sub"],
            format!("wl/{}", agent.id)
        );
    }
}

#[test]
fn the_provider_maps_every_scope_it_gives() {
    let facts = of_the_bench();
    let (id, body) = &facts.issuers[0];
    assert_eq!(*id, "demo");
    assert_eq!(
        body["scope_map"],
        json!({
            "erp.read": ["sap:invoice.read"], "erp.write": ["sap:invoice.post"],
            "hr.read": ["workday:worker.read"], "hr.write": ["workday:worker.write"],
            "net.read": ["firewall:rule.read"], "net.write": ["firewall:rule.write"],
        })
    );
    assert_eq!(body["access_audiences"], json!(["http://127.0.0.1:8420"]));
    assert_eq!(body["trust_may_act"], true);
}

#[test]
fn reading_is_low_risk_and_writing_high() {
    let facts = of_the_bench();
    for (id, body) in &facts.targets {
        for (name, scope) in body["scopes"].as_object().unwrap() {
            let risk = if name.ends_with(".read") {
                "low"
            } else {
                "high"
            };
            assert_eq!(scope["risk"], risk, "{id} {name}");
        }
    }
    assert!(facts.targets[0].1["details"]["invoice_post"].is_object());
}

#[test]
fn every_fact_passes_the_validation_of_the_admin_api() {
    let facts = of_the_bench();
    let ours = test_world::addresses().issuer;
    for (id, body) in facts.issuers {
        let spec: IssuerSpec = serde_json::from_value(body).unwrap();
        let id = IssuerId::parse(id).unwrap();
        assert_eq!(spec.problems(&id, &ours), [], "{id}");
    }
    for (id, body) in facts.targets {
        let spec: TargetSpec = serde_json::from_value(body).unwrap();
        assert_eq!(spec.problems(), [], "{id}");
    }
    for body in facts.clients {
        let spec: ClientSpec = serde_json::from_value(body).unwrap();
        assert_eq!(spec.kind, ClientKind::ResourceServer);
    }
    for agent in facts.agents {
        let spec: AgentSpec = serde_json::from_value(agent.body).unwrap();
        assert_eq!(spec.problems(), [], "{}", agent.id);
    }
}
