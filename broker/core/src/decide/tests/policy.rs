//! Contract §6, "Policy", and §13.

use super::{hr_agent, scene, would_pass};
use crate::decide::PASSING_QUESTIONS_MAX;
use crate::policy::{Action, Basis, Behalf, PolicyAnswer, PolicyFault, Question};
use crate::refusal::{Code, SignInWanted};
use crate::registry::Issuer;
use crate::testing::{Scene, Stub, agent, claims, grant, id_token, issuer, scope, target};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn exchange_is_asked_once_over_the_whole_request_after_narrowing() {
    let scene = scene().asking("invoice.read invoice.list");
    let _permit = scene.decide().unwrap();
    let asked = scene.policy.asked();
    let actions: Vec<_> = asked.iter().map(|question| question.action).collect();
    assert_eq!(actions, [Action::PreAuthorise, Action::Exchange]);
    assert!(
        asked
            .iter()
            .all(|question| question.scopes == scope("invoice.read invoice.list"))
    );
}

#[test]
fn the_question_names_who_acts_for_whom_at_what_risk() {
    let mut scene = scene().asking("invoice.list").passing_to(&hr_agent());
    scene.ask.purpose = Some("p".into());
    scene.ask.task_id = Some("t".into());
    let _permit = scene.decide().unwrap();
    let question = scene.policy.asked().pop().unwrap();
    assert_eq!(question.agent.as_str(), "invoice-agent");
    assert_eq!(question.team.as_deref(), Some("team-invoice-agent"));
    let groups = Some(BTreeSet::from(["demo:staff".to_owned()]));
    let id = "demo:ada".to_owned();
    assert_eq!(question.behalf, Behalf::Person { id, groups });
    assert_eq!(question.chain.len(), 1);
    assert_eq!((question.depth, question.basis), (1, Some(Basis::Policy)));
    assert_eq!(
        question.delegate_to.as_ref().map(|id| id.as_str()),
        Some("hr-agent")
    );
    assert_eq!(question.delegate_to_team.as_deref(), Some("team-hr-agent"));
    assert_eq!(
        (question.purpose.as_deref(), question.task_id.as_deref()),
        (Some("p"), Some("t"))
    );
    assert_eq!(question.risk, crate::policy::Risk::Medium);
    assert_eq!(question.ip.as_deref(), Some("192.0.2.1"));
    // 1795400000 is Monday, 23 November 2026, 02:13:20 UTC.
    assert_eq!((question.weekday, question.hour_utc), (1, 2));
}

#[test]
fn unknown_groups_are_not_no_groups() {
    let demo = issuer("demo", json!({}));
    let agent = super::invoice_agent();
    let groups = |demo: &Issuer, patch| {
        let token = claims(demo, "eve", "app", patch);
        let subject = id_token(demo, &token, &agent);
        subject.map(|subject| {
            subject
                .groups()
                .map(|groups| groups.iter().cloned().collect())
        })
    };
    let some = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| format!("demo:{name}")).collect();
        Ok(Some(names))
    };
    assert_eq!(groups(&demo, json!({})), Ok(None));
    assert_eq!(groups(&demo, json!({"groups": []})), some(&[]));
    assert_eq!(groups(&demo, json!({"groups": ""})), some(&[]));
    assert_eq!(groups(&demo, json!({"groups": "staff"})), some(&["staff"]));
    let paths = json!({"groups": ["/finance/ap", "staff"]});
    assert_eq!(groups(&demo, paths), some(&["/finance/ap", "staff"]));
    for elsewhere in [json!({"groups": "src1"}), json!("src1")] {
        let partial = json!({"groups": ["staff"], "_claim_names": elsewhere});
        assert_eq!(groups(&demo, partial), Ok(None));
    }
    let other = json!({"groups": ["staff"], "_claim_names": {"roles": "src1"}});
    assert_eq!(groups(&demo, other), some(&["staff"]));
    for no_list in [json!(7), json!(["a", 1]), json!({"a": 1})] {
        let flaw = groups(&demo, json!({"groups": no_list})).unwrap_err();
        assert_eq!(flaw.code, Code::SubjectInvalid);
    }
    let roles = issuer("demo", json!({"groups_claim": "/realm_access/roles"}));
    let keycloak = json!({"realm_access": {"roles": ["clerk"]}, "groups": ["x"]});
    assert_eq!(groups(&roles, keycloak), some(&["clerk"]));
    let partial =
        json!({"realm_access": {"roles": ["clerk"]}, "_claim_names": {"realm_access": "s"}});
    assert_eq!(groups(&roles, partial), Ok(None));
    let named = issuer("demo", json!({"groups_claim": "/a~1b/roles"}));
    let partial = json!({"a/b": {"roles": ["clerk"]}, "_claim_names": {"a/b": "s"}});
    assert_eq!(groups(&named, partial), Ok(None), "by its whole name");
}

