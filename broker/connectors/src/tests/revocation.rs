//! What was handed out is ended, at the address that it came from and nowhere
//! else.

use super::answers::{checkpoint, panos, xsuaa};
use super::*;
use crate::{Ended, Ending, Handle, RevokedAt};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const AT: RevokedAt<'_> = RevokedAt {
    now_s: NOW_S,
    id: "rev-1",
};

fn handle(prepared: &Prepared, answer: &str) -> Handle {
    let obtained = answered(prepared, ordered("a", None), reply(200, answer)).unwrap();
    let handle = obtained.handle.unwrap();
    // As it is kept.
    Handle::from_bytes(handle.to_bytes().expose()).unwrap()
}

fn revoking(prepared: &Prepared, handle: Handle) -> (Ending, Sending) {
    prepared.revoke(handle, AT, &Showing).unwrap().unwrap()
}

fn word(ended: &Ended) -> &'static str {
    match ended {
        Ended::Send(..) => "send",
        Ended::Confirmed => "confirmed",
        Ended::Gone => "gone",
        Ended::Again { .. } => "again",
    }
}

#[test]
fn an_opaque_token_of_xsuaa_asks_for_its_own_end() {
    let prepared = xsuaa(json!({"token_format": "opaque"}));
    let handle = || handle(&prepared, r#"{"access_token":"t/0+k"}"#);
    let (_, sending) = revoking(&prepared, handle());
    assert_eq!(
        shown(&sending),
        "DELETE https://x.example/oauth/token/revoke/t%2F0%2Bk
accept: application/json
authorization: Bearer t/0+k (secret)"
    );
    for (status, expected) in [
        (200, "confirmed"),
        (204, "confirmed"),
        (401, "gone"),
        (404, "gone"),
        (400, "again"),
        (403, "again"),
        (429, "again"),
        (503, "again"),
    ] {
        let (ending, _) = revoking(&prepared, handle());
        let answer = r#"{"error":"invalid_token"}"#;
        assert_eq!(
            word(&ending.next(reply(status, answer))),
            expected,
            "{status}"
        );
    }
    // What stands before the vendor does not know its tokens.
    for answer in ["<html/>", "{}", ""] {
        let (ending, _) = revoking(&prepared, handle());
        assert_eq!(word(&ending.next(reply(401, answer))), "again", "{answer}");
    }
}

#[test]
fn oauth_revokes_as_rfc7009_has_it_by_the_account_that_asked() {
    let connector = |auth: &str| {
        json!({
            "kind": "client_credentials", "profile": "oauth", "base_url": "https://as.example",
            "parameters": {
                "client_id": "unused", "revocation_path": "/revoke", "client_auth": auth,
                "principals": [
                    {"scopes": ["a"], "client_id": "one", "secret": "c1"},
                    {"scopes": ["a", "b"], "client_id": "two", "secret": "c2"},
                ],
            },
        })
    };
    let prepared = ready(connector("basic"), "a b");
    let answer = r#"{"access_token":"t","expires_in":60}"#;
    let obtained = answered(&prepared, ordered("b", Some(1)), reply(200, answer)).unwrap();
    let kept = obtained.handle.unwrap().to_bytes();
    let handle = || Handle::from_bytes(kept.expose()).unwrap();
    let (_, sending) = revoking(&prepared, handle());
    assert_eq!(
        shown(&sending),
        format!(
            "POST https://as.example/revoke
accept: application/json
authorization: Basic {} (secret)
content-type: application/x-www-form-urlencoded
  token=t
  token_type_hint=access_token",
            STANDARD.encode("two:value-of-c2")
        )
    );
    let signed = ready(connector("jwt"), "a b");
    let (_, sending) = revoking(&signed, handle());
    let shown = shown(&sending);
    assert!(
        shown.contains(r#"client_assertion=JWT by ours: {"aud":"https://as.example/revoke","exp":1795400300,"iat":1795400000,"iss":"two","jti":"rev-1","sub":"two"}"#),
        "{shown}"
    );
    for (status, expected) in [
        (200, "confirmed"),
        (400, "again"),
        (401, "again"),
        (503, "again"),
    ] {
        let (ending, _) = revoking(&prepared, handle());
        assert_eq!(word(&ending.next(reply(status, ""))), expected, "{status}");
    }
    let mut other = connector("basic");
    other["parameters"]["principals"][1]["client_id"] = json!("three");
    let gone = ready(other, "a b").revoke(handle(), AT, &Showing);
    assert!(matches!(gone, Err(Trouble::Unable { .. })));
}

#[test]
fn a_session_of_checkpoint_discards_what_it_did_not_publish_and_logs_out() {
    let prepared = checkpoint(false);
    let handle = || handle(&prepared, r#"{"sid":"s1d"}"#);
    let (ending, sending) = revoking(&prepared, handle());
    let expected = |name: &str| {
        format!(
            "POST https://m.example/web_api/{name}
accept: application/json
content-type: application/json
x-chkp-sid: s1d (secret)
  {{}}"
        )
    };
    assert_eq!(shown(&sending), expected("discard"));
    let Ended::Send(ending, sending) = ending.next(reply(200, r#"{"message":"OK"}"#)) else {
        panic!("no logout")
    };
    assert_eq!(shown(&sending), expected("logout"));
    assert_eq!(word(&ending.next(reply(200, "{}"))), "confirmed");

    let expired = r#"{"code":"generic_err_session_expired","message":"…"}"#;
    for (status, answer, expected) in [
        (401, expired, "gone"),
        (404, expired, "gone"),
        (
            401,
            r#"{"code":"generic_err_no_permissions","message":""}"#,
            "again",
        ),
        (401, "<html/>", "again"),
        (500, expired, "again"),
    ] {
        let (ending, _) = revoking(&prepared, handle());
        assert_eq!(
            word(&ending.next(reply(status, answer))),
            expected,
            "{answer}"
        );
    }
}

#[test]
fn a_session_that_may_only_read_logs_out_at_once() {
    let prepared = checkpoint(true);
    let (_, sending) = revoking(&prepared, handle(&prepared, r#"{"sid":"s1d"}"#));
    assert!(shown(&sending).starts_with("POST https://m.example/web_api/logout\n"));
}

#[test]
fn a_credential_is_sent_to_no_other_address_than_its_own() {
    let prepared = xsuaa(json!({"token_format": "opaque"}));
    let handle = handle(&prepared, r#"{"access_token":"t"}"#);
    let moved = checkpoint(false).revoke(handle, AT, &Showing).unwrap();
    assert!(moved.is_none());
}

#[test]
fn what_the_vendor_cannot_end_has_no_handle() {
    let key = "<response status='success'><result><key>k</key></result></response>";
    for (prepared, answer) in [
        (xsuaa(json!({})), r#"{"access_token":"t"}"#),
        (panos(60), key),
    ] {
        let obtained = answered(&prepared, ordered("a", None), reply(200, answer)).unwrap();
        assert!(obtained.handle.is_none());
    }
}

#[test]
fn other_bytes_are_no_handle() {
    for bytes in [
        "",
        "{}",
        r#"{"v":2,"base_url":"https://a","account":null,"discard":false,"secret":"s"}"#,
        r#"{"v":1,"base_url":"https://a","account":null,"discard":false}"#,
    ] {
        assert!(Handle::from_bytes(bytes.as_bytes()).is_err(), "{bytes}");
    }
}
