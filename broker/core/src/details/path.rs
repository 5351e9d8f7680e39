//! Path prefixes: a prefix must mean the same to us and to whoever enforces it.

/// Why `text` cannot be a path prefix, as the phrase of what was expected.
///
/// Refused is all that a server may undo into another path: `..`, a backslash, and
/// percent-encodings of `/`, `\`, `.`, `%` (a second decoding), control characters
/// or bytes that are no UTF-8 (overlong slashes).
pub(super) fn flaw(text: &str) -> Option<&'static str> {
    if text.contains("..") {
        return Some("a path without `..`");
    }
    if text.contains('\\') {
        return Some("a path without backslashes");
    }
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let Some((byte, rest)) = hex(part) else {
            return Some("a path with whole percent-encodings");
        };
        if b"/\\.%".contains(&byte) || byte.is_ascii_control() {
            return Some("a path without encoded slashes, dots, percent signs or controls");
        }
        decoded.push(byte);
        decoded.extend_from_slice(rest.as_bytes());
    }
    let utf8 = std::str::from_utf8(&decoded).is_ok();
    (!utf8).then_some("a path that decodes to UTF-8")
}

/// Whether `child` is `prefix` or lies below it, by whole segments:
/// `/a/b` is within `/a`, `/ab` is not.
pub(super) fn within(child: &str, prefix: &str) -> bool {
    match child.strip_prefix(prefix) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'),
        None => false,
    }
}

/// The byte that two hexadecimal digits at the front mean, and what follows them.
fn hex(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let valid = digits.bytes().all(|b| b.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok()?;
    valid.then_some((byte, rest))
}
