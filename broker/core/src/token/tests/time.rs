//! Dates against our clock.

use super::super::fixture::{AgreeingCheck, NOW, accept, claims, expectation, token};
use super::super::*;
use super::id_token_flaw;
use serde_json::json;

#[test]
fn exp_has_no_skew() {
    assert_eq!(id_token_flaw(json!({"exp": NOW + 1})), None);
    let flaw = |exp| Some(TokenFlaw::Expired { exp, now_s: NOW });
    assert_eq!(id_token_flaw(json!({"exp": NOW})), flaw(NOW));
    assert_eq!(id_token_flaw(json!({"exp": NOW - 1})), flaw(NOW - 1));
    assert_eq!(id_token_flaw(json!({"exp": 0})), flaw(0));
}

#[test]
fn nbf_and_iat_may_lie_ahead_by_the_skew_and_no_more() {
    assert_eq!(
        id_token_flaw(json!({"nbf": NOW + 30, "iat": NOW + 30})),
        None
    );
    assert_eq!(
        id_token_flaw(json!({"nbf": NOW + 31})),
        Some(TokenFlaw::NotYet {
            nbf: NOW + 31,
            now_s: NOW
        })
    );
    assert_eq!(
        id_token_flaw(json!({"iat": NOW + 31})),
        Some(TokenFlaw::IssuedAhead {
            iat: NOW + 31,
            now_s: NOW
        })
    );
}

#[test]
fn age_is_counted_from_iat_whatever_exp_says() {
    assert_eq!(id_token_flaw(json!({"iat": NOW - 3_600})), None);
    let flaw = id_token_flaw(json!({"iat": NOW - 3_601, "exp": DATE_MAX}));
    let expected = TokenFlaw::TooOld {
        iat: NOW - 3_601,
        max_age_s: 3_600,
        now_s: NOW,
    };
    assert_eq!(flaw, Some(expected));
}

#[test]
fn exp_may_be_bounded_ahead() {
    let app = ["app".to_owned()];
    let mut slot = expectation(TokenKind::IdToken, &app);
    slot.exp_max_ahead_s = Some(3_600);
    let read = |exp: u64| accept(&token(None, &claims(json!({"exp": exp}))), &slot).err();
    assert_eq!(read(NOW + 3_600), None);
    let expected = TokenFlaw::ExpiresTooLate {
        exp: NOW + 3_601,
        ahead_s: 3_600,
        now_s: NOW,
    };
    assert_eq!(read(NOW + 3_601), Some(expected));
}

#[test]
fn a_kept_token_is_held_against_the_clock_again() {
    let app = ["app".to_owned()];
    let slot = expectation(TokenKind::IdToken, &app);
    let kept = accept(&token(None, &claims(json!({}))), &slot).unwrap();
    assert_eq!(kept.check_time(&slot, NOW + 99), Ok(()));
    let later = NOW + 100;
    assert_eq!(
        kept.check_time(&slot, later),
        Err(TokenFlaw::Expired {
            exp: later,
            now_s: later
        })
    );
}

#[test]
fn no_clock_and_no_limit_overflows() {
    let app = ["app".to_owned()];
    for (now, number) in [(0, 0), (0, u64::MAX), (u64::MAX, 0), (u64::MAX, u64::MAX)] {
        let mut slot = expectation(TokenKind::IdToken, &app);
        (slot.skew_s, slot.max_age_s, slot.exp_max_ahead_s) = (number, number, Some(number));
        let unverified = Unverified::parse(&token(None, &claims(json!({}))), TOKEN_MAX).unwrap();
        let passed = verify(unverified, &slot, now, &AgreeingCheck).is_ok();
        assert_eq!(passed, now == 0 && number == u64::MAX);
    }
}

#[test]
fn what_is_told_beside_the_sentence_is_a_sentence_with_the_moments() {
    let now_s = NOW;
    let exp = TokenFlaw::Expired { exp: 7, now_s };
    let nbf = TokenFlaw::NotYet { nbf: 7, now_s };
    let iat = TokenFlaw::IssuedAhead { iat: 7, now_s };
    for (claim, flaw) in [("exp", exp), ("nbf", nbf), ("iat", iat)] {
        let told = flaw.detail();
        let begin = format!("the token's `{claim}` is 7 and the clock of Locum {NOW}");
        assert!(told.starts_with(&begin), "{told}");
    }
    for flaw in [
        TokenFlaw::Bound,
        TokenFlaw::UnknownKid,
        TokenFlaw::Machine { claim: "azp" },
    ] {
        assert_eq!(flaw.detail(), flaw.public());
    }
}
