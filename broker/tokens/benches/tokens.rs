//! What reading, verifying and signing a token costs, against the arithmetic.
//!
//!     cargo bench -p locum-tokens
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]

use criterion::{Criterion, criterion_group, criterion_main};
use locum_core::token::{Alg, SignatureCheck, TOKEN_MAX, Unverified};
use locum_tokens::keys::{KeySet, SigningKey};
use locum_tokens::mac::NameKey;
use serde_json::{Value, json};
use std::hint::black_box;

fn claims() -> Value {
    json!({"iss": "https://idp.example", "sub": "person-1", "aud": ["https://locum.example"],
        "iat": 1_795_400_000, "exp": 1_795_400_300, "auth_time": 1_795_400_000, "jti": "0123456789abcdef",
        "groups": ["staff", "finance", "auditors"], "amr": ["pwd", "otp"]})
}

fn tokens(c: &mut Criterion) {
    for alg in Alg::ALL {
        let key = SigningKey::generate(alg, Some("k")).unwrap();
        let set = KeySet::from_jwks(&json!({"keys": [key.public_jwk()]}), &Alg::ALL).unwrap();
        let token = key.sign("JWT", &claims()).unwrap();
        let (signed, _) = token.rsplit_once('.').unwrap();
        let signature = signature(&token);
        c.bench_function(&format!("sign {alg:?}"), |b| {
            b.iter(|| key.sign("at+jwt", black_box(&claims())).unwrap());
        });
        c.bench_function(&format!("verify {alg:?}"), |b| {
            b.iter(|| {
                set.check(alg, Some("k"), signed.as_bytes(), &signature)
                    .unwrap()
            });
        });
    }
    let key = SigningKey::generate(Alg::ES256, Some("k")).unwrap();
    let token = key.sign("JWT", &claims()).unwrap();
    c.bench_function("read a compact token", |b| {
        b.iter(|| Unverified::parse(black_box(&token), TOKEN_MAX).unwrap());
    });
}

fn signature(token: &str) -> Vec<u8> {
    use base64::Engine;
    let (_, text) = token.rsplit_once('.').unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap()
}

fn names(c: &mut Criterion) {
    let key = NameKey::new(&[7; 32]);
    c.bench_function("hash a name", |b| {
        b.iter(|| key.of("default", black_box("agent"), "invoice-agent"));
    });
}

criterion_group!(benches, tokens, names);
criterion_main!(benches);
