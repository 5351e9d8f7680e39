//! Contract §12: what refers to something that is gone is inert. It confers
//! nothing, it blocks nothing else, and it never widens.

use super::{hr_agent, invoice_agent, sap};
use crate::refusal::Code;
use crate::registry::{Agent, Target};
use crate::testing::{Scene, access_token, agent, grant, issuer, target};
use serde_json::{Value, json};
use std::sync::Arc;

/// sap without the type `payment`, and so without the scope that requires it.
fn without_payment() -> Target {
    let mut body = json!(*sap().spec);
    body["scopes"]
        .as_object_mut()
        .unwrap()
        .remove("invoice.pay");
    body["details"] = json!({"refund": {"amount": {"type": "decimal", "narrow": "at_most"}}});
    target("sap", body)
}

/// The type is there, but it has no `company` any more.
fn without_company() -> Target {
    let mut body = json!(*sap().spec);
    body["details"]["payment"]
        .as_object_mut()
        .unwrap()
        .remove("company");
    target("sap", body)
}

fn payment() -> Value {
    json!({"type": "payment", "company": "acme", "amount": "50"})
}

/// An agent whose ceiling limits payments.
fn limited() -> Agent {
    let mut agent = invoice_agent();
    agent.spec.ceiling[0].authorization_details = vec![payment()];
    agent
}

fn granted(scopes: Value, details: Value) -> Arc<crate::registry::Grant> {
    let listed = json!([{"target": "sap", "scopes": scopes, "authorization_details": details}]);
    Arc::new(grant(1, "invoice-agent", listed))
}

#[test]
fn a_plain_read_is_answered_where_the_ceiling_names_a_type_that_is_gone() {
    for sap in [without_payment(), without_company()] {
        let scene = Scene::new(&limited(), &sap);
        let permit = scene.permit();
        assert_eq!((permit.scope(), permit.details()), ("invoice.read", None));
    }
}

#[test]
fn a_ceiling_of_which_nothing_is_left_still_limits_every_type() {
    let mut scene = Scene::new(&limited(), &without_payment()).asking("invoice.read");
    scene.ask.details = Some(json!([{"type": "refund", "amount": "1"}]));
    let refusal = scene.refusal();
    assert_eq!(refusal.code, Code::Details);
    assert!(
        refusal.description.contains("found `refund`"),
        "{}",
        refusal.description
    );
    // As it was refused while all that the ceiling names was there.
    let mut both = json!(*sap().spec);
    both["details"]["refund"] = json!(without_payment().spec.details)["refund"].clone();
    let mut before = Scene::new(&limited(), &target("sap", both)).asking("invoice.read");
    before.ask.details = scene.ask.details;
    assert_eq!(before.refusal().code, Code::Details);
}

#[test]
fn a_limit_that_no_longer_reads_fails_closed_for_its_own_type() {
    let mut agent = limited();
    let details = &mut agent.spec.ceiling[0].authorization_details;
    details.push(json!({"type": "payment", "amount": "5"}));
    let mut scene = Scene::new(&agent, &without_company()).asking("invoice.read");
    scene.ask.details = Some(json!([{"type": "payment", "amount": "6"}]));
    assert_eq!(scene.refusal().code, Code::Details, "beyond what is left");
    scene.ask.details = Some(json!([{"type": "payment", "amount": "5"}]));
    assert!(scene.decide().is_ok());
}

#[test]
fn a_grant_whose_limits_are_gone_covers_nothing_and_keeps_nothing_else_from_covering() {
    let grant = granted(json!(["invoice.read", "invoice.post"]), json!([payment()]));
    let mut scene = Scene::new(&invoice_agent(), &without_payment()).asking("invoice.post");
    scene.facts.grants = vec![grant.clone()];
    assert_eq!(
        scene.refusal().code,
        Code::ConsentMissing,
        "without its limit"
    );
    let mut read = Scene::new(&invoice_agent(), &without_payment());
    read.facts.grants = vec![grant];
    assert_eq!(read.decide().unwrap().takes_use_of(), None, "by policy");
}

#[test]
fn what_is_left_of_a_grant_is_passed_on_and_is_all_there_is() {
    let details = json!([payment(), {"type": "refund", "amount": "7"}]);
    let mut scene = Scene::new(&invoice_agent(), &without_payment()).asking("invoice.post");
    scene.facts.grants = vec![granted(json!(["invoice.post"]), details)];
    let left = json!([{"type": "refund", "amount": "7"}]);
    assert_eq!(scene.permit().details(), Some(&left));
    scene.ask.details = Some(json!([{"type": "refund", "amount": "8"}]));
    assert_eq!(scene.refusal().code, Code::ConsentMissing);
}

#[test]
fn a_chain_is_not_passed_on_without_what_limited_it() {
    let mut root = Scene::new(&invoice_agent(), &sap()).asking("invoice.post");
    root.facts.grants = vec![granted(json!(["invoice.post"]), json!([payment()]))];
    let root = root.passing_to(&hr_agent());
    let hop = root
        .next(&hr_agent(), &without_payment())
        .asking("invoice.post");
    let refusal = hop.refusal();
    assert_eq!(refusal.code, Code::Details);
    assert!(refusal.description.contains("get a fresh subject token"));
    let plain = Scene::new(&invoice_agent(), &sap()).passing_to(&hr_agent());
    assert!(plain.next(&hr_agent(), &without_payment()).decide().is_ok());
}

#[test]
fn scopes_that_are_gone_lead_nowhere_and_leave_the_others_as_they_are() {
    let map = json!({"erp.read": ["sap:invoice.read"], "erp.pay": ["sap:invoice.pay"]});
    let demo = issuer("demo", json!({"scope_map": map}));
    let asking = |scope: &str| {
        let subject = access_token(&demo, json!({"scope": scope})).unwrap();
        Scene::of(&invoice_agent(), subject, &without_payment())
    };
    assert_eq!(asking("erp.read erp.pay").permit().scope(), "invoice.read");
    assert_eq!(asking("erp.pay").refusal().code, Code::TargetRefused);
    let entry = json!([{"target": "sap", "scopes": ["invoice.pay", "invoice.read"],
        "default": ["invoice.pay", "invoice.read"]}]);
    let default = agent("invoice-agent", json!({"ceiling": entry}));
    let scene = Scene::new(&default, &without_payment());
    assert_eq!(scene.permit().scope(), "invoice.read");
    assert_eq!(
        scene.asking("invoice.pay").refusal().code,
        Code::ScopeRefused
    );
}
