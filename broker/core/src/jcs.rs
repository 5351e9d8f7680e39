//! Canonical JSON (RFC 8785, JCS) for the JSON Locum writes: integers below
//! 2^53 and strings; floats never occur (contract §2), so number formatting
//! needs no ECMAScript rules.

use serde::Serialize;
use serde_json::Value;
use std::cmp::Ordering;

/// The canonical text of a value: members sorted by UTF-16 code units
/// (RFC 8785 §3.2.3), no white space.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut out = Vec::with_capacity(1024);
    write(value, &mut out);
    // INVARIANT: JSON of texts is text.
    String::from_utf8(out).unwrap_or_default()
}

/// The canonical text of anything serialisable.
///
/// # Errors
/// When the value does not serialise to JSON.
pub fn of(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(text(&serde_json::to_value(value)?))
}

/// SHA-256 of the canonical text as `sha256:<hex>`: the content address of a
/// snapshot (architecture, "Deciding").
///
/// # Errors
/// When the value does not serialise to JSON.
pub fn address(value: &impl Serialize) -> Result<String, serde_json::Error> {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(of(value)?.as_bytes());
    Ok(format!("sha256:{}", hex(&digest)))
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, b| {
        // INVARIANT: writing to a String cannot fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by(|a, b| order(a.0, b.0));
            out.push(b'{');
            for (place, (name, value)) in members.into_iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                scalar(name, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => scalar(value, out),
    }
}

/// serde_json escapes exactly as RFC 8785 §3.2.2.2 asks: `\b \t \n \f \r \" \\`
/// and lower-case `\u00xx` for other controls.
fn scalar(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    // INVARIANT: a scalar always serialises, and memory takes what is written.
    let _ = serde_json::to_writer(out, value);
}

/// By UTF-16 code units, which for ASCII are its bytes.
fn order(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        return one.cmp(other);
    }
    one.encode_utf16().cmp(other.encode_utf16())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rfc8785_3_2_3_members_are_sorted_by_utf16_code_units() {
        let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        assert_eq!(
            text(&value),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn rfc8785_3_2_2_2_strings_are_escaped_minimally() {
        assert_eq!(text(&json!("\u{f}\n\"\\/é")), "\"\\u000f\\n\\\"\\\\/é\"");
    }
}
