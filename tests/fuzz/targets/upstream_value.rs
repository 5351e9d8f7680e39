//! The value of an upstream secret, a text or PEM of strangers to us: read or
//! refused, and what was read says no more than it holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_tokens::upstream::{UpstreamValue, VALUE_MAX};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let value = match UpstreamValue::read(text) {
        Ok(value) => value,
        Err(flaw) => {
            assert!(flaw.to_string().len() < 200);
            return;
        }
    };
    assert!(text.len() <= VALUE_MAX && text.starts_with(value.text().expose()));
    let Some(pem) = value.pem() else {
        assert!(value.ends_s().is_none());
        return;
    };
    let ends = pem.certificates().iter().map(|one| one.ends_s()).min();
    assert_eq!(value.ends_s(), ends);
    assert_eq!(pem.sign_rsa_sha256(b"m").is_ok(), pem.is_rsa());
});
