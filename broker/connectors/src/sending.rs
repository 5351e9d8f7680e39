//! A request that is ready to go.

use locum_core::ids::SecretName;
use locum_core::secret::Secret;

/// A request to be sent as it is: nothing is added that the vendor would see,
/// no redirect is followed. Its address may hold a credential: it is never
/// logged.
pub struct Sending {
    /// The request; headers that hold a secret are marked as sensitive.
    pub request: http::Request<Secret<Vec<u8>>>,
    /// The secret whose PEM (certificate and key) is shown in the TLS handshake.
    pub identity: Option<SecretName>,
}
