//! Strict JSON: at most what serde_json reads, with the same meaning, and with
//! one canonical text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_core::jcs;
use locum_core::json::{Limits, parse};

fuzz_target!(|data: &[u8]| {
    let Ok(value) = parse(data, Limits::BODY) else {
        return;
    };
    let theirs: serde_json::Value = serde_json::from_slice(data).unwrap();
    assert_eq!(value, theirs);
    let text = jcs::text(&value);
    let again = parse(text.as_bytes(), Limits { bytes: text.len(), depth: 32 }).unwrap();
    assert_eq!(jcs::text(&again), text, "the canonical text is its own");
});
