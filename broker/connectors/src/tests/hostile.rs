//! Answers of a server that is broken or means harm: each is nonsense, and
//! what came with it is revoked where it can be.

use super::answers::{checkpoint, panos, xsuaa};
use super::*;

fn opaque() -> Prepared {
    xsuaa(json!({"token_format": "opaque"}))
}

/// Whether the answer is nonsense, and whether something has to be revoked.
fn nonsense(prepared: &Prepared, reply: http::Response<Vec<u8>>) -> Option<bool> {
    match answered(prepared, ordered("a", None), reply) {
        Err(Trouble::Nonsense {
            leftover, detail, ..
        }) => {
            assert!(detail.len() <= 200, "{detail}");
            Some(leftover.is_some())
        }
        Ok(_) | Err(_) => None,
    }
}

#[test]
fn a_token_that_is_none_is_nonsense() {
    let long = format!("{{\"access_token\":\"{}\"}}", "t".repeat(16_385));
    for answer in [
        "",
        "null",
        "[]",
        "\"t\"",
        "{}",
        "<html>200 OK</html>",
        r#"{"access_token":null}"#,
        r#"{"access_token":7}"#,
        r#"{"access_token":["t"]}"#,
        r#"{"access_token":""}"#,
        r#"{"access_token":"a b"}"#,
        r#"{"access_token":"a\n"}"#,
        r#"{"access_token":"\u0000"}"#,
        r#"{"access_token":"tökén"}"#,
        r#"{"access_token":"t","access_token":"t"}"#,
        r#"{"access_token":"t"} {}"#,
        r#"{"access_token":"t","x":{"y":1,"y":2}}"#,
        &long,
    ] {
        assert_eq!(
            nonsense(&opaque(), reply(200, answer)),
            Some(false),
            "{answer:.60}"
        );
    }
    let most = format!("{{\"access_token\":\"{}\"}}", "t".repeat(16_384));
    assert_eq!(nonsense(&opaque(), reply(200, &most)), None);
}

#[test]
fn a_token_with_nonsense_beside_it_is_revoked_where_it_can_be() {
    for beside in [
        r#""expires_in":-1"#,
        r#""expires_in":0"#,
        r#""expires_in":"0""#,
        r#""expires_in":1.5"#,
        r#""expires_in":600.0"#,
        r#""expires_in":1e3"#,
        r#""expires_in":18446744073709551616"#,
        r#""expires_in":"99999999999999999999""#,
        r#""expires_in":"soon""#,
        r#""expires_in":"+60""#,
        r#""expires_in":" 60""#,
        r#""expires_in":"""#,
        r#""expires_in":null"#,
        r#""expires_in":true"#,
        r#""expires_in":[60]"#,
        r#""token_type":"mac""#,
        r#""token_type":"DPoP""#,
        r#""token_type":null"#,
        r#""token_type":1"#,
        r#""scope":"X.A X.B""#,
        r#""scope":"X.A uaa.admin""#,
        r#""scope":"x.a""#,
        r#""scope":"""#,
        r#""scope":null"#,
        r#""scope":["X.A"]"#,
    ] {
        let answer = format!("{{\"access_token\":\"t\",{beside}}}");
        let prepared = xsuaa(json!({}));
        assert_eq!(
            nonsense(&prepared, reply(200, &answer)),
            Some(false),
            "{beside}"
        );
        assert_eq!(
            nonsense(&opaque(), reply(200, &answer)),
            Some(true),
            "{beside}"
        );
    }
}

#[test]
fn the_status_counts_and_a_refusal_needs_the_vendors_form() {
    let token = r#"{"access_token":"t"}"#;
    let error = r#"{"error":"invalid_grant"}"#;
    for status in [201, 204, 302, 307, 404, 405, 408, 429, 500, 502, 503, 504] {
        for answer in [token, error] {
            assert_eq!(
                nonsense(&opaque(), reply(status, answer)),
                Some(false),
                "{status}"
            );
        }
    }
    for status in [400, 401, 403] {
        for answer in [
            token,
            "",
            "<html>Unauthorized</html>",
            "[]",
            r#"{"error":1}"#,
            r#"{"error":"a","error":"b"}"#,
        ] {
            assert_eq!(
                nonsense(&opaque(), reply(status, answer)),
                Some(false),
                "{answer}"
            );
        }
    }
}

