//! Contract §15: the rule of delivery, who checks the person, the second record.

use super::invoice_agent;
use crate::decide::{
    CheckResult, Failure, HandedOut, Leftover, OutcomeFrame, Permit, ReceiptFrame, Recorded,
    VendorTerms, never_known,
};
use crate::handout::{Able, Expire, Narrow, Revoke, Terms, Unique};
use crate::refusal::{Code, Refusal, SignInWanted};
use crate::registry::{Agent, Target};
use crate::testing::{
    NOW_S, Scene, Stub, agent, appended, claims, grant, id_token, issuer, scope, target,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const DAY_S: u64 = 86_400;

/// A vendor that narrows by the request and ends in time.
const CAREFUL: Able = Able {
    narrow: Narrow::Request,
    expire: Expire::Declared(Some(60)),
    revoke: Revoke::No,
    unique: Unique::Yes,
    carries_person: true,
};

fn at_vendor(patch: Value) -> Target {
    let mut spec = json!({"max_lifetime": 900, "scopes": {
            "invoice.read": {"risk": "low"}, "invoice.list": {"risk": "low"}},
        "connector": {"profile": "xsuaa", "base_url": "https://vendor.example"}});
    let members = patch.as_object().unwrap().clone();
    spec.as_object_mut().unwrap().extend(members);
    target("sap", spec)
}

fn scene_with(patch: Value, terms: Terms) -> Scene {
    let mut scene = Scene::new(&invoice_agent(), &at_vendor(patch)).asking("invoice.read");
    scene.facts.vendor = VendorTerms::On(terms);
    scene
}

fn terms(able: Able) -> Terms {
    Terms {
        able,
        accounts: vec![],
        names: BTreeMap::new(),
    }
}

fn safe() -> Scene {
    scene_with(json!({}), terms(CAREFUL))
}

fn names(permit: &Permit) -> Vec<&'static str> {
    permit.trail.iter().map(|check| check.name).collect()
}

#[test]
fn a_safe_handout_is_permitted_and_says_that_it_awaits_an_outcome() {
    let permit = safe().decide().unwrap();
    let wanted = ["scope", "entitlements", "handout", "details"];
    assert!(names(&permit).windows(4).any(|four| four == wanted));
    assert!(
        names(&permit)
            .windows(2)
            .any(|two| two == ["lifetime", "handout"])
    );
    let draft = permit.draft(&safe().frame());
    let awaits = draft.value().get("awaits").unwrap();
    assert_eq!(
        awaits,
        &json!({"agents": ["invoice-agent"], "account": null, "unsafe": []})
    );
}

#[test]
fn an_unsafe_handout_names_which_part_of_the_rule_does_not_hold() {
    let for_ever = Able {
        expire: Expire::Never,
        ..CAREFUL
    };
    let one_account = Terms {
        able: Able {
            narrow: Narrow::No,
            ..CAREFUL
        },
        accounts: vec![scope("invoice.read invoice.list")],
        names: BTreeMap::new(),
    };
    for (terms, named) in [(terms(for_ever), "(expire)"), (one_account, "(narrow)")] {
        let refusal = scene_with(json!({}), terms).refusal();
        assert_eq!(refusal.code, Code::HandoutUnsafe);
        assert!(
            refusal.description.contains(named),
            "{}",
            refusal.description
        );
    }
}

#[test]
fn an_unsafe_handout_is_refused_before_a_person_is_asked() {
    let mut scene = scene_with(
        json!({}),
        terms(Able {
            expire: Expire::Never,
            ..CAREFUL
        }),
    );
    scene.policy = Stub::when(|_| false);
    assert_eq!(scene.refusal().code, Code::HandoutUnsafe);
    assert!(scene.policy.asked().is_empty());
}

#[test]
fn an_accepted_overhang_is_permitted_and_recorded() {
    let accepted = json!({"accept_overhang": {"reason": "until the vendor can"}});
    let scene = scene_with(
        accepted,
        terms(Able {
            expire: Expire::Never,
            ..CAREFUL
        }),
    );
    let draft = scene.decide().unwrap().draft(&scene.frame());
    assert_eq!(
        draft.value().pointer("/awaits/unsafe"),
        Some(&json!(["expire"]))
    );
}

#[test]
fn no_account_that_may_do_it_is_no_handout_whatever_is_accepted() {
    let narrow = Terms {
        able: Able {
            narrow: Narrow::Principal,
            ..CAREFUL
        },
        accounts: vec![scope("invoice.list")],
        names: BTreeMap::new(),
    };
    let accepted = json!({"accept_overhang": {"reason": "x"}});
    assert_eq!(
        scene_with(accepted, narrow).refusal().code,
        Code::HandoutUnsafe
    );
}

