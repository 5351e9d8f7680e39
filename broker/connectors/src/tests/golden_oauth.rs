//! Requests to Workday and to servers that speak plain OAuth.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

#[test]
fn workday_by_jwt_bearer_never_tells_who_acts() {
    let connector = json!({
        "profile": "workday", "base_url": "https://wd2.workday.example",
        "parameters": {
            "tenant": "acme",
            "principals": [
                {"scopes": ["worker.read"], "client_id": "READ", "secret": "wd-read"},
                {"scopes": ["worker.read", "worker.write"], "client_id": "WRITE", "secret": "wd-write"},
            ],
            "subjects": {"demo:ada": "lmcneil"},
        },
    });
    let prepared = ready(connector.clone(), "worker.read worker.write");
    assert_eq!(
        sent(&prepared, ordered("worker.read", Some(0))),
        r#"POST https://wd2.workday.example/ccx/oauth2/acme/token
accept: application/json
content-type: application/x-www-form-urlencoded
  assertion=JWT by wd-read: {"aud":"wd","exp":1795400300,"iat":1795400000,"iss":"READ","jti":"dlg_01kaz1xq4800000000000000ab","sub":"lmcneil"}
  grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer"#
    );
    let mut as_text = connector;
    as_text["parameters"]["exp_as_text"] = json!(true);
    let sent = sent(
        &ready(as_text, "worker.read worker.write"),
        ordered("worker.write", Some(1)),
    );
    assert!(
        sent.contains(r#"JWT by wd-write: {"aud":"wd","exp":"1795400300""#),
        "{sent}"
    );
}

#[test]
fn workday_by_client_credentials() {
    let connector = json!({
        "kind": "client_credentials", "profile": "workday", "base_url": "https://wd2.workday.example",
        "parameters": {"tenant": "acme", "client_id": "CC"}, "secrets": {"client": "wd-client"},
    });
    assert_eq!(
        sent(
            &ready(connector, "worker.read"),
            ordered("worker.read", None)
        ),
        format!(
            "POST https://wd2.workday.example/ccx/oauth2/acme/token
accept: application/json
authorization: ID {} (secret)
content-type: application/x-www-form-urlencoded
  grant_type=client_credentials
  tenant_alias=acme",
            STANDARD.encode("CC:value-of-wd-client")
        )
    );
}

fn oauth(kind: &str, more: Value, secrets: Value) -> Prepared {
    let mut parameters = json!({"client_id": "locum:1", "token_path": "/oauth2/token"});
    parameters
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    ready(
        json!({
            "kind": kind, "profile": "oauth", "base_url": "https://as.example/realm",
            "parameters": parameters, "secrets": secrets,
        }),
        "order.read order.write",
    )
}

#[test]
fn oauth_by_jwt_bearer_with_basic_as_rfc6749_2_3_1_has_it() {
    let prepared = oauth(
        "jwt_bearer",
        json!({
            "scopes": {"order.read": "orders:read", "order.write": "orders:write"},
            "resource": ["https://a.example", "https://b.example"], "extra": {"tenant": "a b"},
        }),
        json!({"client": "odd"}),
    );
    assert_eq!(
        sent(&prepared, ordered("order.read", None)),
        format!(
            r#"POST https://as.example/realm/oauth2/token
accept: application/json
authorization: Basic {} (secret)
content-type: application/x-www-form-urlencoded
  assertion=JWT by ours: {{"act":{{"iss":"https://locum.example","sub":"invoice-agent","sub_profile":"ai_agent"}},"aud":"https://as.example/realm/oauth2/token","exp":1795400300,"iat":1795400000,"iss":"https://locum.example","jti":"dlg_01kaz1xq4800000000000000ab","sub":"ada"}}
  grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer
  resource=https://a.example
  resource=https://b.example
  scope=orders:read
  tenant=a b"#,
            STANDARD.encode("locum%3A1:a%2Bb+%25%3A%C3%BC")
        )
    );
}

#[test]
fn oauth_by_token_exchange_and_a_signed_client() {
    let prepared = oauth(
        "token_exchange",
        json!({"client_auth": "jwt", "audience": "https://as.example"}),
        json!({}),
    );
    assert_eq!(
        sent(
            &prepared,
            OrderOf {
                act: None,
                ..ordered("order.read order.write", None)
            }
        ),
        r#"POST https://as.example/realm/oauth2/token
accept: application/json
content-type: application/x-www-form-urlencoded
  client_assertion=JWT by ours: {"aud":"https://as.example","exp":1795400300,"iat":1795400000,"iss":"locum:1","jti":"dlg_01kaz1xq4800000000000000ab.client","sub":"locum:1"}
  client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer
  client_id=locum:1
  grant_type=urn:ietf:params:oauth:grant-type:token-exchange
  subject_token=JWT by ours: {"aud":"https://as.example","exp":1795400300,"iat":1795400000,"iss":"https://locum.example","jti":"dlg_01kaz1xq4800000000000000ab","sub":"ada"}
  subject_token_type=urn:ietf:params:oauth:token-type:jwt"#
    );
    assert!(prepared.needs_published_key());
}

#[test]
fn oauth_by_client_credentials() {
    let of = |auth: &str, secrets: Value| {
        let prepared = oauth("client_credentials", json!({"client_auth": auth}), secrets);
        let sent = sent(&prepared, ordered("order.read order.write", None));
        (sent, prepared.needs_published_key())
    };
    let start = "POST https://as.example/realm/oauth2/token
accept: application/json
content-type: application/x-www-form-urlencoded\n";
    assert_eq!(
        of("post", json!({"client": "as-client"})),
        (
            format!(
                "{start}  client_id=locum:1\n  client_secret=value-of-as-client\n  grant_type=client_credentials"
            ),
            false
        )
    );
    assert_eq!(
        of("none", json!({})),
        (
            format!("{start}  client_id=locum:1\n  grant_type=client_credentials"),
            false
        )
    );
    assert_eq!(
        of("mtls", json!({"client": "as-pem"})),
        (
            format!(
                "{start}TLS identity: as-pem\n  client_id=locum:1\n  grant_type=client_credentials"
            ),
            false
        )
    );
    let (signed, ours) = of("jwt", json!({"signing": "as-key"}));
    assert!(
        signed.contains(
            r#"client_assertion=JWT by as-key: {"aud":"https://as.example/realm/oauth2/token","#
        ),
        "{signed}"
    );
    assert!(
        signed.contains(r#""jti":"dlg_01kaz1xq4800000000000000ab","#),
        "{signed}"
    );
    assert!(!ours);
}

#[test]
fn oauth_by_saml_bearer() {
    let prepared = oauth(
        "saml_bearer",
        json!({"audience": "https://as.example/saml", "issuer": "locum"}),
        json!({"client": "as-client", "signing": "as-key"}),
    );
    let sent = sent(&prepared, ordered("order.read order.write", None));
    assert!(
        sent.contains("\n  assertion=PHNhbWw6QXNzZXJ0aW9uIHhtbG5zOnNhbWw9"),
        "{sent}"
    );
    assert!(
        sent.ends_with("\n  grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer"),
        "{sent}"
    );
}

#[test]
fn an_agent_that_acts_for_itself_is_the_subject() {
    let prepared = oauth("jwt_bearer", json!({"client_auth": "none"}), json!({}));
    let agent = locum_core::ids::AgentId::parse("nightly").unwrap();
    let sent = sent(
        &prepared,
        OrderOf {
            subject: Subject::Agent(agent),
            act: None,
            ..ordered("order.read order.write", None)
        },
    );
    assert!(sent.contains(r#""sub":"nightly""#), "{sent}");
    assert!(!sent.contains(r#""act""#), "{sent}");
}
