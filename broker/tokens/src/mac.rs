//! Keyed hashes: of client secrets, of names in lineages, of the master key.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
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
        hmac::verify(&Key::new(HMAC_SHA256, pepper), secret.as_bytes(), &self.0).is_ok()
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

/// The 16 bytes under which a name stands in lineages and revocations
/// (architecture, "revocation view"): keyed, so that the view tells no names.
/// Neither `tenant` nor `kind` may hold a zero byte; `id` may.
#[must_use]
pub fn lineage_key(pepper: &[u8; 32], tenant: &str, kind: &str, id: &str) -> [u8; 16] {
    let text = [tenant.as_bytes(), kind.as_bytes(), id.as_bytes()].join(&0);
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = hmac(pepper, &text);
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// A key for one purpose from the master key: HKDF-SHA256 (RFC 5869) without
/// salt and with `label` as info.
#[must_use]
pub fn derive(master: &[u8; 32], label: &str) -> [u8; 32] {
    let mut out = [0; 32];
    let info = [label.as_bytes()];
    let extracted = Salt::new(HKDF_SHA256, &[]).extract(master);
    let filled = extracted
        .expand(&info, HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out));
    // INVARIANT: HKDF-SHA256 gives up to 8160 bytes, and 32 are asked.
    debug_assert!(filled.is_ok());
    out
}

fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let tag = hmac::sign(&Key::new(HMAC_SHA256, key), message);
    // INVARIANT: a tag of HMAC-SHA256 has 32 bytes.
    out.iter_mut()
        .zip(tag.as_ref())
        .for_each(|(to, from)| *to = *from);
    out
}