#[test]
fn a_permit_that_turns_out_shorter_than_the_credential_is_judged_again() {
    let mut scene = safe();
    scene.ask.expires_in = Some(60);
    assert!(scene.decide().is_ok());
    scene.ask.expires_in = Some(59);
    assert_eq!(scene.refusal().code, Code::HandoutUnsafe);
    scene.ask.expires_in = None;
    let mut short = grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.read"]}]),
    );
    short.expires_s = NOW_S + 30;
    scene.facts.grants = vec![Arc::new(short)];
    let refused = scene.decide().unwrap_err();
    assert_eq!(refused.refusal().code, Code::HandoutUnsafe);
    assert_eq!(refused.trail.last().unwrap().name, "handout");
    assert_eq!(refused.trail.last().unwrap().result, CheckResult::Failed);
}

#[test]
fn a_connector_that_cannot_be_used_permits_nothing() {
    let mut scene = safe();
    for vendor in [
        VendorTerms::NotAsked,
        VendorTerms::Unusable,
        VendorTerms::Full,
    ] {
        scene.facts.vendor = vendor;
        assert_eq!(scene.refusal().code, Code::Unavailable);
    }
}

fn impersonal() -> Terms {
    terms(Able {
        carries_person: false,
        ..CAREFUL
    })
}

fn entitled(groups: Value) -> Scene {
    let entitlements = json!({"entitlements": {"invoice.read": groups, "invoice.list": []}});
    scene_with(entitlements, impersonal())
}

#[test]
fn where_the_credential_does_not_carry_the_person_locum_checks_who_may_do_what() {
    assert!(
        entitled(json!(["demo:staff", "demo:others"]))
            .decide()
            .is_ok()
    );
    let refused = entitled(json!(["demo:others"])).decide().unwrap_err();
    assert_eq!(refused.refusal().code, Code::PolicyDenied);
    assert_eq!(refused.trail.last().unwrap().name, "entitlements");
    assert_eq!(entitled(json!([])).refusal().code, Code::PolicyDenied);
    assert_eq!(
        scene_with(json!({}), impersonal()).refusal().code,
        Code::PolicyDenied
    );
}

#[test]
fn the_part_that_a_person_is_entitled_to_would_pass() {
    let refusal = entitled(json!(["demo:staff"]))
        .asking("invoice.read invoice.list")
        .refusal();
    assert_eq!(
        refusal.would_pass.map(|v| *v),
        Some(json!({"scope": "invoice.read"}))
    );
}

fn with_groups(groups: Value, age_s: u64) -> Scene {
    let demo = issuer("demo", json!({}));
    let mut patch = groups;
    patch["iat"] = json!(NOW_S - age_s);
    let token = claims(&demo, "ada", "app", patch);
    let mut scene = entitled(json!(["demo:staff"]));
    scene.subject = id_token(&demo, &token, &invoice_agent()).unwrap();
    scene
}

#[test]
fn groups_that_are_not_known_entitle_to_nothing() {
    assert_eq!(with_groups(json!({}), 0).refusal().code, Code::PolicyDenied);
    assert!(
        with_groups(json!({"groups": ["staff"]}), 0)
            .decide()
            .is_ok()
    );
}

#[test]
fn groups_count_for_a_day_after_the_person_proved_them() {
    let mut scene = with_groups(json!({"groups": ["staff"]}), DAY_S - 60);
    assert!(scene.decide().is_ok());
    scene.facts.now_ms += 61_000;
    let refusal = scene.refusal();
    assert_eq!(refusal.code, Code::StepUp);
    assert_eq!(
        refusal.sign_in.as_deref(),
        Some(&SignInWanted::Younger(86_400))
    );
}

#[test]
fn groups_that_an_administrator_asserted_entitle_to_nothing() {
    let mut given = grant(
        1,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["invoice.read"]}]),
    );
    given.spec.groups = Some(["demo:staff".to_owned()].into());
    let given = Arc::new(given);
    let mut scene = entitled(json!(["demo:staff"]));
    scene.subject =
        crate::proof::SubjectProof::from_grant(&given, &scene.actor, NOW_S, &crate::testing::Names)
            .unwrap();
    scene.facts.grants = vec![given];
    assert_eq!(scene.refusal().code, Code::PolicyDenied);
}

#[test]
fn an_agent_for_itself_needs_no_entitlement() {
    let alone: Agent = agent(
        "invoice-agent",
        json!({"ceiling": [{"target": "sap",
        "scopes": ["invoice.read"], "alone": ["invoice.read"]}]}),
    );
    let spec = json!({"entitlements": {"invoice.read": [], "invoice.list": []}});
    let mut scene = Scene::alone(&alone, &at_vendor(spec)).asking("invoice.read");
    scene.facts.vendor = VendorTerms::On(impersonal());
    assert!(scene.decide().is_ok());
}

