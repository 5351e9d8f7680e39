//! What a vendor is asked without a permit, and what its answer shows.

use super::answers::{checkpoint, panos, xsuaa};
use super::*;
use crate::{Probed, RevokedAt};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const AT: RevokedAt<'_> = RevokedAt {
    now_s: NOW_S,
    id: "req_1",
};

fn asked(prepared: &Prepared, place: usize) -> String {
    shown(&prepared.probe(place, AT, &Showing).unwrap().1)
}

/// What an answer shows, in a word.
fn found(prepared: &Prepared, status: u16, body: &str) -> &'static str {
    let (probe, _) = prepared.probe(0, AT, &Showing).unwrap();
    match probe.read(reply(status, body)) {
        Probed::Taken => "taken",
        Probed::Answers => "answers",
        Probed::Refused { .. } => "refused",
        Probed::Other { .. } => "other",
    }
}

fn oauth(kind: &str, auth: &str) -> Prepared {
    let connector = json!({
        "kind": kind, "profile": "oauth", "base_url": "https://as.example",
        "parameters": {"client_id": "c", "client_auth": auth}, "secrets": {"client": "s"},
    });
    ready(connector, "a")
}

#[test]
fn a_token_endpoint_is_shown_the_client_and_a_grant_that_nobody_signed() {
    assert_eq!(
        asked(&xsuaa(json!({})), 0),
        "POST https://x.example/oauth/token
accept: application/json
content-type: application/x-www-form-urlencoded
  assertion=eyJhbGciOiJSUzI1NiJ9.e30.bm9uZQ
  client_id=sb
  client_secret=value-of-c
  grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer
  token_format=jwt"
    );
}

#[test]
fn the_grant_that_would_bring_a_token_is_never_sent() {
    let sent = asked(&oauth("client_credentials", "basic"), 0);
    assert!(
        sent.contains("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer"),
        "{sent}"
    );
    assert!(!sent.contains("client_credentials"), "{sent}");
    let sent = asked(&panos(60), 0);
    assert!(!sent.contains("keygen"), "{sent}");
    let sent = asked(&checkpoint(false), 0);
    assert!(!sent.contains("value-of"), "{sent}");
}

#[test]
fn a_device_is_asked_for_its_version_by_name_and_password() {
    assert_eq!(
        asked(&panos(60), 0),
        format!(
            "POST https://p.example/api/
accept: application/xml
authorization: Basic {} (secret)
content-type: application/x-www-form-urlencoded
  type=version",
            STANDARD.encode("u:value-of-c")
        )
    );
}

#[test]
fn checkpoint_is_asked_to_log_nobody_in() {
    assert_eq!(
        asked(&checkpoint(false), 0),
        "POST https://m.example/web_api/login
accept: application/json
content-type: application/json
  {}"
    );
}

#[test]
fn every_account_that_proves_itself_is_tried() {
    let connector = json!({
        "profile": "panos", "base_url": "https://p.example",
        "parameters": {"token_validity_s": 60, "principals": [
            {"scopes": ["a"], "user": "one", "secret": "s1"},
            {"scopes": ["a", "b"], "user": "two", "secret": "s2"},
        ]},
    });
    let prepared = ready(connector, "a b");
    assert_eq!(prepared.probes(), 2);
    let (name, secret) = prepared.probed(1);
    assert_eq!((name, secret.unwrap().as_str()), (Some("two"), "s2"));
    assert!(asked(&prepared, 1).contains(&STANDARD.encode("two:value-of-s2")));
    assert!(prepared.probe(2, AT, &Showing).is_err());
    // An assertion proves these, and none is made.
    let workday = json!({
        "profile": "workday", "base_url": "https://w.example",
        "parameters": {"tenant": "acme", "principals": [
            {"scopes": ["a"], "client_id": "one", "secret": "k1"},
            {"scopes": ["a", "b"], "client_id": "two", "secret": "k2"},
        ]},
    });
    let prepared = ready(workday, "a b");
    assert_eq!(prepared.probes(), 1);
    assert!(!asked(&prepared, 0).contains("by k1"));
}

#[test]
fn the_code_tells_whether_the_client_is_taken() {
    let error = |code: &str| format!(r#"{{"error":"{code}","error_description":"x"}}"#);
    let prepared = xsuaa(json!({}));
    for (status, code, expected) in [
        (401, "invalid_token", "taken"),
        (400, "invalid_grant", "taken"),
        (401, "unauthorized", "refused"),
        (401, "invalid_client", "refused"),
        (400, "unauthorized_client", "refused"),
        (400, "unsupported_grant_type", "refused"),
        (400, "invalid_request", "answers"),
        (400, "of_its_own", "answers"),
    ] {
        assert_eq!(found(&prepared, status, &error(code)), expected, "{code}");
    }
    let by_itself = oauth("client_credentials", "basic");
    for code in ["unsupported_grant_type", "unauthorized_client"] {
        assert_eq!(found(&by_itself, 400, &error(code)), "taken", "{code}");
    }
    let nobody = oauth("jwt_bearer", "none");
    assert_eq!(found(&nobody, 400, &error("invalid_grant")), "answers");
    assert_eq!(found(&nobody, 401, &error("invalid_client")), "answers");
}

#[test]
fn what_is_no_answer_of_such_a_vendor_is_told() {
    for prepared in [xsuaa(json!({})), panos(60), checkpoint(false)] {
        for (status, body) in [
            (404, "{}"),
            (503, "{}"),
            (302, ""),
            (401, "<html>"),
            (400, "[]"),
            (400, "{}"),
        ] {
            assert_eq!(found(&prepared, status, body), "other", "{status} {body}");
        }
    }
    // What was granted though nobody signed for it is not passed on.
    let granted = r#"{"access_token":"t0k","expires_in":60}"#;
    assert_eq!(found(&xsuaa(json!({})), 200, granted), "other");
    assert_eq!(found(&checkpoint(false), 200, r#"{"sid":"s"}"#), "other");
}

#[test]
fn a_server_before_the_endpoint_refuses_in_no_form() {
    let connector = json!({
        "profile": "s4hana", "base_url": "https://s4.example",
        "parameters": {"client_id": "c", "audience": "aud"},
        "secrets": {"client": "s", "signing": "k"},
    });
    let prepared = ready(connector, "a");
    assert_eq!(found(&prepared, 401, "<html>"), "refused");
    assert_eq!(found(&prepared, 403, "<html>"), "other");
    assert!(asked(&prepared, 0).contains("assertion=PG5vbmUvPg"));
}

#[test]
fn firewalls_answer_in_their_forms() {
    let device = |status, body| found(&panos(60), status, body);
    assert_eq!(device(200, "<response status='success'/>"), "taken");
    assert_eq!(
        device(200, "<response status='error' code='16'/>"),
        "answers"
    );
    assert_eq!(
        device(403, "<response status='error' code='403'/>"),
        "refused"
    );
    assert_eq!(device(200, "<html/>"), "other");
    let refusal = r#"{"code":"generic_err_missing_required_parameters","message":"x"}"#;
    assert_eq!(found(&checkpoint(false), 400, refusal), "answers");
}
