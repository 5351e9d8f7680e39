//! Signing with the key of an upstream secret: RSA with SHA-256, which is what
//! vendors take of an assertion.

use super::{Pem, UpstreamValue};
use crate::keys::{KeyFlaw, Name};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use josekit::JoseError;
use josekit::jws::{JwsAlgorithm, JwsHeader, JwsSigner};
use locum_core::token::Alg;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Signs JWTs for a vendor, under the name by which the vendor knows the key.
#[derive(Clone)]
struct VendorSigner {
    alg: Name,
    kid: Option<String>,
    pair: Arc<RsaPair>,
}

impl Pem {
    /// A signature by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2).
    ///
    /// # Errors
    /// [`KeyFlaw::Kind`] of a key that is not RSA, [`KeyFlaw::Library`] when the
    /// library does not sign.
    pub fn sign_rsa_sha256(&self, message: &[u8]) -> Result<Vec<u8>, KeyFlaw> {
        signed(self.key.rsa().ok_or(KeyFlaw::Kind)?, message)
    }

    /// A compact JWS by RS256 over `claims`, with header `typ`, `alg`, and `kid`
    /// where one is named.
    ///
    /// # Errors
    /// Those of [`Self::sign_rsa_sha256`].
    pub fn sign_jwt_rs256(
        &self,
        typ: &str,
        kid: Option<&str>,
        claims: &Value,
    ) -> Result<String, KeyFlaw> {
        let signer = VendorSigner {
            alg: Name(Alg::RS256),
            kid: kid.map(str::to_owned),
            pair: self.key.rsa().ok_or(KeyFlaw::Kind)?.clone(),
        };
        let mut header = JwsHeader::new();
        header.set_token_type(typ);
        let payload = claims.to_string();
        josekit::jws::serialize_compact(payload.as_bytes(), &header, &signer)
            .map_err(|_| KeyFlaw::Library)
    }
}

fn signed(pair: &RsaPair, message: &[u8]) -> Result<Vec<u8>, KeyFlaw> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a signature's own blinding: nothing of it is decided on"
    )]
    let random = SystemRandom::new();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
        .map(|()| signature)
        .map_err(|_| KeyFlaw::Library)
}

impl JwsSigner for VendorSigner {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        &self.alg
    }

    fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    fn signature_len(&self) -> usize {
        self.pair.public_modulus_len()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        let failed = |flaw: KeyFlaw| JoseError::InvalidSignature(flaw.into());
        signed(&self.pair, message).map_err(failed)
    }

    fn box_clone(&self) -> Box<dyn JwsSigner> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for VendorSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorSigner").finish_non_exhaustive()
    }
}

impl fmt::Debug for UpstreamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamValue").finish_non_exhaustive()
    }
}
