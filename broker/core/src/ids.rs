//! Names. Operator-chosen ids and generated ids (contract §2), each its own
//! type, parsed once.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct IdFlaw {
    /// What would have been accepted, in words.
    pub expected: &'static str,
}

/// Longest operator-chosen id, in bytes (contract §2).
pub const OPERATOR_ID_MAX: usize = 63;

const OPERATOR_ID: IdFlaw = IdFlaw {
    expected: "1 to 63 of a-z, 0-9 and `-`, not starting with `-`",
};

fn is_operator_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty()
        && text.len() <= OPERATOR_ID_MAX
        && !text.starts_with('-')
        && text.bytes().all(allowed)
}

macro_rules! operator_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Parses `[a-z0-9][a-z0-9-]{0,62}` (contract §2).
            ///
            /// # Errors
            /// [`IdFlaw`] when the text has another form.
            pub fn parse(text: &str) -> Result<Self, IdFlaw> {
                if is_operator_id(text) { Ok(Self(text.into())) } else { Err(OPERATOR_ID) }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl TryFrom<String> for $name {
            type Error = IdFlaw;
            fn try_from(text: String) -> Result<Self, IdFlaw> { Self::parse(&text) }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self { id.0.into() }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str { &self.0 }
        }
    )+};
}

operator_id! {
    /// A registered workload that may act; equals its OAuth `client_id`.
    AgentId,
    /// An OAuth client that is no agent: a resource server or a presenter.
    ClientId,
    /// A downstream system.
    TargetId,
    /// A trusted issuer of foreign tokens.
    IssuerId,
    /// An upstream secret (contract §15).
    SecretName,
}

/// Crockford base32, lower case (contract §2).
const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of an encoded 128-bit id.
const ENCODED: usize = 26;

/// A UUIDv7 as a number; its top 48 bits are Unix milliseconds (RFC 9562 §5.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid7(u128);

impl Uuid7 {
    /// No id comes before it.
    pub(crate) const LEAST: Self = Self(0);

    /// Builds a UUIDv7 from Unix milliseconds and 10 random bytes.
    #[must_use]
    pub fn new(ms: u64, random: [u8; 10]) -> Self {
        let noise = random
            .iter()
            .fold(0_u128, |acc, b| (acc << 8) | u128::from(*b));
        let rand_a = (noise >> 62) & 0xfff;
        let rand_b = noise & ((1 << 62) - 1);
        let ms = u128::from(ms) & ((1 << 48) - 1);
        Self((ms << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b)
    }

    /// Unix milliseconds at which the id was made.
    #[must_use]
    pub fn ms(self) -> u64 {
        (self.0 >> 80) as u64
    }

    /// The 16 bytes, most significant first.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    fn encode(self) -> String {
        (0..ENCODED)
            .rev()
            .filter_map(|i| CROCKFORD.get(((self.0 >> (5 * i)) & 31) as usize))
            .map(|b| char::from(*b))
            .collect()
    }

    fn decode(text: &str) -> Option<Self> {
        if text.len() != ENCODED {
            return None;
        }
        let mut value: u128 = 0;
        for (place, byte) in text.bytes().enumerate() {
            let digit = CROCKFORD.iter().position(|c| *c == byte)? as u128;
            if place == 0 && digit > 7 {
                return None;
            }
            value = (value << 5) | digit;
        }
        Some(Self(value))
    }
}

macro_rules! generated_id {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub Uuid7);

        impl $name {
            /// Parses the prefix and 26 lower-case Crockford base32 characters.
            ///
            /// # Errors
            /// [`IdFlaw`] when the text has another form.
            pub fn parse(text: &str) -> Result<Self, IdFlaw> {
                text.strip_prefix($prefix)
                    .and_then(Uuid7::decode)
                    .map(Self)
                    .ok_or(IdFlaw { expected: concat!("`", $prefix, "` and 26 base32 characters") })
            }

            /// Unix milliseconds at which the id was made.
            #[must_use]
            pub fn ms(self) -> u64 { self.0.ms() }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str(&self.0.encode())
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdFlaw;
            fn try_from(text: String) -> Result<Self, IdFlaw> { Self::parse(&text) }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self { id.to_string() }
        }
    )+};
}

generated_id! {
    /// One exchange: a delegation.
    DelegationId = "dlg_",
    /// A person's standing delegation.
    GrantId = "grt_",
    /// A version of an agent.
    VersionId = "ver_",
    /// A revocation.
    RevocationId = "rev_",
    /// A lock.
    LockId = "lck_",
    /// A credential of the admin API.
    CredentialId = "crd_",
    /// One request to a token endpoint or the admin API.
    RequestId = "req_",
    /// The `jti` of a token of ours (RFC 7519 §4.1.7).
    Jti = "",
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_operator_id_is_lower_case_letters_digits_and_dashes() {
        for good in ["a", "0", "invoice-agent", &"a".repeat(63)] {
            assert!(AgentId::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "A",
            "a_b",
            "a.b",
            "ä",
            "a\n",
            "a ",
            &"a".repeat(64),
        ] {
            assert!(AgentId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_generated_id_round_trips_and_carries_its_millisecond() {
        let id = DelegationId(Uuid7::new(1_795_400_000_123, [0xff; 10]));
        let text = id.to_string();
        assert!(text.starts_with("dlg_01"), "{text}");
        assert_eq!(text.len(), 30);
        assert_eq!(DelegationId::parse(&text).unwrap(), id);
        assert_eq!(id.ms(), 1_795_400_000_123);
        assert_eq!(id.0.to_bytes()[6] >> 4, 7);
        assert_eq!(id.0.to_bytes()[8] >> 6, 0b10);
    }

    #[test]
    fn a_generated_id_refuses_other_prefixes_alphabets_and_overflow() {
        let text = Jti(Uuid7::new(1, [1; 10])).to_string();
        assert!(DelegationId::parse(&text).is_err());
        assert!(Jti::parse(&text.to_uppercase()).is_ok() == (text.to_uppercase() == text));
        assert!(Jti::parse(&format!("8{}", &text[1..])).is_err());
        assert!(Jti::parse(&text[1..]).is_err());
        assert!(Jti::parse(&format!("{}u", &text[..25])).is_err());
    }
}
