#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use crate::keys::KeyFlaw;
use crate::testing::{TestKey, pem};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// 2030-01-02T03:04:05Z.
const UNTIL: &str = "20300102030405";
const UNTIL_S: u64 = 1_893_553_445;

fn flaw(text: &str) -> ValueFlaw {
    UpstreamValue::read(text).unwrap_err()
}

#[test]
fn a_text_is_what_was_given_but_for_line_breaks_at_its_end() {
    for (given, kept) in [
        ("s3cret", "s3cret"),
        ("s3cret\r\n\n", "s3cret"),
        (" a b\t", " a b\t"),
        ("{\n \"x\": 1\n}\n", "{\n \"x\": 1\n}"),
        ("-----BEGIN", "-----BEGIN"),
        (
            "{\"k\":\"-----BEGIN PRIVATE KEY-----\\n\"}",
            "{\"k\":\"-----BEGIN PRIVATE KEY-----\\n\"}",
        ),
    ] {
        let value = UpstreamValue::read(given).unwrap();
        assert_eq!(value.text().expose(), kept);
        assert!(value.pem().is_none() && value.ends_s().is_none());
    }
    for empty in ["", "\n", " \r\n"] {
        assert_eq!(flaw(empty), ValueFlaw::Empty, "{empty:?}");
    }
    assert_eq!(flaw("a\0b"), ValueFlaw::Control);
    assert_eq!(flaw("a\u{85}b"), ValueFlaw::Control);
    assert!(UpstreamValue::read(&"a".repeat(VALUE_MAX)).is_ok());
    assert_eq!(flaw(&"a".repeat(VALUE_MAX + 1)), ValueFlaw::TooLong);
}

#[test]
fn a_pair_gives_the_certificates_name_thumbprint_and_end() {
    let key = TestKey::new();
    let text = format!("junk\n{}{}", key.certificate("broker-1", UNTIL), key.key());
    let value = UpstreamValue::read(&text).unwrap();
    assert_eq!(value.text().expose(), text.trim_end());
    assert_eq!(value.ends_s(), Some(UNTIL_S));
    let pem = value.pem().unwrap();
    let certificate = pem.certificate().unwrap();
    assert_eq!(certificate.common_name(), Some("broker-1"));
    assert_eq!(certificate.sha256().len(), 32);
    assert!(pem.is_rsa() && !certificate.der().is_empty());
    // The order of key and certificate is free, the key alone will do.
    let turned = key.key() + &key.certificate("x", UNTIL);
    assert!(UpstreamValue::read(&turned).is_ok());
    let alone = UpstreamValue::read(&key.key()).unwrap();
    assert!(alone.ends_s().is_none() && alone.pem().unwrap().certificate().is_none());
}

#[test]
fn the_certificate_of_the_key_comes_first_and_the_earliest_end_counts() {
    let (key, other) = (TestKey::new(), TestKey::new());
    let own = key.certificate("own", UNTIL);
    let above = other.certificate("above", "20290101000000");
    let chain = UpstreamValue::read(&format!("{own}{above}{}", key.key())).unwrap();
    assert_eq!(chain.pem().unwrap().certificates().len(), 2);
    assert_eq!(chain.ends_s(), Some(1_861_920_000));
    assert_eq!(
        flaw(&format!("{above}{own}{}", key.key())),
        ValueFlaw::Mismatch
    );
    assert_eq!(flaw(&format!("{above}{}", key.key())), ValueFlaw::Mismatch);
    let many = above.repeat(10);
    let found = flaw(&format!("{own}{many}{}", key.key()));
    assert_eq!(found, ValueFlaw::Certificates { found: 11 });
}

