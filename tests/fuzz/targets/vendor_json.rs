//! An answer of a vendor in JSON: a credential within its bounds, or trouble,
//! never a panic. The first byte chooses vendor and status.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_connectors::Step;
use locum_connectors::testing::course;
use locum_core::scope::Scope;
use serde_json::json;

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else {
        return;
    };
    let connector = match choice & 5 {
        0 => json!({
            "profile": "xsuaa", "base_url": "https://v.example", "secrets": {"client": "c"},
            "parameters": {"client_id": "c", "scopes": {"a": "A", "b": "B C"}, "token_format": "opaque"},
        }),
        1 => json!({
            "profile": "checkpoint", "base_url": "https://v.example", "secrets": {"client": "c"},
            "parameters": {"read_only": true},
        }),
        _ => json!({
            "kind": "refresh_vault", "profile": "oauth", "base_url": "https://v.example",
            "secrets": {"client": "c"},
            "parameters": {"client_id": "c", "scopes": {"a": "A", "b": "B C"}, "token_validity_s": 60, "vault": {"demo:ada": "v"}},
        }),
    };
    let status = if choice & 2 == 0 { 200 } else { 401 };
    let reply = http::Response::builder().status(status).body(body.to_vec()).unwrap();
    match course(connector).unwrap().next(reply) {
        Ok(Step::Done(obtained)) => {
            assert_eq!(status, 200);
            let secret = obtained.secret.expose();
            assert!((1..=16_384).contains(&secret.len()));
            assert!(secret.bytes().all(|b| b.is_ascii_graphic()));
            if let Some(token) = &obtained.rotated {
                let token = token.expose();
                assert!(choice & 4 != 0 && token != secret && (1..=16_384).contains(&token.len()));
            }
            assert!(obtained.expires_in.is_some_and(|seconds| seconds >= 1));
            assert!(!obtained.scope.is_empty());
            assert!(obtained.scope.is_within(&Scope::parse("a b").unwrap()));
        }
        Ok(Step::Send(..)) => panic!("nothing else is asked"),
        Err(trouble) => assert!(trouble.detail().len() <= 200),
    }
});
