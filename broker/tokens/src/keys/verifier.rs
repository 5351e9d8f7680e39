//! One public key with its one algorithm, parsed once: building a verifier
//! costs more than using it.

use super::KeyFlaw;
use super::jwk::Public;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};
use josekit::JoseError;
use josekit::jws::{JwsAlgorithm, JwsVerifier};
use locum_core::token::{Alg, Kid};
use std::fmt;

/// Bytes of an ES256 signature, r and s (RFC 7518 §3.4), and of an Ed25519 one.
const FIXED: usize = 64;

/// Longest RSA public exponent: F4 has 3 bytes, none in use has more than 4.
const EXPONENT_MAX: usize = 4;

/// Points of order 1, 2, 4 and 8 on edwards25519 and their other encodings,
/// without the sign bit: "keys" whose signatures anyone can make.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    first_last(0x01, 0x00, 0x00),
    first_last(0xec, 0xff, 0x7f),
    first_last(0xed, 0xff, 0x7f),
    first_last(0xee, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn first_last(first: u8, between: u8, last: u8) -> [u8; 32] {
    let mut out = [between; 32];
    let [head, .., tail] = &mut out;
    *head = first;
    *tail = last;
    out
}

/// josekit wants algorithms as objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name(pub(crate) Alg);

impl JwsAlgorithm for Name {
    fn name(&self) -> &str {
        self.0.as_str()
    }

    fn box_clone(&self) -> Box<dyn JwsAlgorithm> {
        Box::new(*self)
    }
}

/// Verifies with one key and one algorithm.
#[derive(Clone)]
pub(super) struct Verifier {
    pub(super) alg: Name,
    /// As the issuer named it; without, only tokens without `kid` reach it.
    pub(super) kid: Option<String>,
    /// [`Self::kid`] or the thumbprint.
    pub(super) name: Kid,
    key: ParsedPublicKey,
}

impl Verifier {
    pub(super) fn new(public: &Public, alg: Alg, kid: Option<&str>) -> Result<Self, KeyFlaw> {
        let thumbprint = public.thumbprint();
        Ok(Self {
            alg: Name(alg),
            kid: kid.map(str::to_owned),
            name: Kid::new(kid.unwrap_or(&thumbprint)),
            key: parse(public, alg)?,
        })
    }
}

fn parse(public: &Public, alg: Alg) -> Result<ParsedPublicKey, KeyFlaw> {
    match (public, alg) {
        (Public::P256 { x, y }, Alg::ES256) => {
            // SEC 1 §2.3.3, uncompressed; aws-lc refuses points off the curve.
            let point = [&[4_u8], x.as_slice(), y.as_slice()].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyFlaw::Unsound)
        }
        (Public::Ed25519 { x }, Alg::EdDSA) => {
            if is_small_order(x) {
                return Err(KeyFlaw::Unsound);
            }
            ParsedPublicKey::new(&ED25519, x).map_err(|_| KeyFlaw::Unsound)
        }
        (Public::Rsa { n, e }, Alg::RS256) => rsa(n, e, &RSA_PKCS1_2048_8192_SHA256),
        (Public::Rsa { n, e }, Alg::PS256) => rsa(n, e, &RSA_PSS_2048_8192_SHA256),
        (
            Public::P256 { .. } | Public::Ed25519 { .. } | Public::Rsa { .. },
            Alg::ES256 | Alg::RS256 | Alg::PS256 | Alg::EdDSA,
        ) => Err(KeyFlaw::Alg),
    }
}

fn rsa(n: &[u8], e: &[u8], parameters: &'static RsaParameters) -> Result<ParsedPublicKey, KeyFlaw> {
    let bits = match n.first() {
        Some(first) => n.len() * 8 - first.leading_zeros() as usize,
        None => 0,
    };
    if !(2048..=8192).contains(&bits) {
        return Err(KeyFlaw::RsaLength);
    }
    // An exponent of 1 signs nothing; a huge one costs time.
    let odd = e.last().is_some_and(|last| last % 2 == 1);
    if !odd || e == [1] || e.len() > EXPONENT_MAX {
        return Err(KeyFlaw::Unsound);
    }
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(parameters)
        .map_err(|_| KeyFlaw::Unsound)
}

fn is_small_order(x: &[u8]) -> bool {
    let mut unsigned = x.to_vec();
    if let Some(last) = unsigned.last_mut() {
        *last &= 0x7f;
    }
    SMALL_ORDER.iter().any(|point| point.as_slice() == unsigned)
}

impl JwsVerifier for Verifier {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        &self.alg
    }

    fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JoseError> {
        let fits = match self.alg.0 {
            Alg::ES256 | Alg::EdDSA => signature.len() == FIXED,
            Alg::RS256 | Alg::PS256 => true,
        };
        let verified = fits && self.key.verify_sig(message, signature).is_ok();
        verified
            .then_some(())
            .ok_or_else(|| JoseError::InvalidSignature(std::io::Error::other("no fit").into()))
    }

    fn box_clone(&self) -> Box<dyn JwsVerifier> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("alg", &self.alg.0)
            .field("kid", &self.name)
            .finish_non_exhaustive()
    }
}
