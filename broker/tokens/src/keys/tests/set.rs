//! Key sets as issuers publish them.

use super::super::*;
use super::{accept, changed, claims, key, set};
use locum_core::token::TokenFlaw;
use serde_json::{Value, json};

fn refused(jwk: Value) -> Vec<KeyFlaw> {
    let set = set(&[jwk], &Alg::ALL).unwrap();
    assert!(set.is_empty());
    set.refused().to_vec()
}

#[test]
fn what_is_no_jwk_set_is_refused() {
    for value in [
        json!(null),
        json!([]),
        json!({}),
        json!({"keys": {}}),
        json!({"keys": "x"}),
    ] {
        assert_eq!(
            KeySet::from_jwks(&value, &Alg::ALL).err(),
            Some(KeyFlaw::NotASet)
        );
    }
    assert!(set(&[], &Alg::ALL).unwrap().is_empty());
    let many = vec![json!({}); 65];
    let flaw = set(&many, &Alg::ALL).err();
    assert_eq!(flaw, Some(KeyFlaw::TooMany { max: 64, found: 65 }));
    assert_eq!(set(&many[..64], &Alg::ALL).unwrap().refused().len(), 64);
}

#[test]
fn one_bad_key_does_not_cost_the_good_ones() {
    let keys = set(
        &[
            json!(1),
            json!({"kty": "oct", "k": "AAAA"}),
            key(Alg::ES256).public_jwk(),
            json!({"kty": "X"}),
        ],
        &Alg::ALL,
    )
    .unwrap();
    assert_eq!(
        keys.refused(),
        [KeyFlaw::NotAKey, KeyFlaw::Private, KeyFlaw::Kind]
    );
    let names: Vec<_> = keys
        .keys()
        .map(|(kid, alg)| (kid.as_str().to_owned(), alg))
        .collect();
    assert_eq!(names, [(key(Alg::ES256).kid().to_owned(), Alg::ES256)]);
}

#[test]
fn a_private_key_in_a_public_set_is_refused() {
    for alg in Alg::ALL {
        let stored: Value = serde_json::from_str(key(alg).private_jwk().unwrap().expose()).unwrap();
        assert_eq!(refused(stored), [KeyFlaw::Private]);
    }
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert_eq!(
            refused(changed(Alg::ES256, json!({ member: "AAAA" }))),
            [KeyFlaw::Private]
        );
    }
}

#[test]
fn a_name_given_twice_spoils_the_set() {
    let one = changed(Alg::ES256, json!({"kid": "same"}));
    let two = changed(Alg::RS256, json!({"kid": "same"}));
    assert_eq!(
        set(&[one.clone(), two.clone()], &Alg::ALL).err(),
        Some(KeyFlaw::DuplicateKid)
    );
    assert_eq!(
        set(&[one.clone(), one.clone()], &Alg::ALL).err(),
        Some(KeyFlaw::DuplicateKid)
    );
    let other_use = changed(Alg::RS256, json!({"kid": "same", "use": "enc"}));
    assert!(
        set(&[one, other_use], &Alg::ALL).is_ok(),
        "a key for another use is no rival"
    );
}

