//! The receipt of a credential that does not say who acts for whom: a signed
//! statement of the decision under which it was handed out (contract §15,
//! "Receipts").

use super::outcome::Obtained;
use super::permit::Recorded;
use crate::lineage::Keyed;
use crate::record::key_text;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Header `typ` of receipts: that of no token (contract §7).
pub const RECEIPT_TYP: &str = "delegation-receipt+jwt";

/// Seconds that a receipt can be checked: ten years. Its key stays published as
/// long, so that whoever looks into a decision later finds it. What the receipt
/// tells of has ended long before.
pub const RECEIPT_LIFE_S: u64 = 3_650 * 86_400;

/// Fewest bits of a credential of which a plain hash gives nothing away.
const PLAIN_HASH_BITS: f64 = 128.0;

/// What surrounds a receipt.
pub struct ReceiptFrame<'a> {
    /// Locum's issuer.
    pub issuer: &'a str,
    /// Unix seconds.
    pub now_s: u64,
    /// When the decision ends, as of RFC 3339.
    pub expires_at: String,
    /// The credential.
    pub credential: &'a str,
    /// Hashes what is too short for a plain hash.
    pub keys: &'a dyn Keyed,
}

impl Recorded<Obtained> {
    /// The claims of its receipt. What limits stands in `decision`, so that nobody
    /// who takes it for a token finds a scope, a subject or an actor.
    #[must_use]
    pub fn receipt(&self, frame: &ReceiptFrame<'_>) -> Value {
        let permit = self.0.permit();
        json!({
            "iss": frame.issuer,
            "aud": frame.issuer,
            "iat": frame.now_s,
            "exp": frame.now_s.saturating_add(RECEIPT_LIFE_S),
            // No token bears it: the credential is the vendor's.
            "jti": permit.jti(),
            "ath": ath(frame.credential, frame.keys),
            "decision": {
                "delegation_id": permit.delegation(),
                "sub": permit.claims.get("sub"),
                "act": permit.act(),
                "target": permit.target().map(|target| &target.id),
                "scope": permit.scope(),
                "authorization_details": permit.details(),
                "expires_at": frame.expires_at,
            },
        })
    }
}

/// Which credential it is: its SHA-256, 43 characters, as in RFC 9449 §4.2. Of one
/// that could be guessed from its hash, a keyed hash of 22 characters, with which
/// nobody but Locum can compare.
fn ath(credential: &str, keys: &dyn Keyed) -> String {
    if bits(credential) < PLAIN_HASH_BITS {
        key_text::of(&keys.hash("receipt", credential))
    } else {
        URL_SAFE_NO_PAD.encode(Sha256::digest(credential))
    }
}

/// Bits that a text of that length and of those kinds of characters can hold at
/// most. What a vendor makes of less than it seems cannot be seen.
fn bits(text: &str) -> f64 {
    let of = |kind: fn(&u8) -> bool, size: f64| match text.bytes().any(|byte| kind(&byte)) {
        true => size,
        false => 0.0,
    };
    let (lower, upper) = (
        of(u8::is_ascii_lowercase, 26.0),
        of(u8::is_ascii_uppercase, 26.0),
    );
    let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit()) && lower + upper < 52.0;
    // Of the others, base64 has two.
    let others = of(|byte| !byte.is_ascii_alphanumeric(), 2.0);
    let all = (lower + upper + of(u8::is_ascii_digit, 10.0) + others).max(1.0);
    let alphabet = if hex { all.min(16.0) } else { all };
    // INVARIANT: a credential is bounded by the answer that it came in, 256 KiB.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    f64::from(length) * alphabet.log2()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::lineage::Key;

    struct Keys;

    impl Keyed for Keys {
        fn hash(&self, kind: &str, id: &str) -> Key {
            let digest = Sha256::digest(format!("secret {kind} {id}"));
            let mut key = [0; 16];
            key.copy_from_slice(digest.get(..16).unwrap());
            key
        }
    }

    #[test]
    fn a_credential_of_128_bits_is_named_by_its_sha_256() {
        // RFC 9449 §4.2: base64url of SHA-256 over the ASCII text.
        let known = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        assert_eq!(
            ath(known, &Keys),
            "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
        );
        for long in [
            "0123456789abcdef0123456789abcdef",
            "0123456789ABCDEF0123456789ABCDEF",
            "AbCdEfGhIjKlMnOpQrSt0v",
            "AbCdEfGhIjKlMnOp-rSt0v",
            "123456789012345678901234567890123456789",
        ] {
            assert_eq!(ath(long, &Keys).len(), 43, "{long}");
        }
    }

    #[test]
    fn one_that_could_be_guessed_is_named_by_a_keyed_hash_that_is_told_by_its_length() {
        for short in [
            "",
            "hunter2",
            "0123456789abcdef0123456789abcde",
            "AbCdEfGhIjKlMnOpQrStU",
            "ABCDEFGHIJKLMNOPQRSTUVW0",
            "correct-horse-battery-stap",
            "12345678901234567890123456789012345678",
        ] {
            let named = ath(short, &Keys);
            assert_eq!(named.len(), 22, "{short}");
            assert_eq!(named, key_text::of(&Keys.hash("receipt", short)));
        }
    }
}
