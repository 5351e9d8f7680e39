#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod figures;
mod hostile;
mod set;

use super::*;
use locum_core::token::{
    Audiences, Claims, Demands, Expectation, IssuerRule, TOKEN_MAX, TokenFlaw, TokenKind, TypRule,
    Unverified, Verified, verify,
};
use serde_json::{Value, json};
use std::sync::OnceLock;

const NOW: u64 = 1_795_400_000;

/// One key an algorithm for all tests: making RSA keys takes time.
fn key(alg: Alg) -> &'static SigningKey {
    static KEYS: OnceLock<[SigningKey; 4]> = OnceLock::new();
    let keys = KEYS.get_or_init(|| Alg::ALL.map(|alg| SigningKey::generate(alg, None).unwrap()));
    keys.iter().find(|k| k.alg() == alg).unwrap()
}

fn accept(text: &str, keys: &KeySet, algs: &[Alg]) -> Result<Verified<Claims>, TokenFlaw> {
    let audiences = ["urn:demo:sap".to_owned()];
    let expectation = Expectation {
        kind: TokenKind::Own,
        issuer: IssuerRule::Claim("http://127.0.0.1:8420"),
        demands: Demands::default(),
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

/// A public key with members changed; `null` takes one away.
fn changed(alg: Alg, patch: Value) -> Value {
    let mut jwk = key(alg).public_jwk();
    for (name, value) in patch.as_object().unwrap() {
        let members = jwk.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    jwk
}

#[test]
fn every_algorithm_signs_verifies_and_survives_its_private_jwk() {
    for alg in Alg::ALL {
        let key = key(alg);
        let stored: Value = serde_json::from_str(key.private_jwk().unwrap().expose()).unwrap();
        let again = SigningKey::from_private_jwk(&stored).unwrap();
        assert_eq!(again.public_jwk(), key.public_jwk());
        assert_eq!((again.kid(), again.alg()), (key.kid(), alg));
        let keys = set(&[key.public_jwk()], &Alg::ALL).unwrap();
        let text = again.sign("at+jwt", &claims()).unwrap();
        let verified = accept(&text, &keys, &[alg]).unwrap();
        assert_eq!(verified.get().sub, "demo:ada");
        assert_eq!(verified.kid().as_str(), key.kid());
        assert_eq!(verified.typ(), Some("at+jwt"));
    }
}

#[test]
fn what_is_published_is_the_public_half_and_what_it_is_for() {
    for alg in Alg::ALL {
        let jwk = key(alg).public_jwk();
        assert_eq!(jwk["alg"], alg.as_str());
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["kid"], key(alg).kid());
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(jwk.get(private).is_none());
        }
    }
    let named = SigningKey::generate(Alg::ES256, Some("2026-11")).unwrap();
    assert_eq!(named.kid(), "2026-11");
    assert_eq!(named.public_jwk()["kid"], "2026-11");
}

#[test]
fn openssl_by_way_of_josekit_accepts_our_signatures() {
    use josekit::jws;
    for alg in Alg::ALL {
        let jwk = jwk::read(&key(alg).public_jwk()).unwrap();
        let verifier: Box<dyn jws::JwsVerifier> = match alg {
            Alg::ES256 => Box::new(jws::ES256.verifier_from_jwk(&jwk).unwrap()),
            Alg::RS256 => Box::new(jws::RS256.verifier_from_jwk(&jwk).unwrap()),
            Alg::PS256 => Box::new(jws::PS256.verifier_from_jwk(&jwk).unwrap()),
            Alg::EdDSA => Box::new(jws::EdDSA.verifier_from_jwk(&jwk).unwrap()),
        };
        let text = key(alg).sign("at+jwt", &claims()).unwrap();
        let (payload, header) = jws::deserialize_compact(&text, verifier.as_ref()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), claims());
        assert_eq!(header.token_type(), Some("at+jwt"));
        assert_eq!(header.claim("alg"), Some(&json!(alg.as_str())));
    }
}

#[test]
fn a_private_jwk_whose_numbers_do_not_fit_is_refused() {
    for alg in Alg::ALL {
        let stored: Value = serde_json::from_str(key(alg).private_jwk().unwrap().expose()).unwrap();
        let other = SigningKey::generate(alg, None).unwrap();
        let other: Value = serde_json::from_str(other.private_jwk().unwrap().expose()).unwrap();
        let mut mixed = stored.clone();
        mixed["d"] = other["d"].clone();
        let flaw = SigningKey::from_private_jwk(&mixed).err();
        assert_eq!(flaw, Some(KeyFlaw::Unsound), "{alg}");
        let mut public = stored;
        public.as_object_mut().unwrap().remove("d");
        let flaw = SigningKey::from_private_jwk(&public).err();
        assert_eq!(flaw, Some(KeyFlaw::Member { name: "d" }), "{alg}");
    }
    assert_eq!(
        SigningKey::from_private_jwk(&json!("x")).err(),
        Some(KeyFlaw::NotAKey)
    );
    assert_eq!(
        SigningKey::from_private_jwk(&json!({})).err(),
        Some(KeyFlaw::NotAKey)
    );
}

#[test]
fn an_rsa_private_jwk_must_say_its_algorithm() {
    let mut stored: Value =
        serde_json::from_str(key(Alg::RS256).private_jwk().unwrap().expose()).unwrap();
    stored.as_object_mut().unwrap().remove("alg");
    let flaw = SigningKey::from_private_jwk(&stored).err();
    assert_eq!(flaw, Some(KeyFlaw::AlgUnclear));
}

#[test]
fn no_key_shows_its_numbers() {
    for alg in Alg::ALL {
        let stored: Value = serde_json::from_str(key(alg).private_jwk().unwrap().expose()).unwrap();
        let shown = format!("{:?}", key(alg));
        assert!(!shown.contains(stored["d"].as_str().unwrap()));
        assert_eq!(
            shown,
            format!("SigningKey {{ alg: {alg}, kid: {:?}, .. }}", key(alg).kid())
        );
    }
}