#[test]
fn use_and_key_ops_are_heeded() {
    for patch in [
        json!({"use": "enc"}),
        json!({"use": ""}),
        json!({"key_ops": []}),
        json!({"key_ops": ["sign"]}),
        json!({"use": "enc", "key_ops": ["verify"]}),
    ] {
        assert_eq!(refused(changed(Alg::ES256, patch)), [KeyFlaw::Use]);
    }
    for patch in [
        json!({"use": "sig"}),
        json!({"use": "jwt-svid"}),
        json!({"use": null}),
        json!({"use": null, "key_ops": ["verify"]}),
    ] {
        assert!(
            !set(&[changed(Alg::ES256, patch)], &Alg::ALL)
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn a_key_has_one_algorithm_its_own_or_the_only_one_left() {
    let silent = changed(Alg::RS256, json!({"alg": null}));
    assert_eq!(refused(silent.clone()), [KeyFlaw::AlgUnclear]);
    let keys = set(std::slice::from_ref(&silent), &[Alg::ES256, Alg::PS256]).unwrap();
    assert_eq!(keys.keys().next().unwrap().1, Alg::PS256);
    assert_eq!(
        set(&[silent], &[Alg::ES256]).unwrap().refused(),
        [KeyFlaw::Alg]
    );
    for patch in [
        json!({"alg": "RS256"}),
        json!({"alg": "ES384"}),
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
    ] {
        assert_eq!(refused(changed(Alg::ES256, patch)), [KeyFlaw::Alg]);
    }
    let named = changed(Alg::EdDSA, json!({"alg": "Ed25519"}));
    assert_eq!(
        set(&[named], &[Alg::EdDSA])
            .unwrap()
            .keys()
            .next()
            .unwrap()
            .1,
        Alg::EdDSA
    );
}

#[test]
fn numbers_have_their_length_and_lie_on_the_curve() {
    let x = |name| KeyFlaw::Member { name };
    for (alg, patch, flaw) in [
        (Alg::ES256, json!({"x": null}), x("x")),
        (Alg::ES256, json!({"x": ""}), x("x")),
        (Alg::ES256, json!({"x": "AAAA"}), x("x")),
        (Alg::ES256, json!({"y": "AAAA"}), x("y")),
        (Alg::ES256, json!({"y": 1}), KeyFlaw::NotAKey),
        (
            Alg::ES256,
            json!({"y": key(Alg::ES256).public_jwk()["x"]}),
            KeyFlaw::Unsound,
        ),
        (Alg::ES256, json!({"crv": "P-384"}), KeyFlaw::Kind),
        (Alg::ES256, json!({"crv": null}), KeyFlaw::Kind),
        (Alg::EdDSA, json!({"crv": "X25519"}), KeyFlaw::Kind),
        (Alg::EdDSA, json!({"x": "AAAA"}), x("x")),
        (Alg::RS256, json!({"n": "AQAB"}), KeyFlaw::RsaLength),
        (Alg::RS256, json!({"n": null}), x("n")),
        (
            Alg::RS256,
            json!({"n": format!("AA{}", "_".repeat(342))}),
            x("n"),
        ),
        (
            Alg::RS256,
            json!({"n": "_".repeat(1_368)}),
            KeyFlaw::RsaLength,
        ),
        (Alg::RS256, json!({"e": "AQ"}), KeyFlaw::Unsound),
        (Alg::RS256, json!({"e": "AAEAAQ"}), x("e")),
        (Alg::RS256, json!({"e": "AQAA"}), KeyFlaw::Unsound),
        (Alg::RS256, json!({"e": "AQAAAAAB"}), KeyFlaw::Unsound),
        (Alg::ES256, json!({"kid": ""}), x("kid")),
        (Alg::ES256, json!({"kid": "k".repeat(257)}), x("kid")),
        (Alg::ES256, json!({"kid": 1}), KeyFlaw::NotAKey),
    ] {
        assert_eq!(
            refused(changed(alg, patch.clone())),
            [flaw],
            "{alg} {patch}"
        );
    }
}

#[test]
fn certificates_in_a_key_are_not_looked_at() {
    let patch = json!({"x5c": ["%%%"], "x5t": 1, "x5t#S256": [], "x5u": 5, "exp": 1});
    assert!(
        !set(&[changed(Alg::ES256, patch)], &Alg::ALL)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_token_without_kid_needs_exactly_one_key_that_fits() {
    let text = unnamed(Alg::ES256);
    let one = key(Alg::ES256).public_jwk();
    let other = SigningKey::generate(Alg::ES256, None).unwrap().public_jwk();
    let rsa = key(Alg::RS256).public_jwk();
    let read = |keys: &[Value]| accept(&text, &set(keys, &Alg::ALL).unwrap(), &Alg::ALL).err();
    assert_eq!(read(&[rsa.clone(), one.clone()]), None);
    assert_eq!(read(&[one, other]), Some(TokenFlaw::UnknownKid));
    assert_eq!(read(&[rsa]), Some(TokenFlaw::UnknownKid));
}

#[test]
fn a_key_without_kid_is_reached_only_by_tokens_without_and_named_by_its_thumbprint() {
    let keys = set(&[changed(Alg::ES256, json!({"kid": null}))], &Alg::ALL).unwrap();
    let named = key(Alg::ES256).sign("at+jwt", &claims()).unwrap();
    assert_eq!(
        accept(&named, &keys, &Alg::ALL).err(),
        Some(TokenFlaw::UnknownKid)
    );
    let verified = accept(&unnamed(Alg::ES256), &keys, &Alg::ALL).unwrap();
    assert_eq!(verified.kid().as_str(), key(Alg::ES256).kid());
}

/// A token of ours without `kid`.
fn unnamed(alg: Alg) -> String {
    use base64::Engine;
    let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let header = json!({"alg": alg.as_str(), "typ": "at+jwt"}).to_string();
    let signed = format!("{}.{}", part(header), part(claims().to_string()));
    let signature = josekit::jws::JwsSigner::sign(key(alg), signed.as_bytes()).unwrap();
    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signature);
    format!("{signed}.{signature}")
}

#[test]
fn keys_of_our_own_are_not_bounded_like_those_of_strangers() {
    let many: Vec<_> = (0..100)
        .map(|_| SigningKey::generate(Alg::ES256, None).unwrap())
        .collect();
    let ours = KeySet::of_ours(&many).unwrap();
    for key in [&many[0], &many[99]] {
        let token = key.sign("at+jwt", &claims()).unwrap();
        accept(&token, &ours, &Alg::ALL).unwrap();
    }
    let token = key(Alg::ES256).sign("at+jwt", &claims()).unwrap();
    assert!(accept(&token, &ours, &Alg::ALL).is_err());
    let twice = [&many[0], &many[0]];
    assert_eq!(KeySet::of_ours(twice).err(), Some(KeyFlaw::DuplicateKid));
}