#[test]
fn on_denial_the_policy_is_asked_about_parts_to_say_what_would_pass() {
    let all = scope("invoice.read invoice.list");
    let scene = scene()
        .asking("invoice.read invoice.list")
        .under(Stub::scopes(scope("invoice.read"), all));
    let refusal = scene.refusal();
    assert_eq!(refusal.code, Code::PolicyDenied);
    assert_eq!(would_pass(&scene), Some(json!({"scope": "invoice.read"})));
}

/// So many scopes of one risk, and those of them whose number holds.
fn many(count: usize, which: impl Fn(usize) -> bool) -> String {
    let names = (0..count).filter(|n| which(*n)).map(|n| format!("s{n:02}"));
    names.collect::<Vec<_>>().join(" ")
}

/// Ada, through an agent that may have 64 scopes, asks for all of them.
fn asking_for_64(risk: &str) -> Scene {
    let scopes: Vec<String> = many(64, |_| true).split(' ').map(str::to_owned).collect();
    let declared: serde_json::Map<String, serde_json::Value> = scopes
        .iter()
        .map(|name| (name.clone(), json!({ "risk": risk })))
        .collect();
    let ceiling = json!([{ "target": "wide", "scopes": scopes }]);
    Scene::new(
        &agent("wide-agent", json!({ "ceiling": ceiling })),
        &target("wide", json!({ "scopes": declared })),
    )
    .asking(&scopes.join(" "))
}

#[test]
fn a_denial_of_64_scopes_asks_at_most_eight_questions_more() {
    let within = |question: &Question| question.scopes.is_within(&scope(&many(64, |n| n != 17)));
    let granted = grant(
        1,
        "wide-agent",
        json!([{"target": "wide", "scopes": many(64, |_| true).split(' ').collect::<Vec<_>>()}]),
    );
    let mut denied = asking_for_64("high").under(Stub::when(within));
    denied.facts.grants = vec![Arc::new(granted)];
    assert_eq!(denied.refusal().code, Code::PolicyDenied);
    assert!(denied.policy.asked().len() <= 1 + PASSING_QUESTIONS_MAX);

    let consent = asking_for_64("low").under(Stub::when(move |question| {
        question.action == Action::Exchange || within(question)
    }));
    assert_eq!(consent.refusal().code, Code::ConsentMissing);
    // Once for the basis, once as if there were one.
    assert!(consent.policy.asked().len() <= 2 + PASSING_QUESTIONS_MAX);
    for scene in [denied, consent] {
        let part = would_pass(&scene).unwrap();
        let part = part["scope"].as_str().unwrap();
        assert!(part.split(' ').count() >= 32, "{part}");
        let asked = scene.policy.asked();
        assert!(asked.iter().any(|question| question.scopes == scope(part)));
    }
}

#[test]
fn what_would_pass_by_policy_is_what_passes_both_actions() {
    // What is permitted without a grant is then permitted on a grant only.
    let stub = || {
        Stub::when(|question| match question.action {
            Action::Exchange => question.basis == Some(Basis::Grant),
            Action::PreAuthorise => question.scopes.iter().count() == 1,
        })
    };
    let scene = scene().asking("invoice.read invoice.list").under(stub());
    assert_eq!(scene.refusal().code, Code::ConsentMissing);
    assert_eq!(would_pass(&scene), None);
    assert_eq!(
        scene.asking("invoice.read").refusal().code,
        Code::PolicyDenied
    );
}

#[test]
fn a_policy_that_forbids_a_combination_is_not_answered_with_the_same_request() {
    let never_both = || Stub::when(|q| q.scopes.iter().count() < 2);
    let scene = scene()
        .asking("invoice.read invoice.list")
        .under(never_both());
    let mut refused = scene;
    let mut agent = super::invoice_agent();
    agent.spec.ceiling[0].default = scope("invoice.read");
    refused.facts.grants = vec![Arc::new(grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.read", "invoice.list"]}]),
    ))];
    assert_eq!(refused.refusal().code, Code::PolicyDenied);
    let suggested = would_pass(&refused).unwrap();
    assert_eq!(suggested, json!({"scope": "invoice.list"}));
    assert!(refused.asking("invoice.list").decide().is_ok());
}

