//! PEM (RFC 7468): one private key, and the certificates that go with it.

use super::ValueFlaw;
use super::certificate::Certificate;
use super::key::UpstreamKey;
use rustls_pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

/// Most certificates of a chain.
pub(super) const CERTIFICATES_MAX: usize = 10;

const BEGIN: &str = "-----BEGIN ";

/// What PEM of an upstream secret holds.
pub struct Pem {
    pub(super) key: UpstreamKey,
    certificates: Vec<Certificate>,
}

/// Whether a text is meant to be PEM: a line of it begins a section.
pub(super) fn looks_like(text: &str) -> bool {
    text.lines().any(|line| line.starts_with(BEGIN))
}

impl Pem {
    /// Reads all sections. Text around them is passed over (RFC 7468 §2).
    pub(super) fn read(text: &str) -> Result<Self, ValueFlaw> {
        known_sections(text)?;
        let mut keys = Vec::new();
        let mut certificates = Vec::new();
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
            // The library's own sentence repeats the line.
            let (kind, der) = section.map_err(|_| ValueFlaw::Pem)?;
            let der = Zeroizing::new(der);
            match kind {
                SectionKind::Certificate => certificates.push(der.to_vec()),
                SectionKind::PrivateKey
                | SectionKind::RsaPrivateKey
                | SectionKind::EcPrivateKey => keys.push((kind, der)),
                _ => return Err(ValueFlaw::Section),
            }
        }
        if certificates.len() > CERTIFICATES_MAX {
            let found = certificates.len();
            return Err(ValueFlaw::Certificates { found });
        }
        let [(kind, der)] = keys.as_slice() else {
            return Err(ValueFlaw::Keys(keys.len()));
        };
        let key = UpstreamKey::read(*kind, der)?;
        let certificates = certificates.into_iter().map(Certificate::read);
        let certificates: Vec<_> = certificates.collect::<Result<_, _>>()?;
        match certificates.first() {
            Some(first) if !first.is_of(key.public()) => Err(ValueFlaw::Mismatch),
            Some(_) | None => Ok(Self { key, certificates }),
        }
    }

    /// The certificate of the key, where there is one.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificates.first()
    }

    /// All certificates, that of the key first.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether the key is RSA: only then it signs for [`Self::sign_rsa_sha256`].
    #[must_use]
    pub const fn is_rsa(&self) -> bool {
        self.key.rsa().is_some()
    }
}

/// Sections that the library passes over are not passed over here: a key under a
/// passphrase would look like none. Parameters of a curve stand in the key too.
fn known_sections(text: &str) -> Result<(), ValueFlaw> {
    const PASSED_OVER: [&str; 1] = ["EC PARAMETERS"];
    const READ: [&str; 4] = [
        "CERTIFICATE",
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
    ];
    for line in text.lines() {
        // RFC 1421 §4.6.1.1, as older tools write it within a section.
        let under_a_passphrase = line.starts_with("Proc-Type:") && line.contains("ENCRYPTED");
        let label = line.strip_prefix(BEGIN).map(|rest| rest.trim_end());
        let label = label.map(|rest| rest.strip_suffix("-----").ok_or(ValueFlaw::Pem));
        match label.transpose()? {
            _ if under_a_passphrase => return Err(ValueFlaw::Encrypted),
            Some("ENCRYPTED PRIVATE KEY") => return Err(ValueFlaw::Encrypted),
            Some(label) if READ.contains(&label) || PASSED_OVER.contains(&label) => {}
            Some(_) => return Err(ValueFlaw::Section),
            None => {}
        }
    }
    Ok(())
}
