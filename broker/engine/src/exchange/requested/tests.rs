#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use http::HeaderMap;

fn form(pairs: &[(&str, &str)]) -> Form {
    let mut headers = HeaderMap::new();
    let kind = "application/x-www-form-urlencoded".parse().unwrap();
    headers.insert("content-type", kind);
    let escaped = |text: &str| {
        text.bytes()
            .map(|b| format!("%{b:02X}"))
            .collect::<String>()
    };
    let body: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    Form::read(&headers, body.join("&").as_bytes()).unwrap()
}

#[test]
fn what_fits_is_recorded_as_it_was_sent() {
    let sent = [
        ("scope", "a b"),
        ("audience", "x"),
        ("audience", "y"),
        ("subject_token", "secret"),
    ];
    let expected = json!({"scope": "a b", "audience": ["x", "y"]});
    assert_eq!(requested(&form(&sent)), expected);
}

#[test]
fn what_was_requested_is_recorded_up_to_2_kb_in_all_and_the_rest_by_digest() {
    let (details, scope) = ("[".repeat(30_000), "s".repeat(1_900));
    let sent = [
        ("authorization_details", &*details),
        ("scope", &*scope),
        ("task_id", "t-1"),
    ];
    let recorded = requested(&form(&sent));
    assert_eq!(recorded["authorization_details"], by_digest(&details));
    assert_eq!(recorded["scope"], json!(scope));
    assert_eq!(recorded["task_id"], json!("t-1"));
}

#[test]
fn it_fits_whatever_all_parameters_hold_and_however_often() {
    let long = "\u{1}\"".repeat(900);
    let mut sent: Vec<(&str, &str)> = SINGLE.iter().map(|name| (*name, &*long)).collect();
    for name in SEVERAL {
        sent.extend(std::iter::repeat_n((name, &*long), 8));
    }
    let recorded = requested(&form(&sent));
    assert!(jcs::text(&recorded).len() <= REQUESTED_MAX);
    assert_eq!(
        recorded.as_object().unwrap().len(),
        SINGLE.len() + SEVERAL.len()
    );
    let many: Vec<_> = (0..90).map(|_| ("audience", "a")).collect();
    let recorded = requested(&form(&many));
    assert_eq!(
        recorded["audience"],
        by_digest(&jcs::text(&json!(vec!["a"; 90])))
    );
}

#[test]
fn a_token_in_the_wrong_place_is_recorded_by_digest() {
    let token = format!("eyJ{}", "x".repeat(80));
    assert_eq!(
        requested(&form(&[("scope", &*token)]))["scope"],
        by_digest(&token)
    );
    let all = requested(&form(&[("audience", &*token)]));
    assert!(!all.to_string().contains(&token));
}
