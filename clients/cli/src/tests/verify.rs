//! `locum verify` from the command line.

use super::*;
use crate::receipt::tests::{CREDENTIAL, GOOD, KEYED, jwks};

/// Nothing is set: no broker is known.
async fn alone(line: &str) -> Ran {
    run_with(&[], line).await
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[tokio::test]
async fn a_receipt_is_verified_with_a_file_of_keys_and_no_broker() {
    let (keys, credential) = (file(&jwks().to_string()), file(&format!("{CREDENTIAL}\n")));
    let (keys, credential) = (keys.path().display(), credential.path().display());
    let ran = alone(&format!("verify {GOOD} --jwks {keys} -o json")).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let data = &ran.json()["data"];
    assert_eq!(data["chain"], "demo:ada → soc-agent → panorama");
    assert_eq!(data["signature_verified"], true);
    assert_eq!(data["credential"], "not_compared");
    let line = format!("verify {GOOD} --jwks {keys} --credential {credential}");
    let ran = alone(&line).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("the one that was handed out"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn another_credential_is_told_and_a_keyed_hash_is_not_compared() {
    let (keys, credential) = (file(&jwks().to_string()), file("sentinel"));
    let (keys, credential) = (keys.path().display(), credential.path().display());
    let ran = alone(&format!(
        "verify {GOOD} --jwks {keys} --credential {credential}"
    ))
    .await;
    assert_eq!(ran.code, 1);
    assert!(
        !ran.err.contains("sentinel") && ran.err.contains("found another"),
        "{}",
        ran.err
    );
    let line = format!("verify {KEYED} --jwks {keys} --credential {credential} -o json");
    let ran = alone(&line).await;
    assert_eq!(
        (ran.code, &ran.json()["data"]["credential"]),
        (0, &json!("not_comparable"))
    );
}

#[tokio::test]
async fn without_a_file_the_broker_of_the_environment_is_asked_and_vouches_for_itself_alone() {
    let server = Server::answering(&[(200, &jwks().to_string())]).await;
    let ran = run_at(&server, &format!("verify {GOOD}")).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("another issuer"), "{}", ran.err);
    assert!(
        server
            .requests()
            .concat()
            .starts_with("GET /receipts/jwks ")
    );
    assert_eq!(alone(&format!("verify {GOOD}")).await.code, 4);
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    for (keys, code) in [("{}", 1), ("not json", 4)] {
        let keys = file(keys);
        let ran = alone(&format!("verify {GOOD} --jwks {}", keys.path().display())).await;
        assert_eq!(ran.code, code, "{}", ran.err);
    }
    assert_eq!(alone("verify - --credential -").await.code, 2);
}