#[test]
fn xml_that_could_pull_in_more_is_refused_unread() {
    let bomb = format!("{}{}", "<a>".repeat(60_000), "</a>".repeat(60_000));
    let many = format!("<response>{}</response>", "<a/>".repeat(50_000));
    let key = |key: &str| {
        format!("<response status='success'><result><key>{key}</key></result></response>")
    };
    let laughs = format!(
        "<!DOCTYPE r [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>{}",
        key("&b;")
    );
    let outside = format!("<!DOCTYPE r SYSTEM \"file:///etc/passwd\">{}", key("k"));
    for answer in [
        &bomb,
        &many,
        &laughs,
        &outside,
        &key("&b;"),
        &key("<![CDATA[k]]>"),
        &key("<!-- k -->k"),
        &key(""),
        &key("a b"),
        &key("k\u{fc}"),
        &key("&#0;"),
        &key("&#x110000;"),
        &key("k</key><key>k"),
        &key("k<?php ?>"),
        &format!("{}{}", key("k"), key("k")),
        &format!("{}x", key("k")),
        &format!("<a>{}</a>", key("k")),
        &key("k").replace("success", "error"),
        &key("k").replace("status='success'", "status='success' status='success'"),
        &key("k").replace("</response>", ""),
        &key("k").replace("</result>", "</other>"),
        &key("k")
            .replace("<result>", "<result><x>")
            .replace("</result>", "</x></result>"),
        r#"{"key":"k"}"#,
        "<html>200 OK",
        "",
    ] {
        assert_eq!(
            nonsense(&panos(60), reply(200, answer)),
            Some(false),
            "{answer:.90}"
        );
    }
    assert_eq!(nonsense(&panos(60), reply(200, &key("&#107;&amp;"))), None);
    let mut latin = reply(200, "");
    *latin.body_mut() = key("k").replace('k', "\u{80}").into_bytes();
    latin.body_mut().retain(|byte| *byte != 0xc2);
    assert_eq!(nonsense(&panos(60), latin), Some(false), "no UTF-8");
    for (status, answer) in [
        (401, key("k")),
        (403, "<html/>".to_owned()),
        (500, key("k")),
    ] {
        assert_eq!(nonsense(&panos(60), reply(status, &answer)), Some(false));
    }
}

#[test]
fn a_session_that_may_do_more_than_asked_is_ended() {
    for (answer, ended) in [
        (r#"{"sid":"s","read-only":false}"#, true),
        (r#"{"sid":"s","read-only":"true"}"#, true),
        (r#"{"sid":"s","session-timeout":0}"#, true),
        (r#"{"sid":"s","session-timeout":null}"#, true),
        (r#"{"sid":1}"#, false),
        (r#"{"uid":"s"}"#, false),
    ] {
        assert_eq!(
            nonsense(&checkpoint(true), reply(200, answer)),
            Some(ended),
            "{answer}"
        );
    }
    let error = r#"{"code":"err_login_failed"}"#;
    assert_eq!(
        nonsense(&checkpoint(true), reply(401, error)),
        Some(false),
        "no `message`"
    );
}

#[test]
fn an_answer_that_is_too_long_is_not_read() {
    let answer = format!(
        "{{\"access_token\":\"t\",\"x\":\"{}\"}}",
        "x".repeat(262_144)
    );
    assert_eq!(nonsense(&opaque(), reply(200, &answer)), Some(false));
    let answer = format!("<response>{}</response>", " ".repeat(262_144));
    assert_eq!(nonsense(&panos(60), reply(200, &answer)), Some(false));
}

#[test]
fn what_cannot_be_asked_is_not_sent() {
    let begin = |connector: Value, of: OrderOf<'_>| {
        let prepared = ready(connector, "a b");
        match prepared.begin(&order(of), &Showing) {
            Err(Trouble::Unable { detail }) => detail,
            Ok(_) | Err(_) => panic!("sent"),
        }
    };
    let panos = |secret: &str| {
        json!({
            "profile": "panos", "base_url": "https://p.example",
            "parameters": {"principals": [{"scopes": ["a"], "user": "u", "secret": secret}]},
        })
    };
    assert_eq!(
        begin(panos("gone"), ordered("a", Some(0))),
        "no secret of that name"
    );
    assert!(begin(panos("binary"), ordered("a", Some(0))).contains("no text in UTF-8"));
    let none = "no account that may do what was granted";
    assert_eq!(begin(panos("c"), ordered("b", Some(0))), none);
    assert_eq!(begin(panos("c"), ordered("a", Some(1))), none);
    assert_eq!(begin(panos("c"), ordered("a", None)), none);
    assert_eq!(
        begin(panos("c"), ordered("", Some(0))),
        "a permit without scopes"
    );
    let saml = json!({
        "profile": "s4hana", "base_url": "https://s.example",
        "parameters": {"client_id": "c", "audience": "a"}, "secrets": {"client": "c", "signing": "k"},
    });
    let odd = OrderOf {
        subject: Subject::Person(ExternalId::parse("demo:a\u{1}b").unwrap()),
        ..ordered("a", None)
    };
    assert_eq!(
        begin(saml, odd),
        "a name with a character that XML cannot hold"
    );
}
