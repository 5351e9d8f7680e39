//! How large a refusal's record may be, whatever was sent: what is larger is
//! cut, or stands there by digest.

use crate::jcs;
use crate::record;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Most bytes of a refusal on disk: its record, its side record and what
/// surrounds them.
pub const REFUSAL_MAX: usize = 8_192;
/// Bytes of a text that are kept where it is cut, as JSON.
const TEXT_KEPT: usize = 256;
/// Up to this many bytes a value is not worth a digest, which takes a hundred.
const SMALL: usize = 384;

/// Members of the body whose size depends on what was sent.
const BODY: [&str; 4] = ["would_pass", "policies", "chain", "sign_in"];
/// Such members of the side record.
const SIDE: [&str; 6] = [
    "groups",
    "chain",
    "detail",
    "description",
    "purpose",
    "subject",
];

/// Makes body and side record fit: the largest member first, until they do.
pub(super) fn fit(body: &mut Map<String, Value>, side: &mut Map<String, Value>) {
    let size = |members: &Map<String, Value>| jcs::text(&json!(members)).len();
    let mut left = size(body) + size(side) + record::ENVELOPE;
    let mut large: Vec<(usize, bool, &str)> = Vec::new();
    if left > REFUSAL_MAX {
        let sized = |members: &Map<String, Value>, name| {
            members.get(name).map_or(0, |value| jcs::text(value).len())
        };
        large.extend(BODY.map(|name| (sized(body, name), true, name)));
        large.extend(SIDE.map(|name| (sized(side, name), false, name)));
        large.retain(|(bytes, ..)| *bytes > SMALL);
        large.sort_unstable();
    }
    while let Some((bytes, in_body, name)) = large.pop().filter(|_| left > REFUSAL_MAX) {
        let members = if in_body { &mut *body } else { &mut *side };
        let Some(value) = members.get_mut(name) else {
            continue;
        };
        *value = shortened(value);
        left = left - bytes + jcs::text(value).len();
    }
}

/// A text cut, anything else by digest.
fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(cut(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            by_digest(&jcs::text(value))
        }
    }
}

/// What stands for a text that is not recorded: its SHA-256 and its length.
#[must_use]
pub fn by_digest(text: &str) -> Value {
    json!({ "sha256": hash(text), "bytes": text.len() })
}

/// The beginning of a text, and what it was.
fn cut(text: &str) -> String {
    let mut bytes = 0;
    let fits = |c: &char| {
        bytes += jcs::text(&json!(c.to_string())).len() - 2;
        bytes <= TEXT_KEPT
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{kept} [cut: {} bytes, sha256 {}]", text.len(), hash(text))
}

fn hash(text: &str) -> String {
    jcs::hex(&Sha256::digest(text))
}

#[cfg(test)]
mod tests;
