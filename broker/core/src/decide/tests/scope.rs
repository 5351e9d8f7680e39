//! Contract §6, "Authority".

use super::{ceiling, invoice_agent, sap, scene, would_pass};
use crate::refusal::Code;
use crate::scope::Scope;
use crate::testing::{Scene, Stub, access_token, agent, issuer, target};
use serde_json::json;

#[test]
fn no_scope_requested_means_the_ceilings_default() {
    assert_eq!(scene().permit().scope(), "invoice.read");
}

#[test]
fn an_empty_scope_list_counts_as_absent() {
    let mut scene = scene();
    scene.ask.scope = Some(Scope::default());
    assert_eq!(scene.permit().scope(), "invoice.read");
    let none = agent(
        "invoice-agent",
        json!({"ceiling": [{"target": "sap", "scopes": ["invoice.read"]}]}),
    );
    let mut scene = Scene::new(&none, &sap());
    scene.ask.scope = Some(Scope::default());
    assert_eq!(scene.refusal().code, Code::ScopeRequired);
}

#[test]
fn without_a_default_no_scope_requested_is_refused_and_never_means_all() {
    let none = agent(
        "invoice-agent",
        json!({"ceiling": [{"target": "sap", "scopes": ["invoice.read", "invoice.list"]}]}),
    );
    let scene = Scene::new(&none, &sap());
    let refusal = scene.refusal();
    assert_eq!(refusal.code, Code::ScopeRequired);
    let named = "ask for one of `invoice.list invoice.read`";
    assert!(refusal.description.contains(named), "{refusal:?}");
    assert_eq!(would_pass(&scene), None, "nothing was asked for");
}

#[test]
fn a_requested_scope_outside_ceiling_or_catalogue_is_refused_naming_it_and_what_would_pass() {
    let narrow = agent(
        "invoice-agent",
        json!({"ceiling": [{"target": "sap", "scopes": ["invoice.read", "ghost"]}]}),
    );
    for outside in ["invoice.post", "ghost", "nonesuch", "INVOICE.READ"] {
        let scene = Scene::new(&narrow, &sap()).asking(&format!("invoice.read {outside}"));
        let refusal = scene.refusal();
        assert_eq!(refusal.code, Code::ScopeRefused);
        assert!(
            refusal.description.contains(&format!("found `{outside}`")),
            "{}",
            refusal.description
        );
        assert_eq!(would_pass(&scene), Some(json!({"scope": "invoice.read"})));
    }
}

#[test]
fn would_pass_never_advises_more_than_was_asked_for() {
    for (asked, next) in [
        ("invoice.raed", "; did you mean `invoice.read`?"),
        ("INVOICE.READ", "; did you mean `invoice.read`?"),
        ("worker.write", "; ask for a scope of these"),
    ] {
        let scene = scene().asking(asked);
        let refusal = scene.refusal();
        assert_eq!(
            (refusal.code, &refusal.would_pass),
            (Code::ScopeRefused, &None)
        );
        assert!(
            refusal.description.ends_with(next),
            "{}",
            refusal.description
        );
    }
    let ghost = agent(
        "invoice-agent",
        json!({"ceiling": [{"target": "sap", "scopes": ["invoice.read", "invoice.raed"]}]}),
    );
    let refusal = Scene::new(&ghost, &sap()).asking("invoice.raed").refusal();
    let text = refusal.description;
    assert!(text.ends_with("; ask for a scope of these"), "{text}");
    let scene = scene().asking("invoice.read invoice.psot");
    let text = scene.refusal().description;
    assert!(
        text.ends_with("ask for scope `invoice.read`; did you mean `invoice.post`?"),
        "{text}"
    );
    assert_eq!(would_pass(&scene), Some(json!({"scope": "invoice.read"})));
}

#[test]
fn scopes_with_commas_between_are_told_to_be_separated_by_spaces() {
    for asked in [
        "invoice.read,invoice.list",
        "invoice.list,",
        "nonesuch,invoice.read",
    ] {
        let text = scene().asking(asked).refusal().description;
        assert!(text.ends_with("; separate scopes by spaces"), "{text}");
    }
    let text = scene().asking("a,b").refusal().description;
    assert!(text.ends_with("; ask for a scope of these"), "{text}");
}

