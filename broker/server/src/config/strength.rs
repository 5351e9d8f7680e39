//! How hard a secret is to guess, as far as its text shows.

/// Least bits of a secret that an operator makes up.
pub(super) const BITS_MIN: usize = 128;
/// Fewest different characters: random ones of that many bits have more.
const DIFFERENT_MIN: usize = 8;
/// Tenths of bits of a hexadecimal digit.
const HEX: usize = 40;
/// Bits of a random UUID (RFC 9562 §5.4): six of its 128 are fixed.
const UUID: usize = 122;

/// Whether a secret may have that many bits: by its length and the kind of its
/// characters, where it does not repeat itself. A text that somebody thought of
/// has fewer than it shows.
pub(super) fn is_strong(secret: &str) -> bool {
    let text = secret.trim_end_matches('=').as_bytes();
    let text = text.get(..period(text)).unwrap_or_default();
    let mut counts = [0_usize; 256];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let different = counts.iter().filter(|count| **count > 0).count();
    let most = counts.iter().max().copied().unwrap_or_default();
    different >= DIFFERENT_MIN && most <= text.len() / 2 && bits(text) >= BITS_MIN
}

fn bits(text: &[u8]) -> usize {
    let hyphens = text.iter().filter(|byte| **byte == b'-').count();
    match tenths_of_bits(text) {
        HEX if text.len() == 36 && hyphens == 4 => UUID,
        HEX => (text.len() - hyphens) * HEX / 10,
        tenths => text.len() * tenths / 10,
    }
}

/// Tenths of bits of a character, by what kinds there are: never more than the
/// smallest alphabet that has them all.
fn tenths_of_bits(text: &[u8]) -> usize {
    let all = |of: fn(&u8) -> bool| text.iter().all(of);
    if all(u8::is_ascii_digit) {
        33
    } else if all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'))
        || all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F' | b'-'))
    {
        HEX
    } else if all(u8::is_ascii_lowercase) || all(u8::is_ascii_uppercase) {
        47
    } else if all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
        || all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    {
        50
    } else if all(u8::is_ascii_alphabetic) {
        57
    } else if all(u8::is_ascii_alphanumeric) {
        59
    } else {
        60
    }
}

/// After how many bytes a text begins again; its length where it does not, or
/// not twice.
fn period(text: &[u8]) -> usize {
    let repeats = |period: &usize| {
        let later = text.get(*period..).unwrap_or_default();
        later
            .iter()
            .zip(text)
            .all(|(after, before)| after == before)
    };
    (1..=text.len() / 2).find(repeats).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_at_least_128_bits_is_taken() {
        for secret in [
            // openssl rand -hex 16, -base64 16, -base64 32; base64url of 32.
            "9f86d081884c7d659a2feaa0c55ad015",
            "n4bQgYhMfWWaL+qgxVrQFQ==",
            "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
            "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY",
            "agent-secret-of-a-test-0123456789",
            "314159265358979323846264338327950288419",
        ] {
            assert!(is_strong(secret), "{secret}");
        }
    }

    #[test]
    fn a_secret_that_is_shorter_or_repeats_itself_is_not() {
        for secret in [
            "",
            "short",
            "9f86d081-884c-4d65-9a2f-eaa0c55ad015",
            "correct-horse-battery",
            "9f86d081884c7d659a2feaa0c55ad01",
            "n4bQgYhMfWWaL+qgxVrQ",
            "31415926535897932384626433832795028841",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "0123456789abcdef0123456789abcdef",
            "passwordpasswordpasswordpassword",
            "ababababababababababababababababababababababab",
            "abcdefghaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "================================================",
        ] {
            assert!(!is_strong(secret), "{secret}");
        }
    }
}
