//! Keys of ours: made, kept, signed with.

use super::jwk::{self, Public};
use super::verifier::{Name, Verifier};
use super::{KeyFlaw, pin};
use aws_lc_rs::encoding::{AsBigEndian, AsDer};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair as RsaPair, KeyPairComponents, KeySize, PublicKeyComponents as RsaPublic,
};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::JoseError;
use josekit::jwk::alg::rsa::RsaKeyPair;
use josekit::jwk::{Jwk, KeyPair as _};
use josekit::jws::{JwsAlgorithm, JwsHeader, JwsSigner};
use locum_core::secret::Secret;
use locum_core::token::Alg;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroize;

/// A private key with its name and its one algorithm.
#[derive(Clone)]
pub struct SigningKey {
    alg: Name,
    kid: String,
    public: Public,
    pair: Arc<SigningPair>,
}

enum SigningPair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaPair),
}

impl SigningKey {
    /// Makes a key: P-256, Ed25519 or RSA of 2048 bits. Without a `kid` it is
    /// named by its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`KeyFlaw::Library`] when the library has no randomness.
    pub fn generate(alg: Alg, kid: Option<&str>) -> Result<Self, KeyFlaw> {
        let pair = match alg {
            Alg::ES256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(SigningPair::P256)
            }
            Alg::EdDSA => Ed25519KeyPair::generate().map(SigningPair::Ed25519),
            Alg::RS256 | Alg::PS256 => RsaPair::generate(KeySize::Rsa2048).map(SigningPair::Rsa),
        };
        Self::new(alg, kid, pair.map_err(|_| KeyFlaw::Library)?)
    }

    /// Reads a private JWK (RFC 7517 §9.3), as [`Self::private_jwk`] writes it.
    /// An RSA key must say its `alg`.
    ///
    /// # Errors
    /// [`KeyFlaw`] when it is none, or its numbers do not fit together.
    pub fn from_private_jwk(value: &Value) -> Result<Self, KeyFlaw> {
        let key = jwk::read(value)?;
        let public = Public::of(&key)?;
        let alg = pin(public.kind(), key.algorithm())?;
        Self::new(alg, jwk::kid(&key)?, pair(&key, &public)?)
    }

    /// The private JWK as JSON text, to be sealed. Copies inside the libraries
    /// are theirs to wipe.
    ///
    /// # Errors
    /// [`KeyFlaw::Library`] when the library does not give the numbers.
    pub fn private_jwk(&self) -> Result<Secret<String>, KeyFlaw> {
        let mut jwk = self.public_jwk();
        let members = jwk.as_object_mut().ok_or(KeyFlaw::Library)?;
        for (name, number) in private_numbers(&self.pair)? {
            members.insert(name.into(), number.into());
        }
        let text = Secret::new(jwk.to_string());
        for value in jwk.as_object_mut().into_iter().flat_map(|m| m.values_mut()) {
            if let Value::String(member) = value {
                member.zeroize();
            }
        }
        Ok(text)
    }

    /// As published in a JWK set: `kty`, its numbers, `kid`, `alg`, `use`.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        self.public.published(&self.kid, self.alg.0)
    }

    /// The one algorithm it signs with.
    #[must_use]
    pub const fn alg(&self) -> Alg {
        self.alg.0
    }

    /// Its name.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// A compact JWS over `claims`, with header `typ`, `alg` and `kid`.
    ///
    /// # Errors
    /// [`KeyFlaw::Library`] when the library does not sign.
    pub fn sign(&self, typ: &str, claims: &Value) -> Result<String, KeyFlaw> {
        let mut header = JwsHeader::new();
        header.set_token_type(typ);
        let payload = claims.to_string();
        josekit::jws::serialize_compact(payload.as_bytes(), &header, self)
            .map_err(|_| KeyFlaw::Library)
    }

    /// What verifies what it signs.
    pub(super) fn verifier(&self) -> Result<Verifier, KeyFlaw> {
        Verifier::new(&self.public, self.alg.0, Some(&self.kid))
    }

    fn new(alg: Alg, kid: Option<&str>, pair: SigningPair) -> Result<Self, KeyFlaw> {
        let public = public(&pair)?;
        Ok(Self {
            alg: Name(alg),
            kid: kid.map_or_else(|| public.thumbprint(), str::to_owned),
            public,
            pair: Arc::new(pair),
        })
    }
}

