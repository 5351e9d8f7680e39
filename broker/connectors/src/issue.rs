//! The kind `issue`: Locum signs the credential itself.

use locum_core::decide::{Permit, Recorded};
use locum_core::secret::Secret;
use serde_json::Value;

/// Header `typ` of an access token (RFC 9068 §2.1).
const ACCESS_TOKEN: &str = "at+jwt";

/// Whoever signs for the kind `issue`: Locum's key of the target's algorithm.
pub trait Signer {
    /// Signs claims as a compact JWS with that header `typ`.
    ///
    /// # Errors
    /// [`ConnectorFault`] when the key cannot sign.
    fn sign(&self, typ: &str, claims: &Value) -> Result<Secret<String>, ConnectorFault>;
}

/// A credential that could not be obtained. Its permit is on the record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("credential not obtained: {detail}")]
pub struct ConnectorFault {
    /// For the log, never for the caller.
    pub detail: String,
}

/// A credential as it is handed out.
pub struct IssuedCredential {
    /// The credential.
    pub secret: Secret<String>,
    /// Seconds it lives.
    pub expires_in: u32,
}

/// Locum signs the access token itself. `jti` and `exp`
/// were fixed before the one record.
///
/// # Errors
/// [`ConnectorFault`] when the signer fails; then nothing leaves.
pub fn issue(
    permit: &Recorded<Permit>,
    signer: &impl Signer,
) -> Result<IssuedCredential, ConnectorFault> {
    let claims = Value::Object(permit.claims().clone());
    let secret = signer.sign(ACCESS_TOKEN, &claims)?;
    Ok(IssuedCredential {
        secret,
        expires_in: permit.lifetime(),
    })
}
