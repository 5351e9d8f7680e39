//! The private key of an upstream secret.

use super::ValueFlaw;
use aws_lc_rs::rsa::KeyPair as RsaPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use rustls_pki_types::pem::SectionKind;
use std::sync::Arc;

/// A private key. Only an RSA key signs here: of others it is enough to know that
/// they are sound, and whose certificate it is; TLS takes them from the text.
pub(super) struct UpstreamKey {
    rsa: Option<Arc<RsaPair>>,
    /// As it stands in the certificate (RFC 5280 §4.1.2.7).
    public: Vec<u8>,
}

impl UpstreamKey {
    pub(super) fn read(kind: SectionKind, der: &[u8]) -> Result<Self, ValueFlaw> {
        let found = match kind {
            SectionKind::RsaPrivateKey => RsaPair::from_der(der).ok().map(Self::of_rsa),
            SectionKind::EcPrivateKey => of_curve(der),
            _ => {
                let rsa = RsaPair::from_pkcs8(der).ok().map(Self::of_rsa);
                rsa.or_else(|| of_curve(der)).or_else(|| of_ed25519(der))
            }
        };
        found.ok_or(ValueFlaw::Key)
    }

    fn of_rsa(pair: RsaPair) -> Self {
        Self {
            public: pair.public_key().as_ref().to_vec(),
            rsa: Some(Arc::new(pair)),
        }
    }

    pub(super) const fn rsa(&self) -> Option<&Arc<RsaPair>> {
        self.rsa.as_ref()
    }

    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }
}

fn of_curve(der: &[u8]) -> Option<UpstreamKey> {
    let mut curves = [
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &ECDSA_P384_SHA384_FIXED_SIGNING,
        &ECDSA_P521_SHA512_FIXED_SIGNING,
    ]
    .into_iter();
    let pair = curves.find_map(|curve| EcdsaKeyPair::from_private_key_der(curve, der).ok())?;
    let public = pair.public_key().as_ref().to_vec();
    Some(UpstreamKey { rsa: None, public })
}

fn of_ed25519(der: &[u8]) -> Option<UpstreamKey> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
    let public = pair.public_key().as_ref().to_vec();
    Some(UpstreamKey { rsa: None, public })
}
