//! An API client as it is registered at Workday: by the certificate that was
//! uploaded for it, and by a secret.

use super::super::accounts::ApiClientAccount;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::secret::Secret;
use locum_core::token::Alg;
use locum_tokens::keys::KeySet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use subtle::ConstantTimeEq;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::Uint;

/// A registered client.
pub(super) struct ApiClient {
    /// Its name.
    pub(super) id: String,
    /// What it was registered for, in Locum's names.
    pub(super) scopes: Vec<String>,
    /// The one key that signs its assertions.
    pub(super) key: KeySet,
    secret: Secret<String>,
}

impl ApiClient {
    /// Reads the certificate; `None` if there is no RSA key in it.
    pub(super) fn new(account: &ApiClientAccount) -> Option<Self> {
        Some(Self {
            id: account.client_id.clone(),
            scopes: account.scopes.clone(),
            key: key_of(&account.certificate)?,
            secret: Secret::new(account.client_secret.expose().to_owned()),
        })
    }

    /// Whether the text is its secret.
    pub(super) fn has_secret(&self, offered: &str) -> bool {
        let secret = self.secret.expose().as_bytes();
        secret.ct_eq(offered.as_bytes()).into()
    }
}

/// The RSA key of a certificate (RFC 8017 appendix A.1.1: modulus, exponent).
fn key_of(pem: &str) -> Option<KeySet> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let certificate = Certificate::from_der(&der).ok()?;
    let info = certificate.tbs_certificate().subject_public_key_info();
    let numbers = info.subject_public_key.as_bytes()?;
    let numbers = Vec::<Uint>::from_der(numbers).ok()?;
    let [n, e] = numbers.as_slice() else {
        return None;
    };
    let text = |number: &Uint| URL_SAFE_NO_PAD.encode(number.as_bytes());
    let jwks = json!({"keys": [{"kty": "RSA", "n": text(n), "e": text(e)}]});
    let keys = KeySet::from_jwks(&jwks, &[Alg::RS256]).ok()?;
    (!keys.is_empty()).then_some(keys)
}
