//! Strict JSON: at most what serde_json reads, with the same meaning, and with
//! one canonical text where there are no fractions (`core/jcs.rs` promises no
//! more).
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_core::jcs;
use locum_core::json::{JsonLimits, parse};
use serde_json::Value;

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(value) = parse(data, JsonLimits::BODY) else {
        return;
    };
    let theirs: Value = serde_json::from_slice(data).unwrap();
    assert_eq!(value, theirs);
    if has_fraction(&value) {
        return;
    }
    let text = jcs::text(&value);
    let again = parse(text.as_bytes(), JsonLimits { bytes: text.len(), depth: 32 }).unwrap();
    assert_eq!(jcs::text(&again), text, "the canonical text is its own");
});
