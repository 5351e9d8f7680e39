//! A certificate (RFC 5280), as far as vendors ask for it.

use super::ValueFlaw;
use sha2::{Digest, Sha256};
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::name::DirectoryString;

/// `id-at-commonName` (RFC 5280 appendix A.1).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    common_name: Option<String>,
    sha256: [u8; 32],
    ends_s: u64,
    public: Vec<u8>,
}

impl Certificate {
    pub(super) fn read(der: Vec<u8>) -> Result<Self, ValueFlaw> {
        let read = x509_cert::Certificate::from_der(&der).map_err(|_| ValueFlaw::Certificate)?;
        let tbs = read.tbs_certificate();
        let mut names = tbs.subject().iter().filter(|name| name.oid == COMMON_NAME);
        let common_name = names
            .find_map(|name| name.value.decode_as::<DirectoryString>().ok())
            .map(|name| name.value().into_owned());
        let public = &tbs.subject_public_key_info().subject_public_key;
        Ok(Self {
            common_name,
            sha256: Sha256::digest(&der).into(),
            ends_s: tbs.validity().not_after.to_unix_duration().as_secs(),
            public: public.raw_bytes().to_vec(),
            der,
        })
    }

    /// Its bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject's common name; none is not rare.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// SHA-256 of its bytes: the thumbprint that vendors show.
    #[must_use]
    pub const fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// When it ends, Unix seconds.
    #[must_use]
    pub const fn ends_s(&self) -> u64 {
        self.ends_s
    }

    /// Whether it is of that public key.
    pub(super) fn is_of(&self, public: &[u8]) -> bool {
        self.public == public
    }
}
