use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

fn jwt(claims: &Value) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn granted() -> (String, String) {
    let token = jwt(&json!({"iss":"l","sub":"demo:ada","aud":"urn:demo:sap",
        "act":{"iss":"l","sub":"invoice-agent"},"del":{"basis":"policy"}}));
    let answer = json!({"access_token":token,"token_type":"Bearer","expires_in":300,
        "scope":"invoice.read","delegation_id":"dlg_1"});
    (token, answer.to_string())
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

fn form(request: &str) -> Vec<(String, String)> {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect()
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn a_token_from_files_is_exchanged_and_printed_bare() {
    let (token, answer) = granted();
    let server = Server::answering(&[(200, &answer)]).await;
    let subject = file(&jwt(&json!({"iss":"https://idp.example"})));
    let line = format!(
        "token --subject-token-file {} --for sap --scope invoice.read --scope b --details \
         type=t,amount=1 --task-id t1 --expires-in 2m --delegate-to hr-agent",
        subject.path().display()
    );
    let ran = run_at(&server, &line).await;
    assert_eq!(
        (ran.code, ran.out),
        (0, format!("{token}\n")),
        "{}",
        ran.err
    );
    let request = server.requests().remove(0);
    assert!(request.starts_with("POST /token HTTP/1.1\r\n"), "{request}");
    let basic = format!(
        "authorization: basic {}",
        STANDARD.encode("invoice-agent:s1")
    );
    assert!(
        request.to_lowercase().contains(&basic.to_lowercase()),
        "{request}"
    );
    let form = form(&request);
    for (name, value) in [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:id_token",
        ),
        ("audience", "sap"),
        ("scope", "invoice.read b"),
        ("task_id", "t1"),
        ("expires_in", "120"),
        ("delegate_to", "hr-agent"),
    ] {
        assert_eq!(field(&form, name), Some(value), "{name}");
    }
    let details: Value =
        serde_json::from_str(field(&form, "authorization_details").unwrap()).unwrap();
    assert_eq!(details, json!([{"type":"t","amount":"1"}]));
    assert_eq!(field(&form, "purpose"), None);
    assert_eq!(field(&form, "client_secret"), None);
}

#[tokio::test]
async fn a_person_of_the_dev_world_is_signed_in_first() {
    let (_, answer) = granted();
    let idp = Server::answering(&[(
        200,
        r#"{"id_token":"idt","access_token":"act","expires_in":300}"#,
    )])
    .await;
    let broker = Server::answering(&[(200, &answer)]).await;
    let ready = file(
        &json!({"issuer":broker.url,"idp":{"token_endpoint":format!("{}/idp/token", idp.url)},
        "people":{"ada":{"sub":"demo:ada","idp_sub":"ada","password":"p w"}},
        "agents":{"invoice-agent":{"client_id":"invoice-agent","client_secret":"s9"}}})
        .to_string(),
    );
    let pairs = [("LOCUM_DEV_READY", ready.path().display().to_string())];
    let line = "token --as ada --agent invoice-agent --for sap --session access --show-chain";
    let ran = run_with(&pairs, line).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("demo:ada → invoice-agent → sap"),
        "{}",
        ran.err
    );
    let sign_in = form(&idp.requests()[0]);
    assert_eq!(field(&sign_in, "username"), Some("ada"));
    assert_eq!(field(&sign_in, "password"), Some("p w"));
    let exchange = form(&broker.requests()[0]);
    assert_eq!(field(&exchange, "subject_token"), Some("act"));
    assert_eq!(
        field(&exchange, "subject_token_type"),
        Some("urn:ietf:params:oauth:token-type:jwt")
    );
    assert_eq!(field(&exchange, "scope"), None);
}

#[tokio::test]
async fn a_grant_stands_for_the_person_and_alone_needs_nobody() {
    let (_, answer) = granted();
    let server = Server::answering(&[(200, &answer), (200, &answer)]).await;
    assert_eq!(
        run_at(&server, "token --subject-grant grt_1 --for sap")
            .await
            .code,
        0
    );
    assert_eq!(run_at(&server, "token --alone --for sap").await.code, 0);
    let requests = server.requests();
    let grant = form(&requests[0]);
    assert_eq!(field(&grant, "subject_token"), Some("grt_1"));
    assert_eq!(
        field(&grant, "subject_token_type"),
        Some("urn:locum:token-type:grant")
    );
    let alone = form(&requests[1]);
    assert_eq!(field(&alone, "grant_type"), Some("client_credentials"));
    assert_eq!(field(&alone, "subject_token"), None);
}

#[tokio::test]
async fn a_token_can_be_had_with_its_chain_as_json() {
    let (token, answer) = granted();
    let server = Server::answering(&[(200, &answer)]).await;
    let ran = run_at(&server, "token --subject-grant grt_1 --for sap -o json").await;
    let data = &ran.json()["data"];
    assert_eq!(data["access_token"], json!(token));
    assert_eq!(data["chain"], json!("demo:ada → invoice-agent → sap"));
    assert_eq!(data["claims"]["sub"], json!("demo:ada"));
}

#[tokio::test]
async fn a_refusal_leaves_stdout_empty_and_says_what_would_pass() {
    let refusals = [
        ("LCM-SCOPE-REFUSED", "invalid_scope", 400, 7),
        ("LCM-CONSENT-MISSING", "consent_required", 400, 79),
        ("LCM-POLICY-DENIED", "invalid_request", 400, 81),
        ("LCM-LOCKED", "invalid_request", 400, 82),
        ("LCM-CLIENT-AUTH", "invalid_client", 401, 8),
        ("LCM-UNAVAILABLE", "temporarily_unavailable", 503, 12),
    ];
    for (code, error, status, exit) in refusals {
        let body = json!({"error":error,"code":code,"request_id":"req_1","retryable":false,
            "error_description":"do this next","would_pass":{"scope":"invoice.read"}})
        .to_string();
        let server = Server::answering(&[(status, &body)]).await;
        let ran = run_at(&server, "token --subject-grant grt_1 --for sap").await;
        assert_eq!((ran.code, ran.out.as_str()), (exit, ""), "{code}");
        assert!(ran.err.contains("do this next"), "{}", ran.err);
        assert!(
            ran.err.contains("would pass  scope=invoice.read"),
            "{}",
            ran.err
        );
    }
}

#[tokio::test]
async fn an_own_token_is_revoked_by_its_client() {
    let server = Server::answering(&[(200, "")]).await;
    let token = file("tok\n");
    let ran = run_at(
        &server,
        &format!("revoke --token-file {}", token.path().display()),
    )
    .await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let request = server.requests().remove(0);
    assert!(
        request.starts_with("POST /revoke HTTP/1.1\r\n"),
        "{request}"
    );
    assert_eq!(field(&form(&request), "token"), Some("tok"));
}

#[tokio::test]
async fn two_tokens_cannot_both_come_from_standard_input() {
    let server = Server::answering(&[]).await;
    let ran = run_at(
        &server,
        "token --subject-token-file - --actor-token-file - --for sap",
    )
    .await;
    assert_eq!(ran.code, 2);
}
