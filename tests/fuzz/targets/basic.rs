//! An `Authorization` header: credentials or none, never a panic.
#![no_main]

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use locum_engine::oauth::basic;

fn read(value: &[u8]) -> Option<basic::Authorization> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_bytes(value).ok()?);
    Some(basic::read(&headers))
}

fuzz_target!(|data: &[u8]| {
    // As sent, and as the inside of the base64.
    drop(read(data));
    let wrapped = format!("Basic {}", STANDARD.encode(data));
    if let Some(basic::Authorization::Basic(id, secret)) = read(wrapped.as_bytes()) {
        assert!(id.len() + secret.expose().len() < data.len());
    }
});
