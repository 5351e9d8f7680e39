//! Claims: presence, JSON types, issuer, audience.

use super::super::fixture::{accept, claims, expectation, token};
use super::super::*;
use super::id_token_flaw;
use serde_json::{Value, json};

/// The flaw of an ID token whose payload is exactly this.
fn flaw_of_payload(payload: &Value) -> Option<TokenFlaw> {
    let app = ["app".to_owned()];
    accept(
        &token(None, payload),
        &expectation(TokenKind::IdToken, &app),
    )
    .err()
}

fn with(claim: &str, value: Value) -> Value {
    let mut all = claims(json!({}));
    all.as_object_mut().unwrap().insert(claim.into(), value);
    all
}

#[test]
fn every_required_claim_must_be_there() {
    for claim in ["iss", "sub", "aud", "exp", "iat"] {
        let mut all = claims(json!({}));
        all.as_object_mut().unwrap().remove(claim);
        assert_eq!(flaw_of_payload(&all), Some(TokenFlaw::Missing { claim }));
    }
    let app = ["app".to_owned()];
    let mut slot = expectation(TokenKind::IdToken, &app);
    slot.jti_required = true;
    let flaw = accept(&token(None, &claims(json!({}))), &slot).err();
    assert_eq!(flaw, Some(TokenFlaw::Missing { claim: "jti" }));
    slot.jti_required = false;
    slot.iat_required = false;
    let text = token(None, &claims(json!({"iat": null})));
    assert!(accept(&text, &slot).is_ok(), "only where it is not asked");
}

#[test]
fn null_is_not_absence() {
    for claim in [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "client_id",
        "scope",
        "scp",
        "cnf",
        "typ",
        "may_act",
        "act",
        "nonce",
        "events",
        "del",
        "authorization_details",
    ] {
        let flaw = flaw_of_payload(&with(claim, Value::Null)).unwrap();
        assert!(
            matches!(flaw, TokenFlaw::ClaimType { claim: found, .. } if found == claim),
            "{claim}: {flaw:?}"
        );
    }
}

#[test]
fn dates_are_integers_of_four_digit_years() {
    for claim in ["exp", "iat", "nbf"] {
        for value in [
            json!("1795400000"),
            json!(1_795_400_000.0),
            json!(1_795_400_000.5),
            json!(-1),
            json!(u64::MAX),
            json!(DATE_MAX + 1),
            json!(1e300),
            json!(true),
            json!([1]),
            json!({}),
        ] {
            let flaw = flaw_of_payload(&with(claim, value.clone())).unwrap();
            assert!(
                matches!(flaw, TokenFlaw::ClaimType { claim: found, .. } if found == claim),
                "{claim} {value}: {flaw:?}"
            );
        }
    }
    assert_eq!(id_token_flaw(json!({"exp": DATE_MAX})), None);
}

#[test]
fn names_are_short_strings_without_controls() {
    let long = "x".repeat(NAME_MAX + 1);
    for claim in ["iss", "sub", "jti", "client_id", "typ"] {
        for value in [
            json!(""),
            json!(1),
            json!(["a"]),
            json!({}),
            json!(false),
            json!("a\nb"),
            json!("a\0"),
            json!("a\u{85}"),
            json!("\u{7f}"),
            json!(long),
        ] {
            let flaw = flaw_of_payload(&with(claim, value.clone())).unwrap();
            assert!(
                matches!(flaw, TokenFlaw::ClaimType { claim: found, .. } if found == claim),
                "{claim} {value}: {flaw:?}"
            );
        }
    }
    assert_eq!(id_token_flaw(json!({"sub": "x".repeat(NAME_MAX)})), None);
    assert_eq!(id_token_flaw(json!({"sub": "ädä 北"})), None);
}

#[test]
fn lists_and_objects_keep_their_json_types() {
    for (claim, value) in [
        ("may_act", json!("agent")),
        ("may_act", json!([])),
        ("act", json!("agent")),
        ("act", json!([{}])),
        ("scope", json!(["a", 1])),
        ("scope", json!(7)),
        ("scp", json!({"a": 1})),
        ("scp", json!(true)),
    ] {
        let flaw = flaw_of_payload(&with(claim, value)).unwrap();
        assert!(matches!(flaw, TokenFlaw::ClaimType { claim: found, .. } if found == claim));
    }
}

