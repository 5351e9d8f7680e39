//! An answer of a vendor in XML: a key within its bounds, or trouble, never a
//! panic, and nothing of a document that holds `<!`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_connectors::Step;
use locum_connectors::testing::course;
use serde_json::json;

fuzz_target!(|data: &[u8]| {
    let connector = json!({
        "profile": "panos", "base_url": "https://v.example", "secrets": {"client": "c"},
        "parameters": {"user": "u", "token_validity_s": 60},
    });
    let reply = http::Response::builder().body(data.to_vec()).unwrap();
    match course(connector).unwrap().next(reply) {
        Ok(Step::Done(obtained)) => {
            let key = obtained.secret.expose();
            assert!((1..=16_384).contains(&key.len()));
            assert!(key.bytes().all(|b| b.is_ascii_graphic()));
            assert!(!data.windows(2).any(|two| two == b"<!"));
        }
        Ok(Step::Send(..)) => panic!("nothing else is asked"),
        Err(trouble) => assert!(trouble.detail().len() <= 200),
    }
});
