//! Key sets as issuers publish them.

use super::super::*;
use super::{accept, changed, claims, key, set};
use locum_core::token::TokenFlaw;
use serde_json::{Value, json};

fn refused(jwk: Value) -> Vec<KeyFlaw> {
    let set = set(&[jwk], &Alg::ALL).unwrap();
    assert!(set.is_empty());
    flaws(&set)
}

fn flaws(set: &KeySet) -> Vec<KeyFlaw> {
    set.left_out().iter().map(|key| key.flaw).collect()
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
    assert_eq!(set(&many[..64], &Alg::ALL).unwrap().left_out().len(), 64);
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
        flaws(&keys),
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
fn the_same_key_twice_is_one() {
    let one = changed(Alg::ES256, json!({"kid": "same"}));
    let again = changed(Alg::ES256, json!({"kid": "same", "use": null, "x5t": "x"}));
    let keys = set(&[one.clone(), again, one], &Alg::ALL).unwrap();
    assert_eq!(names(&keys), [("same".to_owned(), Alg::ES256)]);
    assert_eq!(flaws(&keys), []);
}

#[test]
fn the_same_key_with_and_without_a_kid_is_the_named_one() {
    let key = |kid| changed(Alg::ES256, json!({ "kid": kid }));
    for both in [
        [key(json!("one")), key(Value::Null)],
        [key(Value::Null), key(json!("one"))],
    ] {
        let keys = set(&both, &Alg::ALL).unwrap();
        assert_eq!(names(&keys), [("one".to_owned(), Alg::ES256)]);
        assert_eq!(flaws(&keys), []);
    }
}

#[test]
fn kid_and_alg_choose_between_keys_of_one_name() {
    let same = |alg| changed(alg, json!({"kid": "same"}));
    let keys = set(&[same(Alg::ES256), same(Alg::RS256)], &Alg::ALL).unwrap();
    assert_eq!(flaws(&keys), []);
    for alg in [Alg::ES256, Alg::RS256] {
        let verified = accept(&named(alg, "same"), &keys, &Alg::ALL).unwrap();
        assert_eq!(verified.kid().as_str(), "same");
    }
    let other = accept(&named(Alg::EdDSA, "same"), &keys, &Alg::ALL).err();
    assert_eq!(other, Some(TokenFlaw::WrongAlg));
}

#[test]
fn different_keys_of_one_name_and_algorithm_are_left_out_and_cost_no_other() {
    let other = SigningKey::generate(Alg::ES256, Some("same")).unwrap();
    let one = changed(Alg::ES256, json!({"kid": "same"}));
    let good = changed(Alg::RS256, json!({"kid": "same"}));
    let all = [one.clone(), other.public_jwk(), one, good];
    let keys = set(&all, &Alg::ALL).unwrap();
    assert_eq!(names(&keys), [("same".to_owned(), Alg::RS256)]);
    assert_eq!(flaws(&keys), [KeyFlaw::DuplicateKid; 2], "each once");
    assert_eq!(keys.left_out()[0].kid(), Some("same"));
    assert!(accept(&named(Alg::ES256, "same"), &keys, &Alg::ALL).is_err());
    accept(&named(Alg::RS256, "same"), &keys, &Alg::ALL).unwrap();
}

#[test]
fn a_key_for_another_use_is_no_rival() {
    let one = changed(Alg::ES256, json!({"kid": "same"}));
    let other = SigningKey::generate(Alg::ES256, Some("same")).unwrap();
    let mut other = other.public_jwk();
    other["use"] = json!("enc");
    let keys = set(&[one, other], &Alg::ALL).unwrap();
    assert_eq!(names(&keys), [("same".to_owned(), Alg::ES256)]);
}

#[test]
fn the_name_of_a_key_that_is_left_out_is_plain_and_short() {
    let kid = |kid: &str| {
        let set = set(&[json!({"kty": "X", "kid": kid})], &Alg::ALL).unwrap();
        set.left_out()[0].kid().unwrap().to_owned()
    };
    assert_eq!(kid("2026-11 a"), "2026-11 a");
    assert_eq!(kid("a\n\u{1b}[31m`\"é"), "a??[31m???");
    assert_eq!(kid(&"k".repeat(1_000)), format!("{}...", "k".repeat(64)));
    let unnamed = set(&[json!({"kty": "X"})], &Alg::ALL).unwrap();
    assert_eq!(unnamed.left_out()[0].kid(), None);
}

#[test]
fn of_a_bundle_count_keys_for_jwt_svids_and_those_for_certificates_are_no_flaw() {
    let mark = |kid: &str, mark: Value| {
        let mut key = SigningKey::generate(Alg::ES256, Some(kid))
            .unwrap()
            .public_jwk();
        key["use"] = mark;
        key
    };
    let mut unmarked = mark("none", json!("sig"));
    unmarked.as_object_mut().unwrap().remove("use");
    let x509 = json!({"kty": "EC", "use": "x509-svid", "crv": "P-384", "x5c": ["AA"]});
    let keys = json!({"keys": [mark("jwt", json!("jwt-svid")), unmarked, x509, mark("sig", json!("sig"))],
                      "spiffe_sequence": 7, "spiffe_refresh_hint": 300});
    let bundle = KeySet::from_bundle(&keys, &Alg::ALL).unwrap();
    let kids: Vec<_> = names(&bundle).into_iter().map(|(kid, _)| kid).collect();
    assert_eq!(kids, ["jwt", "none"]);
    assert_eq!(
        flaws(&bundle),
        [KeyFlaw::Use],
        "`sig` is no mark of a bundle"
    );
    let plain = KeySet::from_jwks(&keys, &Alg::ALL).unwrap();
    assert_eq!((names(&plain).len(), flaws(&plain)), (3, vec![]));
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
fn a_key_without_alg_is_used_with_each_that_fits_and_the_token_chooses() {
    let silent = changed(Alg::RS256, json!({"alg": null, "kid": "same"}));
    let keys = set(std::slice::from_ref(&silent), &Alg::ALL).unwrap();
    let both = [
        ("same".to_owned(), Alg::RS256),
        ("same".to_owned(), Alg::PS256),
    ];
    assert_eq!((names(&keys), flaws(&keys)), (both.to_vec(), vec![]));
    accept(&named(Alg::RS256, "same"), &keys, &Alg::ALL).unwrap();
    let mut stored: Value =
        serde_json::from_str(key(Alg::RS256).private_jwk().unwrap().expose()).unwrap();
    (stored["alg"], stored["kid"]) = (json!("PS256"), json!("same"));
    let pss = SigningKey::from_private_jwk(&stored).unwrap();
    let pss = pss.sign("at+jwt", &claims()).unwrap();
    accept(&pss, &keys, &Alg::ALL).unwrap();
    let flaw = accept(&named(Alg::ES256, "same"), &keys, &Alg::ALL).err();
    assert_eq!(
        flaw,
        Some(TokenFlaw::WrongAlg),
        "none of another kind of key"
    );
    let bound = changed(Alg::RS256, json!({"kid": "same"}));
    let bound = set(&[bound], &Alg::ALL).unwrap();
    let flaw = accept(&pss, &bound, &Alg::ALL).err();
    assert_eq!(
        flaw,
        Some(TokenFlaw::WrongAlg),
        "a key that names one has one"
    );
}

#[test]
fn a_key_without_alg_that_meets_a_rival_stays_for_the_other_algorithm() {
    let silent = changed(Alg::RS256, json!({"alg": null, "kid": "same"}));
    let rival = changed(Alg::PS256, json!({"kid": "same"}));
    let keys = set(&[silent, rival], &Alg::ALL).unwrap();
    assert_eq!(names(&keys), [("same".to_owned(), Alg::RS256)]);
    assert_eq!(flaws(&keys), [KeyFlaw::DuplicateKid; 2]);
}

#[test]
fn an_algorithm_is_one_of_the_key_and_of_the_issuer() {
    let silent = changed(Alg::RS256, json!({"alg": null}));
    let keys = set(std::slice::from_ref(&silent), &[Alg::ES256, Alg::PS256]).unwrap();
    assert_eq!(keys.keys().next().unwrap().1, Alg::PS256);
    assert_eq!(
        flaws(&set(&[silent], &[Alg::ES256]).unwrap()),
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
        (Alg::RS256, json!({"n": "AAAA"}), x("n")),
        (
            Alg::RS256,
            json!({"n": "_".repeat(1_368)}),
            KeyFlaw::RsaLength,
        ),
        (Alg::RS256, json!({"e": "AQ"}), KeyFlaw::Unsound),
        (Alg::RS256, json!({"e": "AAAA"}), x("e")),
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
fn rfc7518_6_3_1_1_leading_zero_octets_of_a_number_are_cut_off() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let jwk = key(Alg::RS256).public_jwk();
    let padded = |name: &str| {
        let number = URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        URL_SAFE_NO_PAD.encode([&[0, 0], number.as_slice()].concat())
    };
    let padded = changed(
        Alg::RS256,
        json!({"kid": "same", "n": padded("n"), "e": padded("e")}),
    );
    let plain = changed(Alg::RS256, json!({"kid": "same"}));
    let keys = set(&[padded, plain], &Alg::ALL).unwrap();
    assert_eq!(names(&keys), [("same".to_owned(), Alg::RS256)], "one key");
    accept(&named(Alg::RS256, "same"), &keys, &Alg::ALL).unwrap();
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

fn names(keys: &KeySet) -> Vec<(String, Alg)> {
    let names = keys.keys().map(|(kid, alg)| (kid.as_str().to_owned(), alg));
    names.collect()
}

/// A token of ours whose `kid` is that.
fn named(alg: Alg, kid: &str) -> String {
    let mut stored: Value = serde_json::from_str(key(alg).private_jwk().unwrap().expose()).unwrap();
    stored["kid"] = json!(kid);
    let key = SigningKey::from_private_jwk(&stored).unwrap();
    key.sign("at+jwt", &claims()).unwrap()
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
