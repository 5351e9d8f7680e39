//! A credential is looked at again when the change is made.

use super::{Desk, TOKEN, agent, ask, why};
use locum_stores::state::Change;
use serde_json::{Value, json};

fn writes() -> Vec<(&'static str, &'static str, Value)> {
    let target = json!({"audience": "urn:t", "scopes": {"a": {}}});
    let what = json!({"what": {"kind": "agent", "id": "a"}, "reason": "tests"});
    vec![
        (
            "POST",
            "/credentials",
            json!({"role": "admin", "name": "n"}),
        ),
        ("POST", "/agents", agent("b", &Value::Null)),
        ("POST", "/agents/a/suspend", why()),
        ("PUT", "/targets/t", target),
        ("PUT", "/policies", json!({"files": {}})),
        (
            "POST",
            "/keys/rotate",
            json!({"alg": "ES256", "reason": "tests"}),
        ),
        ("POST", "/revocations", what.clone()),
        ("POST", "/locks", what),
    ]
}

#[tokio::test]
async fn a_credential_that_is_revoked_while_its_change_waits_changes_nothing() {
    for (method, path, body) in writes() {
        let desk = Desk::new().await;
        desk.with_agents(&[("a", Value::Null)]).await;
        let held = desk.app.broker.records.changing().await.unwrap();
        let app = desk.app.clone();
        let asked = tokio::spawn(async move { ask(app, method, path, &body).await });
        // Who has the right to change, and who waits for it.
        while desk.app.broker.records.changing_now() < 2 {
            tokio::task::yield_now().await;
        }
        let id = desk.credential;
        desk.record(Change::CredentialRevoked { id }).await;
        let records = desk.app.broker.records.ledger.reader().len();
        drop(held);
        let (status, answer) = asked.await.unwrap();
        assert_eq!(status, 401, "{method} {path}: {answer}");
        assert_eq!(answer["code"], "LCM-UNAUTHENTICATED", "{method} {path}");
        assert_eq!(
            desk.app.broker.records.ledger.reader().len(),
            records,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_token_is_found_whichever_form_it_has_and_whatever_was_made_beside_it() {
    let desk = Desk::new().await;
    for n in 0..20 {
        let wish = json!({"role": "auditor", "name": format!("n{n}")});
        desk.yes("POST", "/credentials", &wish).await;
    }
    let again = desk.again();
    again.yes("GET", "/agents", &Value::Null).await;
    let state = again.app.broker.records.state.read();
    let hash = again.app.broker.records.vault.hash(TOKEN, None).hash;
    let found = state.credentials.with_hash(&hash).map(|known| known.id);
    assert_eq!(found, Some(again.credential));
}
