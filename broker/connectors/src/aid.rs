//! What a connector needs and cannot do itself: secrets are opened, and things
//! signed, by whoever runs it.

use crate::trouble::Trouble;
use locum_core::ids::SecretName;
use locum_core::secret::Secret;
use serde_json::Value;
use std::sync::Arc;

/// Which key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOf<'a> {
    /// Locum's own published RS256 key; `kid` is the one in `/jwks`.
    Ours,
    /// The RSA key of that secret's PEM; `kid` is the base64url SHA-256 of its
    /// certificate.
    Named(&'a SecretName),
}

/// The certificate of a secret's PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// DER (X.509).
    pub der: Vec<u8>,
    /// The common name of its subject, if it has exactly one.
    pub common_name: Option<String>,
}

/// What is at hand while a request is written. A flaw of these is
/// [`Trouble::Unable`]: nothing was sent then.
pub trait Aid {
    /// The value of a secret, as it was put in.
    ///
    /// # Errors
    /// [`Trouble::Unable`] where there is no such secret now.
    fn secret(&self, name: &SecretName) -> Result<Arc<Secret<Vec<u8>>>, Trouble>;

    /// Signs claims by RS256 as a compact JWS with that header `typ`.
    ///
    /// # Errors
    /// [`Trouble::Unable`] where the key cannot sign.
    fn sign_jwt(
        &self,
        key: KeyOf<'_>,
        typ: &str,
        claims: &Value,
    ) -> Result<Secret<String>, Trouble>;

    /// Signs a text by RSA PKCS #1 v1.5 with SHA-256.
    ///
    /// # Errors
    /// [`Trouble::Unable`] where the key cannot sign.
    fn sign_rsa_sha256(&self, key: &SecretName, text: &[u8]) -> Result<Vec<u8>, Trouble>;

    /// The certificate beside the key of that secret.
    ///
    /// # Errors
    /// [`Trouble::Unable`] where it has none.
    fn certificate(&self, key: &SecretName) -> Result<Certificate, Trouble>;
}