/// What providers really send under these names: Entra a date as text, others a
/// number for the class of the sign-in, or nothing between the quotes.
#[test]
fn a_claim_that_is_only_passed_on_costs_nothing() {
    for (claim, value) in [
        ("auth_time", json!("2026-11-23T10:00:00Z")),
        ("auth_time", json!(1.5)),
        ("auth_time", Value::Null),
        ("acr", json!(2)),
        ("acr", json!("")),
        ("amr", json!("pwd")),
        ("amr", json!(["pwd", 1])),
        ("azp", json!("")),
        ("azp", json!(["app"])),
        ("sid", json!("")),
        ("sid", json!({"a": 1})),
    ] {
        let app = ["app".to_owned()];
        let text = token(None, &with(claim, value.clone()));
        let verified = accept(&text, &expectation(TokenKind::IdToken, &app)).unwrap();
        let read = verified.get();
        let absent = match claim {
            "auth_time" => read.auth_time.is_none(),
            "acr" => read.acr.is_none(),
            "amr" => read.amr.is_empty(),
            "azp" => read.azp.is_none(),
            _ => read.sid.is_none(),
        };
        assert!(absent, "{claim} {value}");
    }
}

#[test]
fn scopes_are_a_text_or_a_list_in_scope_or_scp() {
    let read = |patch| {
        let app = ["app".to_owned()];
        let text = token(Some("at+jwt"), &claims(patch));
        let verified = accept(&text, &expectation(TokenKind::ForeignAccess, &app));
        verified.map(|verified| verified.get().scope.clone())
    };
    let names = |names: &[&str]| Ok(Some(names.iter().map(|n| (*n).to_owned()).collect()));
    assert_eq!(read(json!({})), Ok(None));
    assert_eq!(read(json!({"scope": ""})), names(&[]));
    assert_eq!(read(json!({"scope": "a  b"})), names(&["a", "b"]));
    assert_eq!(read(json!({"scp": "a b"})), names(&["a", "b"]));
    assert_eq!(read(json!({"scp": ["a", "b"]})), names(&["a", "b"]));
    assert_eq!(read(json!({"scope": ["a"]})), names(&["a"]));
    assert_eq!(
        read(json!({"scope": "a b", "scp": ["b", "a", "b"]})),
        names(&["a", "b"])
    );
    for (scope, scp) in [("a", json!("a b")), ("a b", json!("a")), ("", json!(["a"]))] {
        let flaw = read(json!({"scope": scope, "scp": scp}));
        assert_eq!(flaw, Err(TokenFlaw::TwoScopes));
    }
    // A name of a list is one name, whatever is in it.
    assert_eq!(read(json!({"scp": ["a b"]})), names(&["a b"]));
}

#[test]
fn a_place_that_begins_with_a_slash_is_a_json_pointer() {
    let app = ["app".to_owned()];
    let patch =
        json!({"realm_access": {"roles": ["r"]}, "a/b": {"~": 1}, "https://x/groups": ["g"]});
    let text = token(None, &claims(patch));
    let verified = accept(&text, &expectation(TokenKind::IdToken, &app)).unwrap();
    let at = |place: &str| verified.get().at(place).cloned();
    assert_eq!(at("/realm_access/roles"), Some(json!(["r"])));
    assert_eq!(at("/a~1b/~0"), Some(json!(1)));
    assert_eq!(at("https://x/groups"), Some(json!(["g"])));
    for nothing in [
        "/",
        "//",
        "/realm_access/",
        "/realm_access/x",
        "/x/roles",
        "realm_access/roles",
    ] {
        assert_eq!(at(nothing), None, "{nothing}");
    }
}

#[test]
fn an_aud_may_repeat_a_value() {
    let app = ["app".to_owned()];
    let text = token(None, &claims(json!({"aud": ["x", "app", "x", "app"]})));
    let verified = accept(&text, &expectation(TokenKind::IdToken, &app)).unwrap();
    assert_eq!(verified.get().aud, ["x", "app"]);
}

#[test]
fn aud_is_a_string_or_an_array_of_strings() {
    for value in [
        json!(5),
        json!({}),
        json!(true),
        json!(""),
        json!([]),
        json!([""]),
        json!(["app", 1]),
        json!([["app"]]),
        json!(["app", null]),
        json!(["app", "a\tb"]),
    ] {
        let flaw = flaw_of_payload(&with("aud", value.clone())).unwrap();
        assert!(
            matches!(flaw, TokenFlaw::ClaimType { claim: "aud", .. }),
            "{value}: {flaw:?}"
        );
    }
}