#[test]
fn a_scope_that_the_agent_has_and_the_subject_token_lacks_is_told_as_that() {
    let demo = issuer(
        "demo",
        json!({"scope_map": {"erp": ["sap:invoice.read"]}, "trust_may_act": false}),
    );
    let subject = access_token(&demo, json!({"scope": "erp"})).unwrap();
    let scene = Scene::of(&invoice_agent(), subject, &sap()).asking("invoice.read invoice.list");
    let text = scene.refusal().description;
    let next = "ask for scope `invoice.read`; the subject token does not lead to it: \
                get one that does, by `scope_map` of its issuer";
    assert!(text.ends_with(next), "{text}");
    let alone = Scene::alone(&invoice_agent(), &sap()).asking("invoice.read");
    let text = alone.refusal().description;
    let next = "; it is not among the agent's `alone`: ask on a person's behalf";
    assert!(text.ends_with(next), "{text}");
}

#[test]
fn where_nothing_is_allowed_nothing_is_said_to_pass() {
    let empty = agent("invoice-agent", json!({"ceiling": [{"target": "sap"}]}));
    let scene = Scene::new(&empty, &sap());
    assert_eq!(
        (scene.refusal().code, would_pass(&scene)),
        (Code::ScopeRequired, None)
    );
    let scene = scene.asking("invoice.read");
    assert_eq!(
        (scene.refusal().code, would_pass(&scene)),
        (Code::ScopeRefused, None)
    );
}

#[test]
fn a_foreign_access_token_limits_what_its_scopes_map_to() {
    let demo = issuer(
        "demo",
        json!({"scope_map": {"erp": ["sap:invoice.list", "sap:nonesuch"]}, "trust_may_act": false}),
    );
    let subject = access_token(&demo, json!({"scope": "erp other"})).unwrap();
    let scene = Scene::of(&invoice_agent(), subject, &sap());
    assert_eq!(
        scene.refusal().code,
        Code::ScopeRequired,
        "default ∩ token is empty"
    );
    let scene = scene.asking("invoice.read");
    assert_eq!(
        (scene.refusal().code, would_pass(&scene)),
        (Code::ScopeRefused, None)
    );
    assert_eq!(
        scene.asking("invoice.list").permit().scope(),
        "invoice.list"
    );
}

#[test]
fn an_id_token_limits_nothing() {
    let all = scene().asking("invoice.read invoice.list");
    assert_eq!(all.permit().scope(), "invoice.list invoice.read");
}

#[test]
fn a_workload_acting_for_itself_may_use_only_the_scopes_listed_as_alone() {
    let scene = Scene::alone(&invoice_agent(), &sap());
    assert_eq!(scene.refusal().code, Code::ScopeRequired);
    assert_eq!(would_pass(&scene), None);
    let scene = scene.asking("invoice.read");
    assert_eq!(
        (scene.refusal().code, would_pass(&scene)),
        (Code::ScopeRefused, None)
    );
    let permit = scene.asking("invoice.list").permit();
    assert_eq!(permit.claims()["del"]["basis"], json!("self"));
    assert_eq!(permit.claims()["sub"], json!("invoice-agent"));
    assert!(permit.claims().get("act").is_none());
}

#[test]
fn invalid_scope_comes_before_the_policy_and_the_policy_before_consent() {
    let nothing = || Stub::when(|_| false);
    assert_eq!(
        scene().asking("nonesuch").under(nothing()).refusal().code,
        Code::ScopeRefused
    );
    assert_eq!(
        scene()
            .asking("invoice.post")
            .under(nothing())
            .refusal()
            .code,
        Code::PolicyDenied
    );
    assert_eq!(
        scene().asking("invoice.post").refusal().code,
        Code::ConsentMissing
    );
}

#[test]
fn an_encoded_token_over_the_limit_is_refused_and_never_cut() {
    let mut scene = scene();
    scene.facts.limits.token_bytes = 600;
    assert_eq!(scene.refusal().code, Code::ChainSize);
    let many: Vec<String> = (0..60)
        .map(|n| format!("{n:02}-{}", "x".repeat(60)))
        .collect();
    let scopes: serde_json::Map<_, _> = many
        .iter()
        .map(|name| (name.clone(), json!({"risk": "low"})))
        .collect();
    let wide = target("sap", json!({"scopes": scopes}));
    let agent = agent(
        "invoice-agent",
        json!({"ceiling": [{"target": "sap", "scopes": many}]}),
    );
    assert_eq!(
        Scene::new(&agent, &wide)
            .asking(&many.join(" "))
            .refusal()
            .code,
        Code::ChainSize
    );
    assert!(
        Scene::new(&agent, &wide)
            .asking(&many[..20].join(" "))
            .decide()
            .is_ok()
    );
    assert_eq!(ceiling()[0]["target"], json!("sap"));
}
