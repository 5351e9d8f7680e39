//! Why keys are not used.

/// Why a key or a set of keys is not used. Places and names, never contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFlaw {
    /// No JWK set (RFC 7517 §5).
    #[error("expected an object with an array `keys`, found another value")]
    NotASet,
    /// More keys than a set may have.
    #[error("expected at most {max} keys, found {found}")]
    TooMany {
        /// The limit.
        max: usize,
        /// How many there are.
        found: usize,
    },
    /// Two keys of one name and algorithm: which one signed could not be said.
    #[error("expected one key for a `kid` and an algorithm, found two different ones")]
    DuplicateKid,
    /// No JWK (RFC 7517 §4), or a member of it has another JSON type.
    #[error("expected a JWK with its members of their JSON types, found another value")]
    NotAKey,
    /// A private or secret member where only public ones may be.
    #[error("expected a public key, found a private member")]
    Private,
    /// A kind of key that none of our algorithms uses.
    #[error("expected an RSA, EC P-256 or OKP Ed25519 key, found another kind")]
    Kind,
    /// `use` or `key_ops` say that it does not verify.
    #[error("expected a key for signatures, found one for another use")]
    Use,
    /// `alg` is none we know, none the issuer uses, or none for such a key.
    #[error("expected an algorithm that the issuer and the kind of key allow, found another")]
    Alg,
    /// Several algorithms would do and a key of ours does not say which.
    #[error("expected `alg` in a key that fits several algorithms, found none")]
    AlgUnclear,
    /// A member of the wrong length or encoding.
    #[error("expected unpadded base64url of the right length as `{name}`, found another value")]
    Member {
        /// Its name.
        name: &'static str,
    },
    /// An RSA modulus below 2048 bits (RFC 7518 §3.3) or above 8192.
    #[error("expected an RSA modulus of 2048 to 8192 bits, found another length")]
    RsaLength,
    /// Not a point of the curve, a weak one, or numbers that do not fit.
    #[error("expected a sound key, found one whose numbers do not fit")]
    Unsound,
    /// The library could not make a key or a signature.
    #[error("expected a key or a signature to be made, found a failure of the library")]
    Library,
}

impl KeyFlaw {
    /// One word for it, as a label of a metric.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotASet => "not_a_set",
            Self::TooMany { .. } => "too_many",
            Self::DuplicateKid => "duplicate_kid",
            Self::NotAKey => "not_a_key",
            Self::Private => "private",
            Self::Kind => "kind",
            Self::Use => "use",
            Self::Alg => "alg",
            Self::AlgUnclear => "alg_unclear",
            Self::Member { .. } => "member",
            Self::RsaLength => "rsa_length",
            Self::Unsound => "unsound",
            Self::Library => "library",
        }
    }
}
