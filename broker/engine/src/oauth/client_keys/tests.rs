#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use locum_core::registry::{Client, ClientSpec};
use locum_tokens::keys::SigningKey;
use std::cell::Cell;

/// Keys that count the signatures they compute with.
struct Counting(KeySet, Cell<usize>);

impl SignatureCheck for Counting {
    fn check(
        &self,
        alg: Alg,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<Kid, SignatureFlaw> {
        let found = self.0.check(alg, kid, signed, signature);
        if matches!(found, Ok(_) | Err(SignatureFlaw::Bad)) {
            self.1.set(self.1.get() + 1);
        }
        found
    }
}

fn counting(keys: KeySet) -> Counting {
    Counting(keys, Cell::new(0))
}

fn set(keys: &[&SigningKey]) -> KeySet {
    let keys: Vec<Value> = keys.iter().map(|key| key.public_jwk()).collect();
    KeySet::from_jwks(&json!({ "keys": keys }), &Alg::ALL).unwrap()
}

#[test]
fn nobody_has_a_key_of_every_algorithm() {
    let algs: Vec<_> = nobody().keys().map(|(_, alg)| alg).collect();
    assert_eq!(algs, Alg::ALL);
}

#[test]
fn a_rejected_assertion_costs_one_signature_whether_its_client_is_known_or_not() {
    let key = SigningKey::generate(Alg::ES256, Some("one")).unwrap();
    let other = SigningKey::generate(Alg::ES256, Some("two")).unwrap();
    let (nobody, signature) = (nobody(), [7; 64]);
    let sets = [
        None,
        Some(set(&[])),
        Some(set(&[&key])),
        Some(set(&[&key, &other])),
    ];
    for alg in Alg::ALL {
        for kid in [None, Some("one"), Some("three"), Some("ES256")] {
            for keys in &sets {
                let keys = keys.clone().map(counting);
                let nobody = counting(nobody.clone());
                let even = Even {
                    keys: keys.as_ref(),
                    nobody: &nobody,
                };
                assert!(even.check(alg, kid, b"signed", &signature).is_err());
                let of_client = keys.as_ref().map_or(0, |keys| keys.1.get());
                assert_eq!(of_client + nobody.1.get(), 1, "{alg} {kid:?}");
            }
        }
    }
}

#[test]
fn what_nobody_signed_counts_for_nothing_and_what_the_client_signed_passes() {
    let keys = ClientKeys::default();
    let key = SigningKey::generate(Alg::ES256, Some("one")).unwrap();
    let text = key.sign("JWT", &json!({"iss": "a"})).unwrap();
    let (signed, signature) = text.rsplit_once('.').unwrap();
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let check = |set: Option<&KeySet>, kid| {
        let even = keys.even(set);
        even.check(Alg::ES256, kid, signed.as_bytes(), &signature)
    };
    let known = set(&[&key]);
    assert_eq!(check(Some(&known), Some("one")).unwrap().as_str(), "one");
    // The signature is good under nobody's key, which stands in for both.
    let even = Even {
        keys: None::<&KeySet>,
        nobody: &known,
    };
    let found = even.check(Alg::ES256, Some("one"), signed.as_bytes(), &signature);
    assert_eq!(found, Err(SignatureFlaw::UnknownKid));
    assert_eq!(check(None, Some("one")), Err(SignatureFlaw::UnknownKid));
    assert_eq!(
        check(Some(&known), Some("two")),
        Err(SignatureFlaw::UnknownKid)
    );
}

fn client(key: &SigningKey) -> Caller {
    let spec = json!({"id": "rs", "kind": "resource_server", "auth": [{"method": "private_key_jwt",
        "jwks": {"keys": [key.public_jwk()]}}]});
    let spec: ClientSpec = serde_json::from_value(spec).unwrap();
    Caller::Client(Arc::new(Client {
        spec,
        created_at_ms: 0,
    }))
}

#[test]
fn keys_are_ready_when_their_client_is_declared_and_built_again_only_when_they_change() {
    let keys = ClientKeys::default();
    let one = SigningKey::generate(Alg::ES256, None).unwrap();
    let declared = client(&one);
    keys.declared("rs", Some(declared.clone()));
    let built = keys.known.read().unwrap().get("rs").unwrap().1.clone();
    assert!(Arc::ptr_eq(&keys.of(&declared).unwrap(), &built));
    let again = client(&one);
    keys.declared("rs", Some(again.clone()));
    assert!(Arc::ptr_eq(&keys.of(&again).unwrap(), &built));
    let other = client(&SigningKey::generate(Alg::ES256, None).unwrap());
    assert!(!Arc::ptr_eq(&keys.of(&other).unwrap(), &built));
    keys.declared("rs", None);
    assert!(keys.known.read().unwrap().is_empty());
}
