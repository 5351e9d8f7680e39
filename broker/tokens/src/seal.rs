//! Sealing what is stored: AES-256-GCM, a random nonce for each sealing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use locum_core::secret::Secret;

/// A key that seals and opens.
pub struct SealKey(RandomizedNonceKey);

/// What could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealFlaw {
    /// Changed, cut, of another place, or sealed with another key.
    #[error("expected data sealed with this key for this place, found other data")]
    Opening,
    /// The library has no randomness.
    #[error("expected data to be sealed, found a failure of the library")]
    Library,
}

impl SealKey {
    /// Takes 32 bytes as key.
    ///
    /// # Errors
    /// [`SealFlaw::Library`] when the library does not take them.
    pub fn from_bytes(key: [u8; 32]) -> Result<Self, SealFlaw> {
        RandomizedNonceKey::new(&AES_256_GCM, &key)
            .map(Self)
            .map_err(|_| SealFlaw::Library)
    }

    /// Seals `plain` for the place that `aad` names (table, id): nonce (12
    /// bytes), ciphertext, tag (16). At most 2^32 sealings a key
    /// (NIST SP 800-38D §8.3).
    ///
    /// # Errors
    /// [`SealFlaw::Library`] when the library does not seal.
    pub fn seal(&self, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, SealFlaw> {
        let mut body = plain.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(aad), &mut body)
            .map_err(|_| SealFlaw::Library)?;
        Ok([nonce.as_ref().as_slice(), &body].concat())
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`SealFlaw::Opening`] when a byte of it, the place or the key differs.
    pub fn open(&self, sealed: &[u8], aad: &[u8]) -> Result<Secret<Vec<u8>>, SealFlaw> {
        let (nonce, body) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealFlaw::Opening)?;
        let mut body = body.to_vec();
        let length = self
            .0
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(aad),
                &mut body,
            )
            .map_err(|_| SealFlaw::Opening)?
            .len();
        body.truncate(length);
        Ok(Secret::new(body))
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealKey").finish_non_exhaustive()
    }
}
