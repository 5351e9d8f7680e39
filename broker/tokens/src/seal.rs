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

/// A key under which any number of things may be sealed: each has a key of its own,
/// derived from this one and 16 random bytes.
pub struct ManySealKey([u8; 32]);

impl ManySealKey {
    /// Takes 32 bytes as key.
    #[must_use]
    pub const fn from_bytes(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn one(&self, salt: &[u8; 16]) -> Result<SealKey, SealFlaw> {
        SealKey::from_bytes(crate::mac::derived_by(&self.0, salt))
    }

    /// Seals `plain` for the place that `aad` names; `salt` is 16 random bytes, which
    /// stand ahead of what [`SealKey::seal`] gives.
    ///
    /// # Errors
    /// [`SealFlaw::Library`] when the library does not seal.
    pub fn seal(&self, plain: &[u8], aad: &[u8], salt: [u8; 16]) -> Result<Vec<u8>, SealFlaw> {
        let sealed = self.one(&salt)?.seal(plain, aad)?;
        Ok([&salt[..], &sealed].concat())
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`SealFlaw::Opening`] when a byte of it, the place or the key differs.
    pub fn open(&self, sealed: &[u8], aad: &[u8]) -> Result<Secret<Vec<u8>>, SealFlaw> {
        let (salt, sealed) = sealed.split_first_chunk::<16>().ok_or(SealFlaw::Opening)?;
        self.one(salt)?.open(sealed, aad)
    }
}

impl Drop for ManySealKey {
    fn drop(&mut self) {
        self.0 = [0; 32];
        std::hint::black_box(&self.0);
    }
}

impl std::fmt::Debug for ManySealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManySealKey").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn what_was_sealed_under_one_of_many_keys_opens_for_the_same_place_only() {
        let key = ManySealKey::from_bytes([1; 32]);
        let sealed = key.seal(b"a", b"log", [7; 16]).unwrap();
        assert_eq!(key.open(&sealed, b"log").unwrap().expose(), b"a");
        assert!(key.open(&sealed, b"nodes").is_err());
        assert!(
            ManySealKey::from_bytes([2; 32])
                .open(&sealed, b"log")
                .is_err()
        );
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert!(key.open(&other, b"log").is_err(), "{at}");
        }
        assert!(key.open(&sealed[..10], b"log").is_err());
    }

    #[test]
    fn what_was_sealed_opens_for_the_same_place_only() {
        let key = SealKey::from_bytes([1; 32]).unwrap();
        for plain in [b"".as_slice(), b"a", &[0xa5; 5_000]] {
            let sealed = key.seal(plain, b"keys/k1").unwrap();
            assert_eq!(sealed.len(), 12 + plain.len() + 16);
            assert_eq!(key.open(&sealed, b"keys/k1").unwrap().expose(), plain);
            assert!(key.open(&sealed, b"keys/k2").is_err());
            let other = SealKey::from_bytes([2; 32]).unwrap();
            assert!(other.open(&sealed, b"keys/k1").is_err());
        }
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let key = SealKey::from_bytes([1; 32]).unwrap();
        let sealed = key.seal(b"four", b"").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            *changed.get_mut(place).unwrap() ^= 1;
            assert!(key.open(&changed, b"").is_err(), "byte {place}");
            assert!(key.open(sealed.get(..place).unwrap(), b"").is_err());
        }
    }

    #[test]
    fn sealing_twice_gives_two_texts() {
        let key = SealKey::from_bytes([1; 32]).unwrap();
        assert_ne!(key.seal(b"a", b"").unwrap(), key.seal(b"a", b"").unwrap());
    }
}
