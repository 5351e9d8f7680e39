//! Texts, encoded; those that hold a secret are overwritten when dropped.

use crate::aid::Aid;
use crate::trouble::Trouble;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use locum_core::ids::SecretName;
use locum_core::secret::Secret;

/// The texts behind each other, in one allocation.
pub(crate) fn joined(parts: &[&str]) -> Secret<String> {
    let mut out = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| out.push_str(part));
    Secret::new(out)
}

/// Standard base64, with padding.
pub(crate) fn base64(bytes: &[u8]) -> Secret<String> {
    Secret::new(STANDARD.encode(bytes))
}

/// base64url, without padding.
pub(crate) fn base64url(bytes: &[u8]) -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode(bytes))
}

/// One segment of a path: all but the unreserved characters of RFC 3986 §2.3
/// are percent-encoded.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A secret that is a text. One line break at its end, as files have it, does
/// not count.
pub(crate) fn of_secret(aid: &dyn Aid, name: &SecretName) -> Result<Secret<String>, Trouble> {
    let value = aid.secret(name)?;
    let text = std::str::from_utf8(value.expose())
        .map_err(|_| Trouble::unable(format!("the secret `{name}` is no text in UTF-8")))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(Trouble::unable(format!("the secret `{name}` is empty")));
    }
    Ok(Secret::new(text.to_owned()))
}
