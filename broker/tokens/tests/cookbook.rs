//! Every example of the JOSE cookbook (RFC 7520) and of its neighbours
//! RFC 7797 and RFC 8037: what we support verifies, everything else is refused,
//! and for the right reason.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jws::JwsSigner;
use locum_core::token::{
    Alg, Audiences, Demands, Expectation, IssuerRule, SignatureCheck, SignatureFlaw, TOKEN_MAX,
    TokenFlaw, TokenKind, TypRule, Unverified, verify,
};
use locum_tokens::keys::{KeyFlaw, KeySet, SigningKey};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const COOKBOOK: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/jose-cookbook"
);

/// The examples of a folder by what begins their names.
fn examples(folder: &str) -> Vec<(String, Value)> {
    let files = fs::read_dir(Path::new(COOKBOOK).join(folder)).unwrap();
    let mut found: Vec<_> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let number = name.split('.').next().unwrap().to_owned();
            (
                number,
                serde_json::from_slice(&fs::read(&path).unwrap()).unwrap(),
            )
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert!(!found.is_empty(), "{folder}");
    found
}

fn example(folder: &str, number: &str) -> Value {
    let mut all = examples(folder).into_iter();
    all.find(|(name, _)| name == number).unwrap().1
}

fn flaw(text: &str) -> Option<TokenFlaw> {
    Unverified::parse(text, TOKEN_MAX).err()
}

fn is_no_json(flaw: Option<TokenFlaw>) -> bool {
    matches!(
        flaw,
        Some(TokenFlaw::Json {
            part: "payload",
            ..
        })
    )
}

fn bytes(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

/// The public half; a secret key stays what it is.
fn public(jwk: &Value) -> Value {
    let mut jwk = jwk.clone();
    let members = jwk.as_object_mut().unwrap();
    members.retain(|name, _| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()));
    jwk
}

/// The one key of a set, or why it was left out.
fn taken(jwk: &Value, alg: Alg) -> Result<KeySet, KeyFlaw> {
    let set = KeySet::from_jwks(&json!({ "keys": [jwk] }), &[alg]).unwrap();
    match set.left_out() {
        [] => Ok(set),
        [key, ..] => Err(key.flaw),
    }
}

/// Checks the signature of an example, and that no other passes.
fn verifies(key: &Value, alg: Alg, signing: &Value) {
    let set = taken(&public(key), alg).unwrap();
    let signed = signing["sig-input"].as_str().unwrap().as_bytes();
    let signature = bytes(&signing["sig"]);
    let check = |signed: &[u8], signature: &[u8]| set.check(alg, None, signed, signature);
    check(signed, &signature).unwrap();
    let other = [signed, b"A"].concat();
    assert_eq!(check(&other, &signature).err(), Some(SignatureFlaw::Bad));
    let mut other = signature;
    other[10] ^= 1;
    assert_eq!(check(signed, &other).err(), Some(SignatureFlaw::Bad));
}

/// Signing anew gives the very signature of the example.
fn reproduces(key: &Value, alg: Alg, signing: &Value) {
    let mut key = key.clone();
    key["alg"] = alg.as_str().into();
    let key = SigningKey::from_private_jwk(&key).unwrap();
    let signed = signing["sig-input"].as_str().unwrap().as_bytes();
    let made = JwsSigner::sign(&key, signed).unwrap();
    assert_eq!(made, bytes(&signing["sig"]));
}

#[test]
fn rfc7520_4_1_rs256_verifies_and_signs_the_same() {
    let it = example("jws", "4_1");
    verifies(&it["input"]["key"], Alg::RS256, &it["signing"]);
    reproduces(&it["input"]["key"], Alg::RS256, &it["signing"]);
}

#[test]
fn rfc8037_a_4_ed25519_verifies_and_signs_the_same() {
    let it = example("curve25519", "jws");
    verifies(&it["input"]["key"], Alg::EdDSA, &it["signing"]);
    reproduces(&it["input"]["key"], Alg::EdDSA, &it["signing"]);
}

