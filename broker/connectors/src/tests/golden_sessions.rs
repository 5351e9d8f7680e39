//! Logins to firewalls.

use super::*;

#[test]
fn panos_is_asked_for_a_key() {
    let connector = json!({
        "profile": "panos", "base_url": "https://panorama.example",
        "parameters": {"user": "svc locum"}, "secrets": {"client": "pan-pw"},
    });
    let (_, sending) = begun(&ready(connector, "rule.read"), ordered("rule.read", None));
    assert_eq!(
        shown(&sending),
        "POST https://panorama.example/api/
accept: application/xml
content-type: application/x-www-form-urlencoded
  password=value-of-pan-pw
  type=keygen
  user=svc locum"
    );
    assert_eq!(
        sending.request.body().expose(),
        b"password=value-of-pan-pw&type=keygen&user=svc+locum"
    );
}

#[test]
fn checkpoint_is_told_which_delegation_the_session_is_of() {
    let connector = json!({
        "profile": "checkpoint", "base_url": "https://mgmt.example/cloud-id",
        "parameters": {
            "domain": "dc1",
            "principals": [
                {"scopes": ["rule.read"], "user": "svc-read", "read_only": true, "secret": "cp-read"},
                {"scopes": ["rule.read", "rule.write"], "user": "svc-write", "domain": "dc2", "secret": "cp-write"},
            ],
        },
    });
    let prepared = ready(connector, "rule.read rule.write");
    let start = "POST https://mgmt.example/cloud-id/web_api/login
accept: application/json
content-type: application/json\n";
    assert_eq!(
        sent(&prepared, ordered("rule.read", Some(0))),
        format!(
            r#"{start}  {{"domain":"dc1","password":"value-of-cp-read","read-only":true,"session-description":"dlg_01kaz1xq4800000000000000ab","session-name":"locum invoice-agent","session-timeout":300,"user":"svc-read"}}"#
        )
    );
    let short = OrderOf {
        lifetime_s: 4,
        ..ordered("rule.write", Some(1))
    };
    assert_eq!(
        sent(&prepared, short),
        format!(
            r#"{start}  {{"domain":"dc2","password":"value-of-cp-write","read-only":false,"session-description":"dlg_01kaz1xq4800000000000000ab","session-name":"locum invoice-agent","session-timeout":10,"user":"svc-write"}}"#
        )
    );
}

#[test]
fn checkpoint_without_a_user_logs_in_by_an_api_key() {
    let connector = json!({
        "profile": "checkpoint", "base_url": "https://mgmt.example",
        "secrets": {"client": "cp-key"},
    });
    let long = OrderOf {
        lifetime_s: 7_200,
        ..ordered("rule.read", None)
    };
    assert_eq!(
        sent(&ready(connector, "rule.read"), long),
        r#"POST https://mgmt.example/web_api/login
accept: application/json
content-type: application/json
  {"api-key":"value-of-cp-key","read-only":false,"session-description":"dlg_01kaz1xq4800000000000000ab","session-name":"locum invoice-agent","session-timeout":3600}"#
    );
}
