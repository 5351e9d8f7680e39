//! Contract §6, "`authorization_details`", as far as the decision chooses the limits.

use super::{hr_agent, invoice_agent, sap, scene, would_pass};
use crate::refusal::Code;
use crate::registry::Grant;
use crate::testing::{Scene, grant};
use serde_json::{Value, json};
use std::sync::Arc;

fn paying(number: u64, details: &Value) -> Grant {
    let listed = json!([{"target": "sap", "scopes": ["invoice.pay", "invoice.read"], "authorization_details": details}]);
    grant(number, "invoice-agent", listed)
}

fn payment(company: &str, amount: &str) -> Value {
    json!([{"type": "payment", "company": company, "amount": amount}])
}

fn with(grants: Vec<Grant>, details: Option<Value>) -> Scene {
    let mut scene = scene().asking("invoice.pay");
    scene.facts.grants = grants.into_iter().map(Arc::new).collect();
    scene.ask.details = details;
    scene
}

#[test]
fn none_requested_means_the_grants_whole() {
    let permit = with(vec![paying(1, &payment("acme", "100.00"))], None).permit();
    assert_eq!(
        permit.details(),
        Some(&json!([{"amount": "100.00", "company": "acme", "type": "payment"}]))
    );
    assert_eq!(
        permit.claims().get("authorization_details"),
        permit.details()
    );
}

#[test]
fn a_field_left_out_is_inherited_from_the_grant() {
    let asked = json!([{"type": "payment", "amount": "7"}]);
    let permit = with(vec![paying(1, &payment("acme", "100.00"))], Some(asked)).permit();
    assert_eq!(permit.details().unwrap()[0]["company"], json!("acme"));
    assert_eq!(permit.details().unwrap()[0]["amount"], json!("7"));
}

#[test]
fn the_grant_chosen_is_one_whose_details_cover_the_request_too() {
    let mut first = paying(1, &payment("acme", "100.00"));
    first.expires_s -= 60;
    let second = paying(2, &payment("acme", "5000.00"));
    let scene = with(
        vec![first.clone(), second.clone()],
        Some(payment("acme", "900.00")),
    );
    assert_eq!(scene.decide().unwrap().takes_use_of(), Some(second.id));
    let neither = with(vec![first, second], Some(payment("acme", "9000.00")));
    let refusal = neither.refusal();
    assert_eq!(refusal.code, Code::ConsentMissing);
    let second = paying(2, &json!([])).id;
    let nearest = format!("(nearest: grant `{second}`: amount 9000.00 > 5000.00)");
    assert!(
        refusal.description.contains(&nearest),
        "{}",
        refusal.description
    );
    let company = with(
        vec![paying(1, &payment("acme", "9.00"))],
        Some(payment("emca", "1.00")),
    );
    let text = company.refusal().description;
    assert!(
        text.contains("company `emca` where `acme` is granted)"),
        "{text}"
    );
}

/// A payment to each of so many companies.
fn payments(count: usize) -> Value {
    let each = (0..count).map(|number| payment(&format!("company {number}"), "100")[0].clone());
    Value::Array(each.collect())
}

#[test]
fn the_limits_of_a_near_grant_are_compared_only_where_the_lists_are_short() {
    let far = payment("emca", "1.00");
    // (objects of the grant, what it is said to lack)
    for (count, lacks) in [
        (32, "company `emca` where `company 0` is granted"),
        (100, "its `authorization_details`"),
    ] {
        let grant = paying(1, &payments(count));
        let scene = with(vec![grant.clone()], Some(far.clone()));
        let text = scene.refusal().description;
        assert!(text.contains(&format!("{}`: {lacks})", grant.id)), "{text}");
    }
    let grant = paying(1, &payments(1));
    let text = with(vec![grant], Some(payments(100))).refusal();
    assert_eq!(text.code, Code::Details, "more than one request may hold");
}

#[test]
fn of_a_grant_that_lacks_more_long_limits_are_not_told() {
    let mut expired = paying(1, &payments(100));
    expired.expires_s = 0;
    let mut scene = with(Vec::new(), Some(payment("emca", "1.00")));
    let id = expired.id;
    scene.facts.ended_grants = vec![Arc::new(expired)];
    let text = scene.refusal().description;
    assert!(text.contains(&format!("{id}`: expired)")), "{text}");
}

#[test]
fn a_scope_that_requires_a_type_never_goes_without_one() {
    let scene = with(vec![paying(1, &json!([]))], None);
    assert_eq!(scene.refusal().code, Code::Details);
    assert_eq!(would_pass(&scene), None);
    let asked = with(vec![paying(1, &json!([]))], Some(payment("acme", "1")));
    assert!(asked.decide().is_ok());
}

#[test]
fn an_unknown_type_or_field_is_refused() {
    for bad in [
        json!([{"type": "nonesuch"}]),
        json!([{"type": "payment", "iban": "x"}]),
        json!({}),
        json!("x"),
    ] {
        let scene = with(vec![paying(1, &json!([]))], Some(bad));
        assert_eq!(scene.refusal().code, Code::Details);
    }
}

#[test]
fn the_ceilings_details_limit_everyone() {
    let mut agent = invoice_agent();
    agent.spec.ceiling[0].authorization_details = vec![payment("acme", "50")[0].clone()];
    let mut scene = Scene::new(&agent, &sap()).asking("invoice.pay");
    scene.facts.grants = vec![Arc::new(paying(1, &json!([])))];
    scene.ask.details = Some(payment("acme", "51"));
    // Judged like everything a grant does not cover: the ceiling's limit first.
    assert_eq!(scene.refusal().code, Code::Details);
    assert_eq!(
        would_pass(&scene).unwrap()["authorization_details"][0]["amount"],
        json!("50")
    );
    scene.ask.details = Some(payment("acme", "50"));
    assert!(scene.decide().is_ok());
}

#[test]
fn a_later_hop_inherits_the_parents_details_and_never_exceeds_them() {
    let root = with(vec![paying(1, &payment("acme", "100.00"))], None).passing_to(&hr_agent());
    let mut hop = root.next(&hr_agent(), &sap()).asking("invoice.pay");
    assert_eq!(hop.permit().details(), root.permit().details());
    hop.ask.details = Some(payment("acme", "100.01"));
    assert_eq!(hop.refusal().code, Code::Details);
    hop.ask.details = Some(payment("acme", "99"));
    assert!(hop.decide().is_ok());
    let bare = scene().passing_to(&hr_agent());
    let mut hop = bare.next(&hr_agent(), &sap());
    hop.ask.details = Some(payment("acme", "1"));
    assert_eq!(hop.refusal().code, Code::Details, "the parent carries none");
}
