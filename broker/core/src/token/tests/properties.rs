//! What holds for any input at all.

use super::super::fixture::{AgreeingCheck, NOW, claims, compact, expectation, token};
use super::super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

proptest! {
    #[test]
    fn any_text_parses_or_is_refused_without_panic_and_shows_no_part_of_itself(
        text in "[a-zA-Z0-9_.=\\-]{0,80}|\\PC{0,40}",
    ) {
        if let Err(flaw) = Unverified::parse(&text, 64) {
            let shown = flaw.public();
            prop_assert!(shown.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\'));
            prop_assert!(text.len() < 12 || !shown.contains(&text));
        }
    }

    #[test]
    fn any_header_and_payload_are_verified_or_refused_without_panic(
        header in json_text(), payload in json_text(), now in any::<u64>(),
    ) {
        let app = ["app".to_owned()];
        for (header, payload) in [(header.as_str(), payload.as_str()), (r#"{"alg":"ES256"}"#, &payload)] {
            if let Ok(unverified) = Unverified::parse(&compact(header, payload, b"good"), TOKEN_MAX) {
                let slot = expectation(TokenKind::IdToken, &app);
                let _ = verify(unverified, &slot, now, &AgreeingCheck);
            }
        }
    }

    #[test]
    fn any_value_of_any_claim_is_typed_or_refused_without_panic(
        name in "iss|sub|aud|exp|iat|nbf|jti|auth_time|acr|amr|azp|sid|typ|may_act|act|del",
        value in json_text(), now in prop_oneof![Just(0), Just(NOW), Just(u64::MAX)],
    ) {
        let value: Value = serde_json::from_str(&value).unwrap_or(Value::Null);
        let mut all = claims(json!({}));
        all.as_object_mut().unwrap().insert(name.clone(), value.clone());
        let app = ["app".to_owned()];
        let unverified = Unverified::parse(&token(None, &all), TOKEN_MAX).unwrap();
        let read = verify(unverified, &expectation(TokenKind::IdToken, &app), now, &AgreeingCheck);
        let passed_on = matches!(name.as_str(), "auth_time" | "acr" | "amr" | "azp" | "sid");
        prop_assert!(read.is_err() || passed_on || !value.is_null(), "null passed as {}", name);
    }
}

fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1e308".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        "\\PC{0,8}".prop_map(|s| Value::from(s).to_string()),
        "\\PC{0,8}",
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        let name = prop_oneof![
            Just("alg"),
            Just("iss"),
            Just("aud"),
            Just("kid"),
            Just("x")
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|v| format!("[{}]", v.join(","))),
            proptest::collection::vec((name, inner), 0..4).prop_map(|v| {
                let members: Vec<_> = v.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}
