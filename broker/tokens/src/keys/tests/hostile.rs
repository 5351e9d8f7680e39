//! Signatures and tokens made to be taken for good ones.

use super::super::*;
use super::{accept, changed, claims, key, set};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jws::JwsSigner;
use locum_core::token::{SignatureCheck, SignatureFlaw, TokenFlaw};
use serde_json::{Value, json};

/// Order of the base point of edwards25519, little-endian (RFC 8032 §5.1).
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn signature_flaw(alg: Alg, message: &[u8], signature: &[u8]) -> Option<SignatureFlaw> {
    let keys = set(&[key(alg).public_jwk()], &[alg]).unwrap();
    keys.check(alg, None, message, signature).err()
}

/// r‖s as DER (RFC 3279 §2.2.3).
fn der(fixed: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| [&[2, 33, 0], bytes].concat();
    let body = [integer(&fixed[..32]), integer(&fixed[32..])].concat();
    [&[0x30, 70], body.as_slice()].concat()
}

#[test]
fn an_es256_signature_is_64_bytes_of_r_and_s_in_range() {
    let good = JwsSigner::sign(key(Alg::ES256), b"message").unwrap();
    assert_eq!(signature_flaw(Alg::ES256, b"message", &good), None);
    let zero_s = [&good[..32], &[0; 32]].concat();
    let zero_r = [&[0; 32], &good[32..]].concat();
    let padded = [&[0], &good[..32], &[0], &good[32..]].concat();
    for bad in [
        vec![],
        vec![0; 64],
        vec![0xff; 64],
        zero_r,
        zero_s,
        padded,
        good[..63].to_vec(),
        good[1..].to_vec(),
        [good.as_slice(), &[0]].concat(),
        [good.as_slice(), good.as_slice()].concat(),
        der(&good),
    ] {
        let flaw = signature_flaw(Alg::ES256, b"message", &bad);
        assert_eq!(flaw, Some(SignatureFlaw::Bad), "{} bytes", bad.len());
    }
    assert_eq!(
        signature_flaw(Alg::ES256, b"massage", &good),
        Some(SignatureFlaw::Bad)
    );
}

