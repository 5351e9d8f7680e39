#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod claims;
mod form;
mod kinds;
mod properties;
mod time;

use super::fixture::{NOW, accept, claims, expectation, token};
use super::*;
use serde_json::{Value, json};

/// The flaw of an ID token with these claims laid over good ones.
fn id_token_flaw(patch: Value) -> Option<TokenFlaw> {
    let app = ["app".to_owned()];
    accept(
        &token(Some("JWT"), &claims(patch)),
        &expectation(TokenKind::IdToken, &app),
    )
    .err()
}

#[test]
fn a_good_token_passes_with_every_claim_in_its_place() {
    let app = ["app".to_owned()];
    let text = token(
        Some("JWT"),
        &claims(json!({
            "aud": ["other", "app"], "nbf": NOW, "jti": "j", "auth_time": NOW - 60, "acr": "pwd",
            "amr": ["pwd", "otp"], "azp": "app", "sid": "s", "typ": "ID", "nonce": "n",
            "may_act": {"sub": "agent"}, "groups": ["staff"], "mixed": ["a", 1],
        })),
    );
    let verified = accept(&text, &expectation(TokenKind::IdToken, &app)).unwrap();
    let claims = verified.get();
    assert_eq!(
        (claims.iss.as_str(), claims.sub.as_str()),
        (fixture::ISSUER, "ada")
    );
    assert_eq!(claims.aud, ["other", "app"]);
    assert_eq!((claims.exp, claims.iat), (NOW + 100, Some(NOW - 10)));
    assert_eq!((claims.nbf, claims.auth_time), (Some(NOW), Some(NOW - 60)));
    assert_eq!(claims.jti.as_deref(), Some("j"));
    assert_eq!(claims.acr.as_deref(), Some("pwd"));
    assert_eq!(claims.amr, ["pwd", "otp"]);
    assert_eq!(claims.azp.as_deref(), Some("app"));
    assert_eq!(claims.sid.as_deref(), Some("s"));
    assert_eq!(claims.may_act, Some(json!({"sub": "agent"})));
    assert!(claims.scope.is_none() && !claims.has_cnf && claims.act.is_none());
    assert_eq!(claims.at("groups"), Some(&json!(["staff"])));
    assert_eq!(claims.at("/groups/0"), Some(&json!("staff")));
    assert_eq!(claims.at("/groups/1"), None);
    assert_eq!(claims.at("none"), None);
    assert_eq!(claims.get("nonce"), Some(&json!("n")));
    assert_eq!(
        (verified.kid().as_str(), verified.typ()),
        ("k", Some("JWT"))
    );
    let other = accept(
        &token(None, &fixture::claims(json!({}))),
        &expectation(TokenKind::IdToken, &app),
    );
    assert_ne!(verified.digest(), other.unwrap().digest());
}

#[test]
fn nothing_of_a_token_is_in_the_debug_text_of_what_holds_it() {
    let app = ["app".to_owned()];
    let text = token(
        Some("JWT"),
        &claims(json!({"sub": "sentinel-sub", "jti": "sentinel"})),
    );
    let unverified = Unverified::parse(&text, TOKEN_MAX).unwrap();
    let shown = format!("{unverified:?}");
    assert_eq!(shown, "Unverified { .. }");
    let verified = accept(&text, &expectation(TokenKind::IdToken, &app)).unwrap();
    assert_eq!(format!("{verified:?}"), "Verified { .. }");
    assert_eq!(format!("{:?}", verified.get()), "Claims { .. }");
}

#[test]
fn an_algorithm_has_one_name_out_and_ed25519_two_in() {
    for alg in Alg::ALL {
        assert_eq!(Alg::parse(alg.as_str()), Some(alg));
        assert_eq!(serde_json::to_value(alg).unwrap(), json!(alg.as_str()));
        assert_eq!(
            serde_json::from_value::<Alg>(json!(alg.as_str())).unwrap(),
            alg
        );
    }
    assert_eq!(Alg::parse("Ed25519"), Some(Alg::EdDSA));
    assert_eq!(
        serde_json::from_value::<Alg>(json!("Ed25519")).unwrap(),
        Alg::EdDSA
    );
    for other in ["none", "es256", "HS256", "ES384", "RS1", "", "ES256 "] {
        assert_eq!(Alg::parse(other), None);
        assert!(serde_json::from_value::<Alg>(json!(other)).is_err());
    }
}
