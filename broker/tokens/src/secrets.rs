//! Generated secrets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A secret of 256 bits as 43 characters of `[A-Za-z0-9_-]`: some clients do
/// not encode Basic credentials, so no other character may occur (contract §11).
#[must_use]
pub fn generate(random: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_43_characters_that_need_no_encoding() {
        for byte in [0_u8, 0x3f, 0xfb, 0xff] {
            let secret = generate([byte; 32]);
            assert_eq!(secret.len(), 43);
            assert!(
                secret
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            );
        }
        assert_ne!(generate([1; 32]), generate([2; 32]));
    }
}
