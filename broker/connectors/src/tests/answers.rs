//! Answers that are fine, and what they say.

use super::*;
use crate::trouble::Whose;
use crate::{Obtained, Present};

pub(super) fn xsuaa(more: Value) -> Prepared {
    let mut parameters = json!({
        "client_id": "sb", "token_validity_s": 600,
        "scopes": {"a": "X.A", "b": "X.A X.B"},
    });
    parameters
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    ready(
        json!({
            "profile": "xsuaa", "base_url": "https://x.example", "parameters": parameters,
            "secrets": {"client": "c"},
        }),
        "a b",
    )
}

pub(super) fn panos(life_s: u32) -> Prepared {
    ready(
        json!({
            "profile": "panos", "base_url": "https://p.example",
            "parameters": {"user": "u", "token_validity_s": life_s}, "secrets": {"client": "c"},
        }),
        "a",
    )
}

pub(super) fn checkpoint(read_only: bool) -> Prepared {
    ready(
        json!({
            "profile": "checkpoint", "base_url": "https://m.example",
            "parameters": {"read_only": read_only}, "secrets": {"client": "c"},
        }),
        "a",
    )
}

fn token(prepared: &Prepared, granted: &str, answer: &str) -> Result<Obtained, Trouble> {
    answered(prepared, ordered(granted, None), reply(200, answer))
}

#[test]
fn a_token_comes_with_its_life_and_its_scopes_in_our_names() {
    let prepared = xsuaa(json!({}));
    let answer = r#"{"access_token":"t0k","token_type":"bEaReR","expires_in":599,"scope":"X.A","jti":"1","refresh_token":"never leaves"}"#;
    let obtained = token(&prepared, "a b", answer).unwrap();
    assert_eq!(obtained.secret.expose(), "t0k");
    assert_eq!(obtained.expires_in, Some(599));
    assert_eq!(obtained.scope, scope("a"), "of `b` only a part was granted");
    assert_eq!(obtained.present, Present::Bearer);
    assert!(obtained.handle.is_none(), "a JWT is not revoked");
    assert_eq!(obtained.vendor_request_id, None);
}

#[test]
fn what_is_absent_counts_as_declared_and_as_asked() {
    let obtained = token(&xsuaa(json!({})), "b", r#"{"access_token":"t"}"#).unwrap();
    assert_eq!(obtained.expires_in, Some(600));
    assert_eq!(obtained.scope, scope("b"));
    let text = r#"{"access_token":"t","expires_in":"86400"}"#;
    let obtained = token(&xsuaa(json!({})), "b", text).unwrap();
    assert_eq!(obtained.expires_in, Some(86_400), "the caller judges that");
}

#[test]
fn the_vendors_name_of_the_request_is_kept_if_it_is_short_printable_and_no_credential() {
    let of = |headers: &[(&str, &str)]| {
        let mut reply = reply(200, r#"{"access_token":"t0k3n"}"#);
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            reply.headers_mut().insert(name, value);
        }
        answered(&xsuaa(json!({})), ordered("a", None), reply)
            .unwrap()
            .vendor_request_id
    };
    assert_eq!(
        of(&[
            ("x-correlation-id", "c"),
            ("x-request-id", "r"),
            ("x-vcap-request-id", "v")
        ]),
        Some("v".to_owned())
    );
    assert_eq!(of(&[("x-correlation-id", "c")]), Some("c".to_owned()));
    assert_eq!(
        of(&[("x-request-id", &"r".repeat(128))]),
        Some("r".repeat(128))
    );
    assert_eq!(of(&[("x-request-id", &"r".repeat(129))]), None);
    assert_eq!(of(&[("x-request-id", "ü")]), None);
    assert_eq!(of(&[("x-request-id", "is t0k3n")]), None);
}

#[test]
fn panos_answers_with_a_key_for_its_own_header() {
    let answer = "<?xml version=\"1.0\"?>\n<response status = 'success'>\n<result><key>LUFRPT1=</key></result></response>";
    let of = |life_s| token(&panos(life_s), "a", answer).unwrap();
    let obtained = of(3_600);
    assert_eq!(obtained.secret.expose(), "LUFRPT1=");
    assert_eq!(obtained.expires_in, Some(3_600));
    assert_eq!(obtained.present.token_type(), "N_A");
    assert_eq!(
        obtained.present.to_json(),
        Some(json!({"header": "X-PAN-KEY", "prefix": ""}))
    );
    assert_eq!(of(0).expires_in, None, "it never ends");
}

#[test]
fn checkpoint_answers_with_a_session() {
    let answer =
        r#"{"sid":"s1d","uid":"u","url":"https://m","session-timeout":300,"read-only":false}"#;
    let obtained = token(&checkpoint(false), "a", answer).unwrap();
    assert_eq!(obtained.secret.expose(), "s1d");
    assert_eq!(obtained.expires_in, Some(300));
    assert_eq!(
        obtained.present.to_json(),
        Some(json!({"header": "X-chkp-sid", "prefix": ""}))
    );
    assert!(obtained.handle.is_some());
}

#[test]
fn a_refusal_says_of_what_and_repeats_nothing_of_the_vendor() {
    let cases = [
        (
            401,
            r#"{"error":"unauthorized","error_description":"Bad credentials of sb"}"#,
            Whose::Client,
        ),
        (400, r#"{"error":"invalid_scope"}"#, Whose::Scope),
        (400, r#"{"error":"invalid_grant"}"#, Whose::Person),
        (403, r#"{"error":"value-of-c"}"#, Whose::Unsaid),
        (
            401,
            r#"{"errorHttpCode":"401","errorMessage":"no user ada"}"#,
            Whose::Unsaid,
        ),
    ];
    for (status, answer, expected) in cases {
        let trouble = answered(&xsuaa(json!({})), ordered("a", None), reply(status, answer));
        let Err(Trouble::Refused { whose, detail }) = trouble else {
            panic!("{answer}")
        };
        assert_eq!(whose, expected, "{answer}");
        for leak in ["value-of-c", "ada", "Bad", "sb"] {
            assert!(!detail.contains(leak), "{detail}");
        }
    }
    let denied = "<response status='error' code='403'><result><msg>Invalid Credential</msg></result></response>";
    let trouble = answered(&panos(1), ordered("a", None), reply(403, denied));
    assert!(matches!(trouble, Err(Trouble::Refused { .. })));
    let denied = r#"{"code":"err_login_failed","message":"Authentication to server failed."}"#;
    let trouble = answered(&checkpoint(true), ordered("a", None), reply(400, denied));
    assert!(matches!(trouble, Err(Trouble::Refused { .. })));
}
