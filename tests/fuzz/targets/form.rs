//! A form: refused, or pairs whose bytes are no more than were sent.
#![no_main]

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use locum_engine::oauth::form::Form;

fuzz_target!(|data: &[u8]| {
    // The first line is the content type, the rest the body.
    let (kind, body) = match data.iter().position(|b| *b == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&b"application/x-www-form-urlencoded"[..], data),
    };
    let mut headers = HeaderMap::new();
    if let Ok(kind) = HeaderValue::from_bytes(kind) {
        headers.insert("content-type", kind);
    }
    let Ok(form) = Form::read(&headers, body) else {
        return;
    };
    let single = form.single_valued().is_ok();
    for name in ["grant_type", "subject_token", "scope", "audience", "resource", ""] {
        let values: Vec<&str> = form.all(name).collect();
        assert!(values.iter().map(|v| v.len()).sum::<usize>() <= body.len());
        assert_eq!(form.get(name), values.first().copied());
        let repeats = matches!(name, "audience" | "resource" | "");
        assert!(!single || repeats || values.len() <= 1, "{name}");
    }
});
