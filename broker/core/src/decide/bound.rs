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
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn size(body: &Map<String, Value>, side: &Map<String, Value>) -> usize {
        jcs::text(&json!(body)).len() + jcs::text(&json!(side)).len() + record::ENVELOPE
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let (body, side) = (
            map(json!({"would_pass": {"scope": "a"}, "requested": "x".repeat(2_000)})),
            map(json!({"groups": ["a"], "detail": "y".repeat(3_000)})),
        );
        let (mut new, mut aside) = (body.clone(), side.clone());
        fit(&mut new, &mut aside);
        assert_eq!((new, aside), (body, side));
    }

    #[test]
    fn the_largest_give_way_first_until_it_fits() {
        let groups: Vec<String> = (0..400).map(|n| format!("demo:group-{n}")).collect();
        let mut body = map(json!({"would_pass": {"scope": "s".repeat(3_000)}}));
        let mut side = map(json!({"groups": groups, "detail": "d".repeat(1_000)}));
        fit(&mut body, &mut side);
        assert!(size(&body, &side) <= REFUSAL_MAX);
        assert_eq!(side["groups"], by_digest(&jcs::text(&json!(groups))));
        assert_eq!(body["would_pass"], json!({"scope": "s".repeat(3_000)}));
        assert_eq!(side["detail"], json!("d".repeat(1_000)));
    }

    #[test]
    fn it_fits_whatever_all_of_them_hold() {
        let long = "\u{1}".repeat(20_000);
        let mut body = map(json!({"requested": "r".repeat(2_030)}));
        let mut side = Map::new();
        for name in BODY {
            body.insert(name.into(), json!([long, long]));
        }
        for name in SIDE {
            side.insert(name.into(), json!(long));
        }
        fit(&mut body, &mut side);
        assert!(
            size(&body, &side) <= REFUSAL_MAX - 2_000,
            "room is left for what has a bound of its own"
        );
        let detail = side["detail"].as_str().unwrap();
        assert!(detail.starts_with('\u{1}') && detail.contains("[cut: 20000 bytes, sha256 "));
    }
}
