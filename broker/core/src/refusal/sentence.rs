//! The message grammar (contract §10): printable ASCII without `"` and `\`,
//! user input in backticks, escaped, at most 64 bytes.

use std::fmt::Write;

/// Most bytes of user input in a sentence.
pub const QUOTE_MAX: usize = 64;

/// User input in backticks: what is not printable ASCII, quotes, backslashes,
/// backticks and `%` are percent-encoded; cut to [`QUOTE_MAX`] bytes.
#[must_use]
pub fn quoted(input: &str) -> String {
    let mut out = String::from("`");
    for byte in input.bytes() {
        let mut piece = String::new();
        if (0x20..=0x7e).contains(&byte) && !matches!(byte, b'"' | b'\\' | b'`' | b'%') {
            piece.push(char::from(byte));
        } else {
            // INVARIANT: writing to a String cannot fail.
            let _ = write!(piece, "%{byte:02X}");
        }
        if out.len() - 1 + piece.len() > QUOTE_MAX {
            break;
        }
        out.push_str(&piece);
    }
    out.push('`');
    out
}

/// Replaces whatever RFC 6749 §5.2 does not allow in `error_description`.
#[must_use]
pub fn printable(text: &str) -> String {
    let legal = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    text.chars()
        .map(|c| if legal(c) { c } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_input_is_escaped_and_cut_to_64_bytes() {
        assert_eq!(quoted("a\"b\\c`d\n\u{e9}%"), "`a%22b%5Cc%60d%0A%C3%A9%25`");
        assert_eq!(quoted(&"x".repeat(100)).len(), 66);
        assert!(quoted(&"\u{202e}".repeat(100)).len() <= 66);
    }
}
