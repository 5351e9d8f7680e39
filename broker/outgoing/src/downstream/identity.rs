//! What Locum shows a downstream system in TLS.

use locum_core::secret::{Secret, Wipe};
use reqwest::Identity;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

/// A certificate chain and its private key, for mutual TLS. Never shown.
#[derive(Clone)]
pub struct ClientIdentity {
    /// What the client takes.
    pub(super) tls: Identity,
    /// SHA-256 of what it was read from: connections made with one identity are
    /// never used with another.
    pub(super) digest: [u8; 32],
}

impl ClientIdentity {
    /// Reads a certificate chain, its own certificate first, and the private key
    /// of that certificate, all in one PEM, in any order.
    ///
    /// # Errors
    /// What is wrong with it; never a part of it.
    pub fn from_pem<T: Wipe + AsRef<[u8]>>(pem: &Secret<T>) -> Result<Self, &'static str> {
        let pem: &[u8] = pem.expose().as_ref();
        let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let keys = PrivateKeyDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let (Ok(chain), Ok(mut keys)) = (chain, keys) else {
            return Err("expected PEM, found something else");
        };
        if chain.is_empty() {
            return Err("expected a certificate and its private key, found no certificate");
        }
        let key = match (keys.pop(), keys.is_empty()) {
            (Some(key), true) => key,
            (Some(_), false) => return Err("expected one private key, found more"),
            (None, _) => {
                return Err("expected a certificate and its private key, found no private key");
            }
        };
        match CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()) {
            Ok(_) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err("expected the private key of the first certificate, found another");
            }
            Err(_) => {
                return Err(
                    "expected an X.509 certificate and a private key that TLS signs with, found others",
                );
            }
        }
        let tls = Identity::from_pem(pem);
        let tls = tls.map_err(|_| "expected certificates and a private key, found more")?;
        let digest = Sha256::digest(pem).into();
        Ok(Self { tls, digest })
    }
}