#[test]
fn what_is_no_sound_pem_is_refused_and_no_sentence_repeats_it() {
    let (key, other) = (TestKey::new(), TestKey::new());
    let (own, certificate) = (key.key(), key.certificate("x", UNTIL));
    let broken = own.replacen("MII", "M*I", 1);
    let legacy = own.replace(
        "PRIVATE KEY-----\nMII",
        "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMII",
    );
    for (text, expected) in [
        (certificate.clone(), ValueFlaw::Keys(0)),
        (format!("{own}{}", other.key()), ValueFlaw::Keys(2)),
        (own.replace("-----END PRIVATE KEY-----", ""), ValueFlaw::Pem),
        (
            own.replace("BEGIN PRIVATE KEY-----", "BEGIN PRIVATE KEY--"),
            ValueFlaw::Pem,
        ),
        (broken, ValueFlaw::Pem),
        (pem("ENCRYPTED PRIVATE KEY", b"abc"), ValueFlaw::Encrypted),
        (legacy, ValueFlaw::Encrypted),
        (pem("PRIVATE KEY", b"abc"), ValueFlaw::Key),
        (pem("RSA PRIVATE KEY", b"abc"), ValueFlaw::Key),
        (pem("EC PRIVATE KEY", b"abc"), ValueFlaw::Key),
        (own.clone() + &pem("PUBLIC KEY", b"abc"), ValueFlaw::Section),
        (
            own.clone() + &pem("OPENSSH PRIVATE KEY", b"abc"),
            ValueFlaw::Section,
        ),
        (
            own.clone() + &pem("CERTIFICATE", b"abc"),
            ValueFlaw::Certificate,
        ),
    ] {
        let found = flaw(&text);
        assert_eq!(found, expected);
        assert!(!found.to_string().contains("MII"));
    }
}

#[test]
fn a_short_key_is_refused_and_one_of_a_curve_is_taken_but_does_not_sign_here() {
    let curve = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let edwards = Ed25519KeyPair::generate().unwrap();
    let pkcs8 = curve.to_pkcs8v1().unwrap();
    for text in [
        pem("PRIVATE KEY", pkcs8.as_ref()),
        pem("PRIVATE KEY", edwards.to_pkcs8().unwrap().as_ref()),
    ] {
        let value = UpstreamValue::read(&text).unwrap();
        let found = value.pem().unwrap();
        assert!(!found.is_rsa());
        assert_eq!(found.sign_rsa_sha256(b"m"), Err(KeyFlaw::Kind));
        let signed = found.sign_jwt_rs256("JWT", None, &json!({}));
        assert_eq!(signed, Err(KeyFlaw::Kind));
    }
    let long = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa3072).unwrap();
    let long = pem("PRIVATE KEY", long.as_der().unwrap().as_ref());
    assert!(UpstreamValue::read(&long).unwrap().pem().unwrap().is_rsa());
    // One of 1024 bits, made by hand: the library makes none.
    let short = include_str!("short.pem");
    assert_eq!(flaw(short), ValueFlaw::Key);
}

#[test]
fn rfc7515_7_1_a_vendor_verifies_what_was_signed_for_it() {
    let key = TestKey::new();
    let value = UpstreamValue::read(&key.key()).unwrap();
    let found = value.pem().unwrap();
    let verifies = |message: &[u8], signature: &[u8]| {
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public());
        public.verify(message, signature).is_ok()
    };
    assert!(verifies(b"text", &found.sign_rsa_sha256(b"text").unwrap()));
    let claims = json!({"sub": "ada"});
    for kid in [None, Some("k1")] {
        let jwt = found.sign_jwt_rs256("JWT", kid, &claims).unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(verifies(signed.as_bytes(), &signature));
        let parts: Vec<Value> = signed
            .split('.')
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        let mut header = json!({"typ": "JWT", "alg": "RS256"});
        if let Some(kid) = kid {
            header["kid"] = kid.into();
        }
        assert_eq!(parts, [header, claims.clone()]);
    }
}

#[test]
fn no_changed_or_missing_byte_of_pem_does_more_than_refuse_it() {
    let key = TestKey::new();
    let text = key.certificate("x", UNTIL) + &key.key();
    let mut read = 0;
    for place in (0..text.len()).step_by(5) {
        read += usize::from(UpstreamValue::read(&text[..place]).is_ok());
        for other in ['A', '-', '\n'] {
            let mut changed = text.clone();
            changed.replace_range(place..=place, &other.to_string());
            read += usize::from(UpstreamValue::read(&changed).is_ok());
        }
    }
    // A letter may stand in for itself, and text before the PEM is free.
    assert!(read > 0);
}

#[test]
fn a_value_is_not_shown() {
    let value = UpstreamValue::read("s3cret").unwrap();
    assert_eq!(format!("{value:?}"), "UpstreamValue { .. }");
}
