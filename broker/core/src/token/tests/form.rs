//! Bytes and header: what is refused before anything is believed.

use super::super::fixture::{accept, claims, compact, expectation, token};
use super::super::*;
use serde_json::json;

const SENTINEL: &str = "sentinel-of-the-token";

fn good_payload() -> String {
    claims(json!({"sub": SENTINEL})).to_string()
}

fn flaw_of(text: &str) -> Option<TokenFlaw> {
    let app = ["app".to_owned()];
    accept(text, &expectation(TokenKind::IdToken, &app)).err()
}

fn flaw_of_header(header: &str) -> Option<TokenFlaw> {
    flaw_of(&compact(header, &good_payload(), b"good"))
}

#[test]
fn the_fixture_passes() {
    assert_eq!(flaw_of_header(r#"{"alg":"ES256","kid":"k"}"#), None);
}

#[test]
fn the_length_is_looked_at_before_anything_is_decoded() {
    let flaw = Unverified::parse(&"!".repeat(TOKEN_MAX + 1), TOKEN_MAX).err();
    assert_eq!(flaw, Some(TokenFlaw::TooLong { max: TOKEN_MAX }));
    let flaw = Unverified::parse(&".".repeat(TOKEN_MAX), TOKEN_MAX).err();
    assert_eq!(flaw, Some(TokenFlaw::Form));
}

#[test]
fn rfc7515_7_1_anything_but_three_full_parts_is_refused() {
    let good = token(None, &claims(json!({})));
    let [head, body, sign] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    for text in [
        String::new(),
        "opaque".into(),
        "..".into(),
        "a.b".into(),
        format!("{head}.{body}"),
        format!("{head}.{body}."),
        format!("{head}..{sign}"),
        format!(".{body}.{sign}"),
        format!("{good}."),
        format!("{good}.{sign}"),
        format!("{good}.a.b.c"),
        r#"{"payload":"e30","signatures":[]}"#.into(),
    ] {
        assert_eq!(flaw_of(&text), Some(TokenFlaw::Form), "{text}");
    }
}

#[test]
fn rfc7516_7_1_an_encrypted_token_is_refused() {
    assert_eq!(flaw_of("a.b.c.d.e"), Some(TokenFlaw::Encrypted));
    assert_eq!(flaw_of("a..c.d.e"), Some(TokenFlaw::Encrypted));
    let json = r#"{"ciphertext":"a.b.c.d.e"}"#;
    assert_eq!(flaw_of(json), Some(TokenFlaw::Form));
}

#[test]
fn base64url_is_canonical_or_refused() {
    let good = token(None, &claims(json!({})));
    let [head, body, sign] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    // `good` ends in a character with unused bits: `Z29vZA`, of which `Z29vZB`
    // would decode to the same bytes.
    assert_eq!(sign, "Z29vZA");
    for (text, part) in [
        (format!("{head}.{body}.Z29vZB"), "signature"),
        (format!("{head}.{body}.Z29vZA=="), "signature"),
        (format!("{head}.{body}.Z29v\nZA"), "signature"),
        (format!("{head}.{body}.Z29+"), "signature"),
        (format!("{head}.{body}.Z29vZ"), "signature"),
        (format!("{head}.{body}=.{sign}"), "payload"),
        (format!("{head}.{body}/.{sign}"), "payload"),
        (format!(" {head}.{body}.{sign}"), "header"),
        (format!("{head}\u{e9}.{body}.{sign}"), "header"),
    ] {
        assert_eq!(flaw_of(&text), Some(TokenFlaw::Base64 { part }), "{text}");
    }
}

#[test]
fn header_and_payload_are_strict_json_objects() {
    let header = r#"{"alg":"ES256","kid":"k"}"#;
    for bad in [
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"ES256","kid":"k","kid":"k"}"#,
        r#"{"alg":"ES256"} "#,
        r#"{"alg":"ES256"}x"#,
        "",
    ] {
        let text = compact(bad, &good_payload(), b"good");
        let read = flaw_of(&text);
        if bad.ends_with(' ') {
            assert_eq!(read, None, "white space is JSON's own");
        } else if bad.is_empty() {
            assert_eq!(read, Some(TokenFlaw::Form));
        } else {
            assert!(
                matches!(read, Some(TokenFlaw::Json { part: "header", .. })),
                "{bad}"
            );
        }
    }
    let deep = format!("{{\"act\":{}{}}}", "[".repeat(32), "]".repeat(32));
    for bad in [
        r#"{"sub":"alice","sub":"admin"}"#,
        r#"{"act":{"sub":"a","sub":"b"}}"#,
        "{",
        "eyJhbGciOiJub25lIn0",
        &deep,
    ] {
        let read = flaw_of(&compact(header, bad, b"good"));
        assert!(
            matches!(
                read,
                Some(TokenFlaw::Json {
                    part: "payload",
                    ..
                })
            ),
            "{bad}"
        );
    }
    for value in ["[]", "\"x\"", "null", "1"] {
        let read = flaw_of(&compact(header, value, b"good"));
        assert_eq!(read, Some(TokenFlaw::NotAnObject { part: "payload" }));
        let read = flaw_of(&compact(value, "{}", b"good"));
        assert_eq!(read, Some(TokenFlaw::NotAnObject { part: "header" }));
    }
}

#[test]
fn header_members_that_change_the_reading_are_refused() {
    for (member, name) in [
        (r#""crit":["exp"]"#, "crit"),
        (r#""crit":[]"#, "crit"),
        (r#""crit":["alg"]"#, "crit"),
        (r#""crit":null"#, "crit"),
        (r#""b64":false"#, "b64"),
        (r#""b64":true"#, "b64"),
        (r#""zip":"DEF""#, "zip"),
        (r#""enc":"A128GCM""#, "enc"),
    ] {
        let header = format!(r#"{{"alg":"ES256","kid":"k",{member}}}"#);
        assert_eq!(
            flaw_of_header(&header),
            Some(TokenFlaw::HeaderMember { name }),
            "{member}"
        );
    }
}

#[test]
fn keys_in_the_header_are_never_followed_and_unknown_members_ignored() {
    let header = json!({
        "alg": "ES256", "kid": "k", "cty": "JWT", "jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/",
        "jwk": {"kty": "oct", "k": "AA"}, "x5c": ["AA"], "x5t": "AA", "x5t#S256": "AA", "other": 1,
    });
    assert_eq!(flaw_of_header(&header.to_string()), None);
}

#[test]
fn none_symmetric_and_unknown_algorithms_are_refused() {
    for alg in [
        json!("none"),
        json!("None"),
        json!("nOnE"),
        json!("NONE"),
        json!("HS256"),
        json!("es256"),
        json!("ES256K"),
        json!("RS512"),
        json!("RSA1_5"),
        json!("PBES2-HS256+A128KW"),
    ] {
        let header = json!({"alg": alg, "kid": "k"}).to_string();
        assert_eq!(
            flaw_of_header(&header),
            Some(TokenFlaw::AlgUnknown),
            "{header}"
        );
    }
    assert_eq!(
        flaw_of_header(r#"{"kid":"k"}"#),
        Some(TokenFlaw::AlgUnknown)
    );
    assert_eq!(
        flaw_of_header(r#"{"alg":1}"#),
        Some(TokenFlaw::HeaderType { name: "alg" })
    );
    let flaw = flaw_of_header(r#"{"alg":"RS256","kid":"k"}"#);
    let expected = TokenFlaw::AlgRefused {
        expected: vec![Alg::ES256],
        found: Alg::RS256,
    };
    assert_eq!(flaw, Some(expected));
}

#[test]
fn typ_and_kid_are_short_strings() {
    let long = "k".repeat(257);
    for (member, name) in [
        (json!({"kid": null}), "kid"),
        (json!({"kid": 1}), "kid"),
        (json!({"kid": ""}), "kid"),
        (json!({"kid": long}), "kid"),
        (json!({"typ": null}), "typ"),
        (json!({"typ": ["JWT"]}), "typ"),
        (json!({"typ": ""}), "typ"),
    ] {
        let mut header = json!({"alg": "ES256"});
        header
            .as_object_mut()
            .unwrap()
            .extend(member.as_object().unwrap().clone());
        let flaw = flaw_of_header(&header.to_string());
        assert_eq!(flaw, Some(TokenFlaw::HeaderType { name }), "{header}");
    }
}

#[test]
fn a_hostile_kid_is_looked_up_and_nothing_else() {
    for kid in [
        "../../dev/null",
        "' or 1=1 --",
        "k\0",
        "K",
        " k",
        "\u{202e}k",
        "k\r\nX: y",
    ] {
        let flaw = flaw_of_header(&json!({"alg": "ES256", "kid": kid}).to_string()).unwrap();
        assert_eq!(flaw, TokenFlaw::UnknownKid);
        assert!(flaw.asks_for_fresh_keys());
    }
}

#[test]
fn a_signature_that_does_not_fit_is_refused_and_nothing_is_echoed() {
    let header = r#"{"alg":"ES256","kid":"k"}"#;
    let flaw = flaw_of(&compact(header, &good_payload(), b"rotten")).unwrap();
    assert_eq!(flaw, TokenFlaw::BadSignature);
    assert!(!flaw.asks_for_fresh_keys());
    // A bad signature outweighs every claim: the issuer is not compared yet.
    let other = claims(json!({"iss": SENTINEL, "sub": SENTINEL, "exp": "x"})).to_string();
    let flaw = flaw_of(&compact(header, &other, b"rotten")).unwrap();
    assert_eq!(flaw, TokenFlaw::BadSignature);
    assert!(!flaw.public().contains(SENTINEL) && !flaw.detail().contains(SENTINEL));
}

#[test]
fn the_algorithm_is_the_keys_own() {
    let app = ["app".to_owned()];
    let mut slot = expectation(TokenKind::IdToken, &app);
    slot.algs = &Alg::ALL;
    let text = compact(r#"{"alg":"PS256","kid":"k"}"#, &good_payload(), b"good");
    assert_eq!(accept(&text, &slot).err(), Some(TokenFlaw::WrongAlg));
}