#[test]
fn rfc7520_6_the_signed_part_of_the_nested_example_verifies_as_ps256() {
    let it = example("", "6");
    let key = &it["sign"]["input"]["key"];
    verifies(key, Alg::PS256, &it["sign"]["signing"]);
    let set = taken(&public(key), Alg::PS256).unwrap();
    let audiences = ["app".to_owned()];
    let expectation = Expectation {
        kind: TokenKind::IdToken,
        issuer: IssuerRule::Claim("hobbiton.example"),
        demands: Demands::default(),
        audiences: Audiences::AnyOf(&audiences),
        algs: &[Alg::PS256],
        typ: TypRule::JWT,
        skew_s: 0,
        max_age_s: 60,
        iat_required: true,
        jti_required: false,
        exp_max_ahead_s: None,
    };
    let checked = |text: &str| {
        let unverified = Unverified::parse(text, TOKEN_MAX).unwrap();
        verify(unverified, &expectation, 1_300_819_300, &set).err()
    };
    // It names nobody: the signature is good, the claims are not enough.
    let compact = it["sign"]["output"]["compact"].as_str().unwrap();
    assert_eq!(checked(compact), Some(TokenFlaw::Missing { claim: "sub" }));
    let (signed, _) = compact.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(342));
    assert_eq!(checked(&forged), Some(TokenFlaw::BadSignature));
    let encrypted = it["encrypt"]["output"]["compact"].as_str().unwrap();
    assert_eq!(flaw(encrypted), Some(TokenFlaw::Encrypted));
}

#[test]
fn a_signed_text_that_is_no_jwt_of_our_algorithms_is_refused_for_that_reason() {
    for (number, it) in examples("jws") {
        let Some(compact) = it["output"]["compact"].as_str() else {
            continue;
        };
        let found = flaw(compact);
        match number.as_str() {
            // A sentence of a novel under a good signature: no claims.
            "4_1" => assert!(is_no_json(found)),
            "4_2" | "4_3" | "4_4" => assert_eq!(found, Some(TokenFlaw::AlgUnknown), "{number}"),
            // Detached content leaves an empty second part.
            "4_5" => assert_eq!(found, Some(TokenFlaw::Form)),
            _ => panic!("a new example: {number}"),
        }
    }
    let it = example("curve25519", "jws");
    assert!(is_no_json(flaw(it["output"]["compact"].as_str().unwrap())));
}

#[test]
fn rfc7515_7_2_no_json_serialization_is_read_as_a_token() {
    for folder in ["jws", "jwe", "rfc7797", "curve25519"] {
        for (number, it) in examples(folder) {
            let forms = ["json", "json_flat"].map(|form| it["output"].get(form));
            for object in forms.into_iter().flatten() {
                let found = flaw(&object.to_string());
                assert_eq!(found, Some(TokenFlaw::Form), "{folder} {number}");
            }
        }
    }
}

#[test]
fn rfc7520_4_8_each_of_several_signatures_stands_alone() {
    let it = example("jws", "4_8");
    let (keys, signings) = (&it["input"]["key"], &it["signing"]);
    verifies(&keys[0], Alg::RS256, &signings[0]);
    let ec = taken(&public(&keys[1]), Alg::ES256).err();
    assert_eq!(ec, Some(KeyFlaw::Kind));
    assert_eq!(taken(&keys[2], Alg::ES256).err(), Some(KeyFlaw::Private));
    // Made compact: no claims; an unprotected header alone; a secret's algorithm.
    let compact = |signing: &Value| {
        let [signed, signature] = ["sig-input", "sig"].map(|name| signing[name].as_str().unwrap());
        flaw(&format!("{signed}.{signature}"))
    };
    assert!(is_no_json(compact(&signings[0])));
    assert_eq!(compact(&signings[1]), Some(TokenFlaw::Form));
    assert_eq!(compact(&signings[2]), Some(TokenFlaw::AlgUnknown));
}