#[test]
fn rfc7519_4_1_3_the_audience_is_compared_whole() {
    for value in [
        json!("App"),
        json!("app "),
        json!("ap"),
        json!("apps"),
        json!("*"),
        json!(["a", "b"]),
    ] {
        let flaw = id_token_flaw(json!({"aud": value})).unwrap();
        assert!(matches!(flaw, TokenFlaw::Audience { .. }), "{flaw:?}");
    }
    assert_eq!(id_token_flaw(json!({"aud": ["app"]})), None);
    assert_eq!(id_token_flaw(json!({"aud": ["other", "app"]})), None);
    let text = token(None, &claims(json!({})));
    let flaw = accept(&text, &expectation(TokenKind::IdToken, &[])).err();
    assert!(
        matches!(flaw, Some(TokenFlaw::Audience { .. })),
        "nobody is expected"
    );
}

#[test]
fn a_sole_audience_is_a_string_or_an_array_of_one() {
    let app = ["app".to_owned(), "app2".to_owned()];
    let mut slot = expectation(TokenKind::IdToken, &app);
    slot.audiences = Audiences::Sole(&app);
    let read = |aud: Value| accept(&token(None, &claims(json!({"aud": aud}))), &slot).err();
    assert_eq!(read(json!("app")), None);
    assert_eq!(read(json!(["app2"])), None);
    assert_eq!(
        read(json!(["app", "other"])),
        Some(TokenFlaw::AudienceNotSole)
    );
    for several in [json!(["app", "app2"]), json!(["app", "app"])] {
        assert_eq!(read(several), Some(TokenFlaw::AudienceNotSole));
    }
    assert!(matches!(
        read(json!("other")),
        Some(TokenFlaw::Audience { .. })
    ));
}

#[test]
fn only_our_own_tokens_may_leave_the_audience_to_the_caller() {
    for kind in [
        TokenKind::IdToken,
        TokenKind::ForeignAccess,
        TokenKind::Workload,
        TokenKind::ClientAssertion,
        TokenKind::Own,
    ] {
        let mut slot = expectation(kind, &[]);
        slot.audiences = Audiences::CallerDecides;
        let typ = if slot.typ.absent {
            None
        } else {
            Some("at+jwt")
        };
        let flaw = accept(&token(typ, &claims(json!({}))), &slot).err();
        match kind {
            TokenKind::Own => assert_eq!(flaw, None),
            _ => assert!(matches!(flaw, Some(TokenFlaw::Audience { .. })), "{kind:?}"),
        }
    }
}

#[test]
fn the_issuer_is_compared_byte_by_byte() {
    for iss in [
        "https://idp.example/",
        "https://IDP.example",
        "http://idp.example",
        "https://idp.example:443",
        "https://idp.example.evil",
    ] {
        let flaw = id_token_flaw(json!({"iss": iss})).unwrap();
        let expected = TokenFlaw::Issuer {
            expected: "`https://idp.example`".into(),
            found: format!("`{iss}`"),
        };
        assert_eq!(flaw, expected);
    }
}

#[test]
fn what_a_verified_token_says_is_shown_short_and_harmless() {
    let flaw =
        id_token_flaw(json!({"iss": format!("\u{202e}\"<`\\%{}", "x".repeat(200))})).unwrap();
    let shown = flaw.public();
    assert!(
        shown
            .bytes()
            .all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\')
    );
    assert!(shown.ends_with("...`") && shown.len() < 160, "{shown}");
    assert!(
        shown.contains("found `%e2%80%ae%22<%60%5c%25xxx"),
        "{shown}"
    );
}

#[test]
fn the_names_in_a_scope_count_with_what_each_takes_in_memory() {
    let weight = |scope: &str| {
        let app = ["app".to_owned()];
        let text = token(Some("at+jwt"), &claims(json!({ "scope": scope })));
        let verified = accept(&text, &expectation(TokenKind::ForeignAccess, &app));
        verified.unwrap().get().weight()
    };
    let (one, many) = (weight(&"a".repeat(4_000)), weight(&"a ".repeat(2_000)));
    assert!(
        many > one + 2_000 * size_of::<String>() - 8_000,
        "{one} {many}"
    );
}
