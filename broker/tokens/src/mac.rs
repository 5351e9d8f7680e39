//! Keyed hashes: of client secrets, of names in lineages, of the master key.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key, Tag};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The hash of a generated secret as stored: HMAC-SHA256 with a key that is
/// not stored beside it. No slow hash is needed for 256 random bits
/// (contract §11), and the key makes a stolen store worthless for guessing.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hashes a secret with `pepper`.
    #[must_use]
    pub fn of(pepper: &[u8; 32], secret: &str) -> Self {
        Self(hmac(pepper, secret.as_bytes()))
    }

    /// Whether this is the hash of `secret`, in constant time.
    #[must_use]
    pub fn matches(&self, pepper: &[u8; 32], secret: &str) -> bool {
        self.is(&Self::of(pepper, secret))
    }

    /// Whether both are hashes of one secret, in constant time: who compares
    /// with several hashes once, whatever their number.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretHash").finish_non_exhaustive()
    }
}

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> Self {
        URL_SAFE_NO_PAD.encode(hash.0)
    }
}

/// A stored text that is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 bytes of base64url as hash of a secret, found another value")]
pub struct HashFlaw;

impl TryFrom<String> for SecretHash {
    type Error = HashFlaw;

    fn try_from(text: String) -> Result<Self, HashFlaw> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| HashFlaw)?;
        bytes.try_into().map(Self).map_err(|_| HashFlaw)
    }
}

/// A key of its own for each 16 bytes: HMAC-SHA256 of them.
#[must_use]
pub(crate) fn derived_by(key: &[u8; 32], salt: &[u8; 16]) -> [u8; 32] {
    hmac(key, salt)
}

/// The key that turns names into the 16 bytes under which they stand in
/// lineages, revocations and replay marks (architecture, "What is
/// remembered"): keyed, so that they tell no names. The key is prepared once,
/// since every decision asks for a dozen names.
#[derive(Clone)]
pub struct NameKey(Key);

impl NameKey {
    /// The key with these bytes.
    #[must_use]
    pub fn new(pepper: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, pepper))
    }

    /// The bytes of one name. Neither `tenant` nor `kind` may hold a zero byte;
    /// `id` may.
    #[must_use]
    pub fn of(&self, tenant: &str, kind: &str, id: &str) -> [u8; 16] {
        let text = [tenant.as_bytes(), kind.as_bytes(), id.as_bytes()].join(&0);
        bytes(&hmac::sign(&self.0, &text))
    }
}

impl fmt::Debug for NameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameKey").finish_non_exhaustive()
    }
}

/// A key for one purpose from the master key: HKDF-SHA256 (RFC 5869) without
/// salt and with `label` as info.
#[must_use]
pub fn derive(master: &[u8; 32], label: &str) -> [u8; 32] {
    // One block is all that 32 bytes take, so both steps are one HMAC each and
    // nothing can fail: extract with a salt of zeros, expand with counter 1.
    let extracted = hmac(&[0; 32], master);
    hmac(&extracted, &[label.as_bytes(), &[1]].concat())
}

fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    bytes(&hmac::sign(&Key::new(HMAC_SHA256, key), message))
}

/// The first bytes of a tag; one of HMAC-SHA256 has 32.
fn bytes<const N: usize>(tag: &Tag) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut()
        .zip(tag.as_ref())
        .for_each(|(to, from)| *to = *from);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};

    #[test]
    fn a_secret_matches_its_own_hash_under_its_own_pepper_only() {
        let hash = SecretHash::of(&[7; 32], "s3cret");
        assert!(hash.matches(&[7; 32], "s3cret"));
        assert!(!hash.matches(&[7; 32], "s3cres"));
        assert!(!hash.matches(&[7; 32], "s3cret "));
        assert!(!hash.matches(&[7; 32], ""));
        assert!(!hash.matches(&[8; 32], "s3cret"));
        assert!(hash.is(&SecretHash::of(&[7; 32], "s3cret")));
        assert!(!hash.is(&SecretHash::of(&[7; 32], "s3cres")));
    }

    #[test]
    fn a_hash_survives_storage_and_shows_nothing() {
        let hash = SecretHash::of(&[7; 32], "s3cret");
        let stored = serde_json::to_string(&hash).unwrap();
        assert!(serde_json::from_str::<SecretHash>(&stored).unwrap() == hash);
        assert!(serde_json::from_str::<SecretHash>("\"AAAA\"").is_err());
        assert_eq!(format!("{hash:?}"), "SecretHash { .. }");
    }

    #[test]
    fn rfc4231_4_2_the_mac_is_hmac_sha256() {
        // Test case 1: a shorter key is padded with zeros, so ours may be too.
        let mut key = [0; 32];
        key.iter_mut().take(20).for_each(|b| *b = 0x0b);
        assert_eq!(
            locum_core::jcs::hex(&hmac(&key, b"Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn rfc5869_2_deriving_agrees_with_the_library() {
        for label in ["", "seal", "pepper/v1"] {
            let mut expected = [0; 32];
            Salt::new(HKDF_SHA256, &[])
                .extract(&[9; 32])
                .expand(&[label.as_bytes()], HKDF_SHA256)
                .unwrap()
                .fill(&mut expected)
                .unwrap();
            assert_eq!(derive(&[9; 32], label), expected);
        }
    }

    #[test]
    fn lineage_keys_differ_by_tenant_kind_id_and_pepper() {
        let key = NameKey::new(&[1; 32]);
        let one = key.of("default", "agent", "a");
        assert_eq!(one, NameKey::new(&[1; 32]).of("default", "agent", "a"));
        for other in [
            key.of("other", "agent", "a"),
            key.of("default", "client", "a"),
            key.of("default", "agent", "b"),
            key.of("default", "agenta", ""),
            NameKey::new(&[2; 32]).of("default", "agent", "a"),
        ] {
            assert_ne!(one, other);
        }
    }
}