fn frame() -> OutcomeFrame {
    OutcomeFrame {
        request_id: safe().frame().request_id,
        marks: vec![],
        salt: [3; 16],
    }
}

fn handed(print: u8) -> HandedOut {
    HandedOut {
        expires_s: Some(NOW_S + 60),
        fingerprint: [print; 16],
        vendor_request_id: None,
        handle: Some("sealed".into()),
    }
}

fn permit() -> Recorded<Permit> {
    safe().permit()
}

#[test]
fn a_credential_is_handed_out_only_by_the_record_of_its_own_outcome() {
    let obtained = || permit().obtained(handed(7));
    let draft = obtained().draft(&frame());
    assert!(obtained().recorded(&draft, &appended(&draft)).is_ok());
    assert_eq!(draft.value().get("state"), Some(&json!("obtained")));
    assert_eq!(draft.side_value(), Some(&json!({"handle": "sealed"})));
    let other = permit().obtained(handed(8)).draft(&frame());
    assert!(obtained().recorded(&other, &appended(&other)).is_err());
    let failed = permit().failed(Failure::Unknown, Refusal::new(Code::Downstream, "x; y"));
    let failed = failed.draft(&frame());
    assert!(obtained().recorded(&failed, &appended(&failed)).is_err());
    let unknown = never_known(permit().jti(), &Leftover::default(), [3; 16]);
    assert!(obtained().recorded(&unknown, &appended(&unknown)).is_err());
    let permitted = safe().decide().unwrap().draft(&safe().frame());
    assert!(
        obtained()
            .recorded(&permitted, &appended(&permitted))
            .is_err()
    );
}

#[test]
fn where_a_vendor_is_asked_the_permit_is_no_outcome() {
    assert!(permit().signed().is_none());
    let own = super::scene().permit();
    assert!(own.signed().is_some_and(|own| own.handed().is_none()));
}

#[test]
fn the_record_of_a_failure_says_what_is_known_of_the_credential() {
    for (failure, state) in [
        (Failure::Refused, "refused"),
        (Failure::NotSent, "not_sent"),
        (Failure::Unknown, "unknown"),
    ] {
        let refusal = Refusal::new(Code::Downstream, "expected a; found b");
        let failed = || permit().failed(failure, refusal.clone().because("detail"));
        let draft = failed().draft(&frame());
        assert_eq!(draft.value().get("state"), Some(&json!(state)));
        assert_eq!(draft.value().get("code"), Some(&json!("LCM-DOWNSTREAM")));
        assert!(
            draft.value().get("detail").is_none(),
            "details are no part of the record"
        );
        assert!(failed().recorded(&draft, &appended(&draft)).is_ok());
    }
}

#[test]
fn what_is_passed_on_to_another_agent_is_a_token_of_ours() {
    let scene = safe().passing_to(&super::hr_agent());
    let permit = scene.permit();
    assert!(permit.handout().is_none());
    assert_eq!(permit.claims()["aud"], json!("urn:locum:agent:hr-agent"));
    assert!(permit.signed().is_some());
}

#[test]
fn a_receipt_says_in_one_member_what_was_decided_and_nothing_that_a_token_says() {
    let obtained = permit().obtained(handed(7));
    let draft = obtained.draft(&frame());
    let recorded = obtained.recorded(&draft, &appended(&draft)).unwrap();
    let receipt = recorded.receipt(&ReceiptFrame {
        issuer: "https://locum.example",
        now_s: NOW_S,
        expires_at: "2026-11-23T10:05:00.000Z".into(),
        credential: "0123456789abcdef0123456789abcdef",
        keys: &crate::testing::Names,
    });
    let permit = recorded.permit();
    let wanted = json!({
        "iss": "https://locum.example", "aud": "https://locum.example",
        "iat": NOW_S, "exp": NOW_S + 3_650 * DAY_S, "jti": permit.jti(),
        "ath": receipt.get("ath"),
        "decision": {
            "delegation_id": permit.delegation(), "sub": "demo:ada", "act": permit.act(),
            "target": "sap", "scope": "invoice.read", "authorization_details": null,
            "expires_at": "2026-11-23T10:05:00.000Z",
        },
    });
    assert_eq!(receipt["ath"].as_str().unwrap().len(), 43);
    assert_eq!(receipt, wanted);
    assert_eq!(receipt["decision"]["act"]["sub"], "invoice-agent");
}
