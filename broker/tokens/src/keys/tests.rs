#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use locum_core::token::{
    Audiences, Claims, Expectation, Kind, TOKEN_MAX, TokenFlaw, TypRule, Unverified, Verified,
    verify,
};
use serde_json::{Value, json};

const NOW: u64 = 1_795_400_000;

fn accept(text: &str, keys: &KeySet, algs: &[Alg]) -> Result<Verified<Claims>, TokenFlaw> {
    let audiences = ["urn:demo:sap".to_owned()];
    let expectation = Expectation {
        kind: Kind::Own,
        issuer: "http://127.0.0.1:8420",
        audiences: Audiences::AnyOf(&audiences),
        algs,
        typ: TypRule::ACCESS,
        skew_s: 0,
        max_age_s: 3_600,
        iat_required: true,
        jti_required: true,
        exp_max_ahead_s: Some(3_600),
    };
    verify(Unverified::parse(text, TOKEN_MAX)?, &expectation, NOW, keys)
}

fn claims() -> Value {
    json!({"iss":"http://127.0.0.1:8420","sub":"demo:ada","aud":"urn:demo:sap","iat":NOW,
           "exp":NOW+300,"jti":"01k","client_id":"invoice-agent"})
}

fn set(keys: &[Value], algs: &[Alg]) -> Result<KeySet, KeyFlaw> {
    KeySet::from_jwks(&json!({ "keys": keys }), algs)
}

#[test]
fn every_algorithm_signs_verifies_and_survives_its_private_jwk() {
    for alg in Alg::ALL {
        let key = SigningKey::generate(alg, None).unwrap();
        let stored: Value = serde_json::from_str(key.private_jwk().unwrap().expose()).unwrap();
        let again = SigningKey::from_private_jwk(&stored).unwrap();
        assert_eq!(again.public_jwk(), key.public_jwk());
        assert_eq!((again.kid(), again.alg()), (key.kid(), alg));
        assert!(key.public_jwk().get("d").is_none());
        let keys = set(&[key.public_jwk()], &Alg::ALL).unwrap();
        let text = again.sign("at+jwt", &claims()).unwrap();
        let verified = accept(&text, &keys, &[alg]).unwrap();
        assert_eq!(verified.get().sub, "demo:ada");
        assert_eq!(verified.kid().as_str(), key.kid());
    }
}
