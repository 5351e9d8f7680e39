//! Signature algorithms we know.

use serde::{Deserialize, Serialize};

/// A JWS algorithm (RFC 7518 §3.1, RFC 8037 §3.1). Symmetric ones and `none`
/// are not among them: no public key can ever be taken for a secret.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[allow(
    clippy::upper_case_acronyms,
    reason = "the names of the IANA registry, compared exactly"
)]
pub enum Alg {
    /// ECDSA on P-256 with SHA-256: what we sign with unless a target says otherwise.
    #[default]
    ES256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// Ed25519. Read as `EdDSA` or by its fully specified name `Ed25519`
    /// (RFC 9864), written as `EdDSA`.
    #[serde(alias = "Ed25519")]
    EdDSA,
}

impl Alg {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ES256, Self::RS256, Self::PS256, Self::EdDSA];

    /// Reads a name, case and all (RFC 7515 §4.1.1); `None` for any other.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::ES256),
            "RS256" => Some(Self::RS256),
            "PS256" => Some(Self::PS256),
            "EdDSA" | "Ed25519" => Some(Self::EdDSA),
            _ => None,
        }
    }

    /// The name as written in headers and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::EdDSA => "EdDSA",
        }
    }
}

impl std::fmt::Display for Alg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
