//! The record of a decision (contract §12) and its seal.

use super::{hr_agent, invoice_agent, sap, scene};
use crate::decide::{RecordFrame, Refused};
use crate::lineage::{Keyed, LineageKind};
use crate::record::{Draft, commitment};
use crate::refusal::{Code, Refusal};
use crate::testing::{NOW_S, Names, Scene, claims, grant, id_token, issuer, over, version};
use serde_json::{Value, json};
use std::sync::Arc;

fn body(scene: &Scene) -> Value {
    let draft = match scene.decide() {
        Ok(permit) => permit.draft(&scene.frame()),
        Err(refused) => refused.draft(&scene.frame()),
    };
    draft.value().clone()
}

fn texts(draft: &Draft) -> (String, String) {
    (
        draft.body().to_owned(),
        String::from_utf8(draft.side()).unwrap(),
    )
}

#[test]
fn a_permits_record_has_what_the_decision_shows() {
    let mut scene = scene().asking("invoice.read");
    scene.ask.task_id = Some("t-1".into());
    let body = body(&scene);
    let jti = json!(scene.case().unwrap().jti);
    assert_eq!(body["outcome"], json!("permit"));
    assert_eq!(body["code"], Value::Null);
    assert_eq!(body["id"], json!(format!("dlg_{}", jti.as_str().unwrap())));
    assert_eq!(body["jti"], jti);
    assert_eq!(body["client_id"], json!("client"));
    assert_eq!(
        (&body["actor"], &body["actor_from"]),
        (&json!("invoice-agent"), &json!("client"))
    );
    assert_eq!(
        body["chain"],
        json!([{"iss": crate::testing::OURS, "sub": "invoice-agent"}])
    );
    assert_eq!(
        (&body["target"], &body["basis"]),
        (&json!("sap"), &json!("policy"))
    );
    assert_eq!(
        body["granted"],
        json!({"scope": "invoice.read", "expires_in": 600})
    );
    assert_eq!(
        body["checks"][0],
        json!({"name": "locks", "result": "passed"})
    );
    assert_eq!(body["failed"], Value::Null);
    assert_eq!(body["policies"], json!(["exchange", "preauthorise"]));
    assert_eq!(body["bundle"], json!("sha256:stub"));
    assert_eq!(
        (&body["parent"], &body["task_id"]),
        (&Value::Null, &json!("t-1"))
    );
    assert_eq!(body["ver"], json!([version(invoice_agent().id(), 1)]));
    assert_eq!(
        (&body["aud"], &body["exp"]),
        (&json!("urn:demo:sap"), &json!(NOW_S + 600))
    );
    assert_eq!(body["subject_issuer"], json!("demo"));
}

#[test]
fn a_refusals_record_has_the_code_the_check_that_failed_and_what_would_pass() {
    let scene = scene().asking("invoice.read invoice.post");
    let body = body(&scene);
    assert_eq!(
        (&body["outcome"], &body["code"]),
        (&json!("refusal"), &json!("LCM-CONSENT-MISSING"))
    );
    assert_eq!(
        (&body["failed"], &body["would_pass"]),
        (&json!("basis"), &json!({"scope": "invoice.read"}))
    );
    assert_eq!(
        (&body["id"], &body["jti"], &body["target"]),
        (&Value::Null, &Value::Null, &json!("sap"))
    );
    let early = Refused::early(Refusal::new(Code::Unavailable, "x; y"), "subject", "b");
    assert_eq!(
        early.draft(&scene.frame()).value()["outcome"],
        json!("fault")
    );
}