#[test]
fn rfc7797_3_an_unencoded_payload_is_refused_however_it_is_sent() {
    for (number, it) in examples("rfc7797") {
        let payload = it["input"]["payload"].as_str().unwrap();
        let [header, signature] =
            ["protected", "signature"].map(|m| it["output"]["json_flat"][m].as_str().unwrap());
        let raw = flaw(&format!("{header}.{payload}.{signature}"));
        // `$.02` has a dot of its own.
        let expected = if payload.contains('.') {
            TokenFlaw::Form
        } else {
            TokenFlaw::Base64 { part: "payload" }
        };
        assert_eq!(raw, Some(expected), "{number}");
        let payload = URL_SAFE_NO_PAD.encode("{}");
        let encoded = flaw(&format!("{header}.{payload}.{signature}"));
        let Some(TokenFlaw::HeaderMember {
            name: "crit" | "b64",
        }) = encoded
        else {
            panic!("{number}: {encoded:?}")
        };
    }
}

#[test]
fn rfc7520_5_nothing_encrypted_is_decrypted() {
    let mut all = examples("jwe");
    all.push(("ecdh-es".into(), example("curve25519", "ecdh-es")));
    for (number, it) in all {
        let Some(compact) = it["output"]["compact"].as_str() else {
            continue;
        };
        assert_eq!(flaw(compact), Some(TokenFlaw::Encrypted), "{number}");
        // Dressed as three parts its header gives it away.
        let header = compact.split('.').next().unwrap();
        let found = flaw(&format!("{header}.e30.AAAA"));
        let Some(TokenFlaw::HeaderMember {
            name: "enc" | "zip",
        }) = found
        else {
            panic!("{number}: {found:?}")
        };
    }
}

#[test]
fn no_key_for_encryption_becomes_one_for_signatures() {
    for (number, it) in examples("jwe") {
        let keys = match &it["input"]["key"] {
            Value::Array(keys) => keys.clone(),
            Value::Null => vec![],
            key => vec![key.clone()],
        };
        for (key, alg) in keys.iter().flat_map(|key| Alg::ALL.map(|alg| (key, alg))) {
            assert!(taken(key, alg).is_err(), "{number}");
            let found = taken(&public(key), alg).err();
            let Some(KeyFlaw::Use | KeyFlaw::Kind | KeyFlaw::Private) = found else {
                panic!("{number}: {found:?}")
            };
        }
    }
}

#[test]
fn rfc7520_3_keys_are_read_or_refused_by_what_they_are() {
    let key = |number: &str| example("jwk", number);
    assert_eq!(taken(&key("3_1"), Alg::ES256).err(), Some(KeyFlaw::Kind));
    for private in ["3_2", "3_4", "3_5", "3_6"] {
        for alg in Alg::ALL {
            assert_eq!(taken(&key(private), alg).err(), Some(KeyFlaw::Private));
        }
    }
    let set = taken(&key("3_3"), Alg::RS256).unwrap();
    let names: Vec<_> = set.keys().map(|(kid, alg)| (kid.as_str(), alg)).collect();
    assert_eq!(names, [("bilbo.baggins@hobbiton.example", Alg::RS256)]);
    assert_eq!(taken(&key("3_3"), Alg::ES256).err(), Some(KeyFlaw::Alg));
    for number in ["3_2", "3_5", "3_6"] {
        let flaw = SigningKey::from_private_jwk(&key(number)).err();
        assert_eq!(flaw, Some(KeyFlaw::Kind), "{number}");
    }
    let mut private = key("3_4");
    let unclear = SigningKey::from_private_jwk(&private).err();
    assert_eq!(unclear, Some(KeyFlaw::AlgUnclear));
    private["alg"] = "PS256".into();
    let ours = SigningKey::from_private_jwk(&private).unwrap().public_jwk();
    assert_eq!(
        (&ours["n"], &ours["e"]),
        (&key("3_3")["n"], &key("3_3")["e"])
    );
}
