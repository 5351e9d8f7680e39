//! Canonical JSON (RFC 8785, JCS) for the JSON Locum writes: integers below
//! 2^53 and strings; floats never occur (contract §2), so number formatting
//! needs no ECMAScript rules.

use serde::Serialize;
use serde_json::Value;

/// The canonical text of a value: members sorted by UTF-16 code units
/// (RFC 8785 §3.2.3), no white space.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// The canonical text of anything serialisable.
///
/// # Errors
/// When the value does not serialise to JSON.
pub fn of(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(text(&serde_json::to_value(value)?))
}

/// SHA-256 of the canonical text as `sha256:<hex>`: the content address of a
/// snapshot (architecture, "replayable").
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

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            out.push('{');
            for (place, (name, value)) in members.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                string(name, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::String(text) => string(text, out),
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number.to_string()),
    }
}

/// serde_json escapes exactly as RFC 8785 §3.2.2.2 asks: `\b \t \n \f \r \" \\`
/// and lower-case `\u00xx` for other controls.
fn string(text: &str, out: &mut String) {
    // INVARIANT: a string always serialises.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
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