#[test]
fn no_personal_value_stands_in_the_record_only_commitments() {
    let demo = issuer("demo", json!({"accept_act": true}));
    let agent = invoice_agent();
    let foreign = json!({"act": {"iss": "https://demo.example", "sub": "sentinel-carl"}, "groups": ["sentinel-team"], "sid": "sentinel-session"});
    let subject = id_token(
        &demo,
        &claims(&demo, "sentinel-ada", "app", foreign),
        &agent,
    )
    .unwrap();
    let mut scene = Scene::of(&agent, subject, &sap());
    scene.ask.purpose = Some("sentinel-purpose".into());
    let mut granted = grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.read"]}]),
    );
    granted.spec.person = "demo:sentinel-ada".into();
    granted.spec.reason = "sentinel-reason".into();
    scene.facts.grants = vec![Arc::new(granted.clone())];
    let frame = RecordFrame {
        trace_id: Some("0af7651916cd43dd8448eb211c80319c"),
        personal: vec![
            ("purpose", "sentinel-purpose".into()),
            ("ip", "192.0.2.77".into()),
        ],
        ..scene.frame()
    };
    let permit = scene.decide().unwrap();
    let (body, side) = texts(&permit.draft(&frame));
    assert!(body.contains("\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\""));
    assert!(
        !body.contains("sentinel") && !body.contains("192.0.2"),
        "{body}"
    );
    for value in [
        "demo:sentinel-ada",
        "sentinel-purpose",
        "192.0.2.77",
        "demo:sentinel-team",
        "sentinel-carl",
    ] {
        assert!(side.contains(value), "{value}");
    }
    let refused = scene.asking("nonesuch").decide().unwrap_err();
    let (body, _) = texts(&refused.draft(&frame));
    assert!(!body.contains("sentinel"), "{body}");
    // A hash without a salt could be guessed against.
    let of_grant = crate::jcs::address(&granted.spec).unwrap();
    let of_agent = crate::jcs::address(&agent.spec).unwrap();
    assert!(!body.contains(&of_grant) && !body.contains(&of_agent));
}

#[test]
fn commitments_open_with_the_salt_of_the_side_record() {
    let scene = scene();
    let draft = scene.decide().unwrap().draft(&scene.frame());
    let salt = &scene.frame().personal_salt.0;
    let body = draft.value();
    assert_eq!(
        body["subject"]["commitment"],
        json!(commitment(salt, "subject", "demo:ada"))
    );
    assert_eq!(
        body["groups"],
        json!(commitment(salt, "groups", "[\"demo:staff\"]"))
    );
    assert_eq!(
        body["personal"]["purpose"],
        json!(commitment(salt, "purpose", "pay the bakery"))
    );
}

#[test]
fn lineage_holds_everything_the_token_descends_from() {
    let demo = issuer("demo", json!({}));
    let agent = invoice_agent();
    let subject = id_token(
        &demo,
        &claims(&demo, "ada", "app", json!({"sid": "s1"})),
        &agent,
    )
    .unwrap();
    let mut root = Scene::of(&agent, subject, &sap())
        .asking("invoice.post")
        .passing_to(&hr_agent());
    let granted = grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.post"]}]),
    );
    root.facts.grants = vec![Arc::new(granted.clone())];
    let hop = root.next(&hr_agent(), &sap()).asking("invoice.post");
    let permit = hop.permit();
    let lineage = permit.lineage(&Names);
    let (parent, own) = (root.permit().jti(), permit.jti());
    for (kind, id) in [
        (LineageKind::Token, own.to_string()),
        (LineageKind::Delegation, format!("dlg_{parent}")),
        (LineageKind::Grant, granted.id.to_string()),
        (LineageKind::Person, "demo:ada".into()),
        (LineageKind::Issuer, "demo".into()),
        (LineageKind::Key, "demo:k".into()),
        (LineageKind::Key, "locum:k".into()),
        (LineageKind::Session, "demo:s1".into()),
        (LineageKind::Agent, "invoice-agent".into()),
        (LineageKind::Agent, "hr-agent".into()),
        (
            LineageKind::AgentVersion,
            version(invoice_agent().id(), 1).to_string(),
        ),
        (
            LineageKind::AgentVersion,
            version(hr_agent().id(), 1).to_string(),
        ),
        (LineageKind::Client, "invoice-agent".into()),
        (LineageKind::Client, "hr-agent".into()),
        (LineageKind::Target, "sap".into()),
        (LineageKind::Owner, "team-invoice-agent".into()),
        (LineageKind::Owner, "team-hr-agent".into()),
    ] {
        assert!(lineage.has(&Names.key(kind, &id)), "{kind:?} {id}");
    }
    assert_eq!(lineage.iter().count(), 17, "and nothing else");
}