#[test]
fn rfc8032_5_1_7_an_ed25519_signature_has_one_form() {
    let good = JwsSigner::sign(key(Alg::EdDSA), b"message").unwrap();
    assert_eq!(signature_flaw(Alg::EdDSA, b"message", &good), None);
    let mut malleated = good.clone();
    let mut carry = 0_u16;
    for (byte, add) in malleated[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    for bad in [
        malleated,
        vec![0; 64],
        good[..63].to_vec(),
        [good.as_slice(), &[0]].concat(),
    ] {
        assert_eq!(
            signature_flaw(Alg::EdDSA, b"message", &bad),
            Some(SignatureFlaw::Bad)
        );
    }
}

#[test]
fn an_rsa_signature_of_one_padding_is_none_of_the_other() {
    let pkcs1 = JwsSigner::sign(key(Alg::RS256), b"message").unwrap();
    let jwk = changed(Alg::RS256, json!({"alg": "PS256"}));
    let keys = set(&[jwk], &[Alg::PS256]).unwrap();
    let flaw = keys.check(Alg::PS256, None, b"message", &pkcs1).err();
    assert_eq!(flaw, Some(SignatureFlaw::Bad));
    for bad in [
        vec![],
        vec![0; 256],
        vec![0; 255],
        vec![0xff; 256],
        [pkcs1.as_slice(), &[0]].concat(),
    ] {
        assert_eq!(
            signature_flaw(Alg::RS256, b"message", &bad),
            Some(SignatureFlaw::Bad)
        );
    }
}

#[test]
fn small_order_ed25519_keys_are_refused() {
    let p_minus = |last_byte: u8| {
        let mut x = [0xff_u8; 32];
        (x[0], x[31]) = (last_byte, 0x7f);
        x
    };
    let mut one = [0_u8; 32];
    one[0] = 1;
    let eighth = |text: &str| <[u8; 32]>::try_from(URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    for mut x in [
        [0; 32],
        one,
        p_minus(0xec),
        p_minus(0xed),
        p_minus(0xee),
        eighth("JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU"),
        eighth("xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"),
    ] {
        for sign in [0, 0x80] {
            x[31] = (x[31] & 0x7f) | sign;
            let jwk = changed(Alg::EdDSA, json!({"x": URL_SAFE_NO_PAD.encode(x)}));
            assert_eq!(
                set(&[jwk], &Alg::ALL).unwrap().left_out()[0].flaw,
                KeyFlaw::Unsound
            );
        }
    }
}

#[test]
fn every_changed_byte_of_a_token_is_noticed() {
    let keys = set(&[key(Alg::ES256).public_jwk()], &Alg::ALL).unwrap();
    let text = key(Alg::ES256).sign("at+jwt", &claims()).unwrap();
    assert!(accept(&text, &keys, &Alg::ALL).is_ok());
    for place in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(accept(&changed, &keys, &Alg::ALL).is_err(), "byte {place}");
        assert!(
            accept(&text[..place], &keys, &Alg::ALL).is_err(),
            "cut at {place}"
        );
    }
    for more in ["A", ".", "=", " ", "\n", ".e30"] {
        assert!(accept(&format!("{text}{more}"), &keys, &Alg::ALL).is_err());
    }
}

#[test]
fn our_public_key_is_no_hmac_secret() {
    let jwk = key(Alg::ES256).public_jwk();
    let keys = set(std::slice::from_ref(&jwk), &Alg::ALL).unwrap();
    for secret in [jwk.to_string(), jwk["x"].as_str().unwrap().to_owned()] {
        let signer = josekit::jws::HS256.signer_from_bytes(secret.as_bytes());
        let Ok(signer) = signer else { continue };
        let mut header = josekit::jws::JwsHeader::new();
        header.set_token_type("at+jwt");
        header.set_key_id(key(Alg::ES256).kid());
        let payload = claims().to_string();
        let text = josekit::jws::serialize_compact(payload.as_bytes(), &header, &signer).unwrap();
        assert_eq!(
            accept(&text, &keys, &Alg::ALL).err(),
            Some(TokenFlaw::AlgUnknown)
        );
    }
}

#[test]
fn a_key_in_the_header_is_not_used() {
    let attacker = SigningKey::generate(Alg::ES256, Some(key(Alg::ES256).kid())).unwrap();
    let keys = set(&[key(Alg::ES256).public_jwk()], &Alg::ALL).unwrap();
    let mut header = josekit::jws::JwsHeader::new();
    header.set_token_type("at+jwt");
    let embedded: Value = attacker.public_jwk();
    header.set_claim("jwk", Some(embedded)).unwrap();
    let payload = claims().to_string();
    let text = josekit::jws::serialize_compact(payload.as_bytes(), &header, &attacker).unwrap();
    assert_eq!(
        accept(&text, &keys, &Alg::ALL).err(),
        Some(TokenFlaw::BadSignature)
    );
}

#[test]
fn an_issuers_algorithms_and_a_keys_own_both_bind() {
    let all: Vec<Value> = Alg::ALL.iter().map(|alg| key(*alg).public_jwk()).collect();
    let keys = set(&all, &Alg::ALL).unwrap();
    let text = key(Alg::RS256).sign("at+jwt", &claims()).unwrap();
    assert!(matches!(
        accept(&text, &keys, &[Alg::ES256]).err(),
        Some(TokenFlaw::AlgRefused { .. })
    ));
    // A token that names another key than the one that signed it.
    let kid = key(Alg::ES256).kid();
    let mut stored: Value =
        serde_json::from_str(key(Alg::RS256).private_jwk().unwrap().expose()).unwrap();
    stored["kid"] = kid.into();
    let text = SigningKey::from_private_jwk(&stored)
        .unwrap()
        .sign("at+jwt", &claims())
        .unwrap();
    assert_eq!(
        accept(&text, &keys, &Alg::ALL).err(),
        Some(TokenFlaw::WrongAlg)
    );
}