#[test]
fn any_evaluation_error_refuses() {
    let broken = || {
        Stub::new(|_| {
            Err(PolicyFault {
                detail: "secret detail".into(),
            })
        })
    };
    let refusal = scene().under(broken()).refusal();
    assert_eq!(refusal.code, Code::PolicyError);
    assert!(!refusal.description.contains("secret detail"));
    let half = Stub::new(|q| match q.action {
        Action::Exchange => Err(PolicyFault {
            detail: String::new(),
        }),
        Action::PreAuthorise => Ok(PolicyAnswer {
            allowed: true,
            ..PolicyAnswer::default()
        }),
    });
    assert_eq!(scene().under(half).refusal().code, Code::PolicyError);
}

#[test]
fn where_only_the_basis_is_missing_the_policy_is_asked_as_if_there_were_a_grant() {
    let scene = scene().asking("invoice.post");
    assert_eq!(scene.refusal().code, Code::ConsentMissing);
    assert_eq!(scene.policy.asked()[0].basis, Some(Basis::Grant));
}

fn requiring(exchange: &[&[&str]], pre: &[&[&str]]) -> Stub {
    let sets = |lists: &[&[&str]]| -> Vec<BTreeSet<String>> {
        lists
            .iter()
            .map(|list| list.iter().map(|acr| (*acr).to_owned()).collect())
            .collect()
    };
    let (exchange, pre) = (sets(exchange), sets(pre));
    Stub::new(move |q| {
        Ok(PolicyAnswer {
            allowed: true,
            require_acr: match q.action {
                Action::Exchange => exchange.clone(),
                Action::PreAuthorise => pre.clone(),
            },
            policies: vec![format!("{:?}", q.action)],
            ..PolicyAnswer::default()
        })
    })
}

#[test]
fn every_required_acr_list_of_both_actions_must_be_met() {
    let demo = issuer("demo", json!({}));
    let agent = super::invoice_agent();
    let signed_in = |acr: serde_json::Value| {
        let subject = id_token(&demo, &claims(&demo, "ada", "app", acr), &agent).unwrap();
        crate::testing::Scene::of(&agent, subject, &super::sap())
    };
    let mfa = || signed_in(json!({"acr": "mfa"}));
    assert!(
        mfa()
            .under(requiring(&[&["mfa", "hwk"]], &[&["mfa"]]))
            .decide()
            .is_ok()
    );
    let refused = |exchange: &[&[&str]], pre: &[&[&str]]| {
        let refusal = mfa().under(requiring(exchange, pre)).refusal();
        assert_eq!(refusal.code, Code::StepUp);
        match refusal.sign_in.as_deref() {
            Some(SignInWanted::Stronger(values)) => values.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&[&["hwk"]], &[]), "hwk");
    assert_eq!(refused(&[&["mfa"], &["hwk"]], &[]), "hwk");
    assert_eq!(refused(&[], &[&["hwk", "pin"]]), "hwk pin");
    let unknown = signed_in(json!({}))
        .under(requiring(&[&["mfa"]], &[]))
        .refusal();
    assert_eq!(unknown.code, Code::StepUp);
}

#[test]
fn a_decision_names_the_determining_policies_of_both_actions() {
    let permit = scene().decide().unwrap();
    assert_eq!(permit.policies, ["exchange", "preauthorise"]);
    let mut refused = scene();
    refused.facts.limits.token_bytes = 10;
    assert_eq!(refused.refusal().policies, ["exchange", "preauthorise"]);
}

#[test]
fn the_least_max_lifetime_of_both_actions_binds_and_pre_authorises_only_where_it_is_the_basis() {
    let timed = || {
        Stub::new(|q| {
            Ok(PolicyAnswer {
                allowed: true,
                max_lifetime: Some(match q.action {
                    Action::Exchange => 100,
                    Action::PreAuthorise => 50,
                }),
                ..PolicyAnswer::default()
            })
        })
    };
    assert_eq!(scene().under(timed()).permit().lifetime(), 50);
    let mut granted = scene().under(timed());
    granted.facts.grants = vec![Arc::new(grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.read"]}]),
    ))];
    assert_eq!(granted.permit().lifetime(), 100);
}