#[test]
fn each_entry_of_a_lineage_carries_the_time_from_which_it_counts() {
    let scopes = json!([{"target": "sap", "scopes": ["invoice.post"]}]);
    let mut root = scene().asking("invoice.post").passing_to(&hr_agent());
    let mut granted = grant(1, "invoice-agent", scopes);
    granted.recorded_ms = Some(granted.created_at_ms + 7);
    root.facts.grants = vec![Arc::new(granted.clone())];
    let hop = root.next(&hr_agent(), &sap()).asking("invoice.post");
    let permit = hop.decide().unwrap();
    let body = permit.draft(&hop.frame()).value().clone();
    let since = |kind: LineageKind, id: &str| {
        let key = json!(crate::record::key_text::of(&Names.key(kind, id)));
        let keys = body["lineage"].as_array().unwrap();
        let place = keys.iter().position(|known| *known == key).unwrap();
        body["since"][place].as_u64().unwrap()
    };
    assert_eq!(
        body["since"].as_array().unwrap().len(),
        body["lineage"].as_array().unwrap().len()
    );
    let (granted_ms, proven_ms) = (granted.created_at_ms + 7, NOW_S * 1000);
    for (kind, id, expected) in [
        // The grant, and under whom it was made, count from its record.
        (LineageKind::Grant, granted.id.to_string(), granted_ms),
        (LineageKind::Person, "demo:ada".into(), granted_ms),
        (LineageKind::Agent, "invoice-agent".into(), granted_ms),
        // The key of her token from its `iat`.
        (LineageKind::Key, "demo:k".into(), (NOW_S - 10) * 1000),
        // Who acts from its proof: a secret from when it was checked.
        (LineageKind::Agent, "hr-agent".into(), proven_ms),
        (LineageKind::Owner, "team-hr-agent".into(), proven_ms),
        // A target from the first token that was for it, a token from itself.
        (LineageKind::Target, "sap".into(), root.permit().jti().ms()),
        (
            LineageKind::Token,
            hop.permit().jti().to_string(),
            hop.permit().jti().ms(),
        ),
    ] {
        assert_eq!(since(kind, &id), expected, "{kind:?}");
    }
}

#[test]
fn lineage_only_grows_along_a_chain() {
    let root = scene().passing_to(&hr_agent());
    let hop = root.next(&hr_agent(), &sap());
    let permit = hop.permit();
    let child = permit.lineage(&Names);
    assert!(
        root.permit()
            .lineage(&Names)
            .iter()
            .all(|entry| child.has(&entry.key))
    );
}

#[test]
fn for_itself_an_agent_stands_at_the_version_it_acted_in() {
    let alone = Scene::alone(&invoice_agent(), &sap()).asking("invoice.list");
    let its = version(invoice_agent().id(), 1);
    assert_eq!(
        alone.permit().actors(),
        [(invoice_agent().id().clone(), Some(its))]
    );
    assert!(
        alone
            .permit()
            .lineage(&Names)
            .has(&Names.key(LineageKind::Agent, "invoice-agent"))
    );
}

#[test]
fn only_the_root_record_counts_a_use() {
    let mut root = scene().asking("invoice.post").passing_to(&hr_agent());
    let granted = grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.post"]}]),
    );
    root.facts.grants = vec![Arc::new(granted.clone())];
    assert_eq!(body(&root)["uses"], json!(granted.id));
    let hop = root.next(&hr_agent(), &sap()).asking("invoice.post");
    assert_eq!(
        (&body(&hop)["uses"], &body(&hop)["grant"]),
        (&Value::Null, &json!(granted.id))
    );
    assert_eq!(body(&hop)["parent"], json!(root.permit().delegation()));
    assert_eq!(over(json!({"a": 1}), json!({"a": 2}))["a"], 2);
}
