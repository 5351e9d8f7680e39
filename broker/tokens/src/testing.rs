//! Certificates for tests: made by hand, so that nothing that runs can make any.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "for tests: what it is given is right, or the test is wrong"
)]

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `sha256WithRSAEncryption`, `rsaEncryption` (RFC 4055), with their NULL.
const SHA256_WITH_RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const COMMON_NAME: &[u8] = b"\x06\x03\x55\x04\x03";

/// An RSA key that names itself.
pub struct TestKey(RsaPair);

impl TestKey {
    /// A new one of 2048 bits.
    #[must_use]
    pub fn new() -> Self {
        Self(RsaPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// The private key (PKCS #8) as PEM.
    #[must_use]
    pub fn key(&self) -> String {
        pem("PRIVATE KEY", self.0.as_der().unwrap().as_ref())
    }

    /// A certificate of its own signing, valid from 2020 until then
    /// (`YYYYMMDDHHMMSS`), as PEM.
    #[must_use]
    pub fn certificate(&self, name: &str, until: &str) -> String {
        let name = wrap(
            0x31,
            &sequence(&[COMMON_NAME, &wrap(0x0c, name.as_bytes())]),
        );
        let name = wrap(0x30, &name);
        let time = |text: &str| wrap(0x18, format!("{text}Z").as_bytes());
        let validity = sequence(&[&time("20200101000000"), &time(until)]);
        let public = [&[0], self.0.public_key().as_ref()].concat();
        let public = sequence(&[&wrap(0x30, RSA), &wrap(0x03, &public)]);
        let algorithm = wrap(0x30, SHA256_WITH_RSA);
        let serial = wrap(0x02, &[1]);
        let body = sequence(&[&serial, &algorithm, &name, &validity, &name, &public]);
        let mut signature = vec![0; self.0.public_modulus_len() + 1];
        #[expect(clippy::disallowed_methods, reason = "for tests")]
        let random = SystemRandom::new();
        let place = signature.get_mut(1..).unwrap();
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &random, &body, place);
        signed.unwrap();
        let whole = sequence(&[&body, &algorithm, &wrap(0x03, &signature)]);
        pem("CERTIFICATE", &whole)
    }

    /// The public key (PKCS #1).
    #[must_use]
    pub fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
}

impl Default for TestKey {
    fn default() -> Self {
        Self::new()
    }
}

/// DER as PEM (RFC 7468).
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(std::str::from_utf8(line).unwrap());
        out.push('\n');
    }
    out + &format!("-----END {label}-----\n")
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    wrap(0x30, &parts.concat())
}

/// A value with its tag and length (X.690 §8.1).
fn wrap(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    let length = length.get(zeros..).unwrap();
    let mut out = vec![tag];
    match length {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap());
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(value);
    out
}
