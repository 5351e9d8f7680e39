#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::fixture::{accept, claims, expectation, token};
use super::*;
use serde_json::json;

#[test]
fn an_id_token_passes_whole() {
    let app = ["app".to_owned()];
    let text = token(Some("JWT"), &claims(json!({"amr":["pwd"]})));
    let verified = accept(&text, &expectation(Kind::IdToken, &app)).unwrap();
    assert_eq!(verified.get().sub, "ada");
    assert_eq!(verified.get().amr, ["pwd"]);
    assert_eq!(verified.kid().as_str(), "k");
}
