//! Values of upstream secrets (contract §15): a text, or PEM with a private key
//! and its certificates.

mod certificate;
mod key;
mod pem;
mod sign;

pub use certificate::Certificate;
pub use pem::Pem;

use locum_core::secret::Secret;

/// Longest value, in bytes.
pub const VALUE_MAX: usize = 65_536;

/// Why a text is no value of a secret. Nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueFlaw {
    /// Nothing.
    #[error("expected a text or PEM, found nothing")]
    Empty,
    /// Longer than [`VALUE_MAX`].
    #[error("expected at most {VALUE_MAX} bytes, found more")]
    TooLong,
    /// A character that no header, form or file of settings carries.
    #[error("expected no control characters but tabs and line breaks, found another")]
    Control,
    /// No PEM (RFC 7468), though it looks like it.
    #[error("expected PEM as of RFC 7468, found a section that does not read")]
    Pem,
    /// A private key under a passphrase.
    #[error(
        "expected a private key without a passphrase, found an encrypted one; take it off, with `openssl pkey -in FILE`"
    )]
    Encrypted,
    /// Something that is neither a certificate nor a private key.
    #[error("expected certificates and one private key, found another section")]
    Section,
    /// More than one private key, or none.
    #[error("expected one private key, found {0}")]
    Keys(usize),
    /// More certificates than a chain has.
    #[error("expected at most {most} certificates, found {found}", most = pem::CERTIFICATES_MAX)]
    Certificates {
        /// How many there are.
        found: usize,
    },
    /// Of a kind or length that is not taken.
    #[error(
        "expected an RSA key of 2048 to 8192 bits, an EC key on P-256, P-384 or P-521, or an Ed25519 key, found another"
    )]
    Key,
    /// No certificate (RFC 5280).
    #[error("expected X.509 certificates, found something else")]
    Certificate,
    /// The first certificate is another key's.
    #[error("expected the certificate of the private key first, found that of another key")]
    Mismatch,
}

/// A value that was read; overwritten when dropped, as far as the libraries let
/// go of what they copied.
pub struct UpstreamValue {
    text: Secret<String>,
    pem: Option<Pem>,
}

impl UpstreamValue {
    /// Reads a value. Line breaks at the end of a text are no part of it.
    ///
    /// # Errors
    /// [`ValueFlaw`].
    pub fn read(text: &str) -> Result<Self, ValueFlaw> {
        if text.len() > VALUE_MAX {
            return Err(ValueFlaw::TooLong);
        }
        let is_other = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        if text.contains(is_other) {
            return Err(ValueFlaw::Control);
        }
        let text = text.trim_end_matches(['\n', '\r']);
        if text.trim().is_empty() {
            return Err(ValueFlaw::Empty);
        }
        let pem = pem::looks_like(text).then(|| Pem::read(text));
        Ok(Self {
            pem: pem.transpose()?,
            text: Secret::new(text.to_owned()),
        })
    }

    /// The whole value: a text as it is sent, PEM as it was given.
    #[must_use]
    pub const fn text(&self) -> &Secret<String> {
        &self.text
    }

    /// What the PEM holds; `None` of a text.
    #[must_use]
    pub const fn pem(&self) -> Option<&Pem> {
        self.pem.as_ref()
    }

    /// When the first of its certificates ends, Unix seconds.
    #[must_use]
    pub fn ends_s(&self) -> Option<u64> {
        let certificates = self.pem.iter().flat_map(Pem::certificates);
        certificates.map(Certificate::ends_s).min()
    }
}

#[cfg(test)]
mod tests;