fn private_numbers(pair: &SigningPair) -> Result<Vec<(&'static str, String)>, KeyFlaw> {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    match pair {
        SigningPair::P256(pair) => pair
            .private_key()
            .as_be_bytes()
            .map(|d| vec![("d", text(d.as_ref()))])
            .map_err(|_| KeyFlaw::Library),
        SigningPair::Ed25519(pair) => pair
            .seed()
            .and_then(|seed| seed.as_be_bytes())
            .map(|d| vec![("d", text(d.as_ref()))])
            .map_err(|_| KeyFlaw::Library),
        SigningPair::Rsa(pair) => {
            let numbers = rsa_numbers(pair)?.to_jwk_private_key();
            ["d", "p", "q", "dp", "dq", "qi"]
                .into_iter()
                .map(|name| Some((name, numbers.parameter(name)?.as_str()?.to_owned())))
                .collect::<Option<Vec<_>>>()
                .ok_or(KeyFlaw::Library)
        }
    }
}

/// aws-lc gives the numbers of an RSA key only as DER; josekit takes them out.
fn rsa_numbers(pair: &RsaPair) -> Result<RsaKeyPair, KeyFlaw> {
    let der = pair.as_der().map_err(|_| KeyFlaw::Library)?;
    RsaKeyPair::from_der(der.as_ref()).map_err(|_| KeyFlaw::Library)
}

fn public(pair: &SigningPair) -> Result<Public, KeyFlaw> {
    match pair {
        // SEC 1 §2.3.3: 4, x, y.
        SigningPair::P256(pair) => match pair.public_key().as_ref() {
            [4, xy @ ..] if xy.len() == 64 => {
                let (x, y) = xy.split_at(32);
                Ok(Public::P256 {
                    x: x.to_vec(),
                    y: y.to_vec(),
                })
            }
            _ => Err(KeyFlaw::Library),
        },
        SigningPair::Ed25519(pair) => Ok(Public::Ed25519 {
            x: pair.public_key().as_ref().to_vec(),
        }),
        SigningPair::Rsa(pair) => Public::of(&rsa_numbers(pair)?.to_jwk_public_key()),
    }
}

fn pair(key: &Jwk, public: &Public) -> Result<SigningPair, KeyFlaw> {
    let d = jwk::private(key, "d")?;
    match public {
        Public::P256 { x, y } if d.len() == 32 => {
            let point = [&[4_u8], x.as_slice(), y.as_slice()].concat();
            EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &d,
                &point,
            )
            .map(SigningPair::P256)
        }
        Public::Ed25519 { x } if d.len() == 32 => {
            Ed25519KeyPair::from_seed_and_public_key(&d, x).map(SigningPair::Ed25519)
        }
        Public::P256 { .. } | Public::Ed25519 { .. } => {
            return Err(KeyFlaw::Member { name: "d" });
        }
        Public::Rsa { n, e } => RsaPair::from_components(&KeyPairComponents {
            public_key: RsaPublic { n, e },
            d: &d,
            p: &jwk::private(key, "p")?,
            q: &jwk::private(key, "q")?,
            dP: &jwk::private(key, "dp")?,
            dQ: &jwk::private(key, "dq")?,
            qInv: &jwk::private(key, "qi")?,
        })
        .map(SigningPair::Rsa),
    }
    .map_err(|_| KeyFlaw::Unsound)
}

impl JwsSigner for SigningKey {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        &self.alg
    }

    fn key_id(&self) -> Option<&str> {
        Some(&self.kid)
    }

    fn signature_len(&self) -> usize {
        match self.pair.as_ref() {
            SigningPair::P256(_) | SigningPair::Ed25519(_) => 64,
            SigningPair::Rsa(pair) => pair.public_modulus_len(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a signature's own nonce or salt: nothing of it is decided on"
    )]
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        let failed = || JoseError::InvalidSignature(std::io::Error::other("not signed").into());
        match self.pair.as_ref() {
            SigningPair::P256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec()),
            SigningPair::Ed25519(pair) => pair.try_sign(message).map(|s| s.as_ref().to_vec()),
            SigningPair::Rsa(pair) => {
                let padding: &'static dyn RsaEncoding = match self.alg.0 {
                    Alg::PS256 => &RSA_PSS_SHA256,
                    Alg::RS256 | Alg::ES256 | Alg::EdDSA => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature)
                    .map(|()| signature)
            }
        }
        .map_err(|_| failed())
    }

    fn box_clone(&self) -> Box<dyn JwsSigner> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("alg", &self.alg.0)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
