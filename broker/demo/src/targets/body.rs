//! Bodies sent to a target: one JSON object, or nothing.

use super::denied::Denied;
use locum_core::json::{JsonLimits, parse};
use serde_json::{Map, Value};

/// Reads a body; an empty one is an empty object.
///
/// # Errors
/// [`Denied::Body`] for anything that is no JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Denied> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match parse(body, JsonLimits::BODY) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) | Err(_) => Err(Denied::Body(
            "expected a JSON object as body, found something else",
        )),
    }
}

/// `shown` with what was seen in the token.
pub(crate) fn with_seen(mut shown: Value, seen: Value) -> Value {
    if let Value::Object(members) = &mut shown {
        members.insert("seen".to_owned(), seen);
    }
    shown
}
