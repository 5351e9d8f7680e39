//! Requests to SAP, written by hand from what SAP's own clients send.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

const CATALOGUE: &str = "invoice.read invoice.post";

fn xsuaa(kind: &str, more: Value) -> Value {
    let mut parameters = json!({
        "client_id": "sb-locum!t1",
        "scopes": {"invoice.read": "acme!t1.Invoice.Read", "invoice.post": "acme!t1.Invoice.Read acme!t1.Invoice.Post"},
    });
    parameters
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({
        "kind": kind, "profile": "xsuaa", "base_url": "https://acme.authentication.example/",
        "parameters": parameters, "secrets": {"client": "btp-client"},
    })
}

#[test]
fn xsuaa_by_jwt_bearer() {
    let prepared = ready(xsuaa("jwt_bearer", json!({})), CATALOGUE);
    assert_eq!(
        sent(&prepared, ordered("invoice.read", None)),
        r#"POST https://acme.authentication.example/oauth/token
accept: application/json
content-type: application/x-www-form-urlencoded
  assertion=JWT by ours: {"act":{"iss":"https://locum.example","sub":"invoice-agent","sub_profile":"ai_agent"},"aud":"sb-locum!t1","exp":1795400300,"iat":1795400000,"iss":"https://locum.example","jti":"dlg_01kaz1xq4800000000000000ab","sub":"ada"}
  client_id=sb-locum!t1
  client_secret=value-of-btp-client
  grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer
  scope=acme!t1.Invoice.Read
  token_format=jwt"#
    );
    assert!(prepared.needs_published_key());
}

#[test]
fn xsuaa_with_everything_that_is_optional() {
    let mut connector = xsuaa(
        "jwt_bearer",
        json!({
            "token_format": "opaque", "zid": "zone-1", "audience": "idp-party",
            "authorities": {"tenant": "acme"}, "subject": "{sub}@{issuer}.example",
        }),
    );
    connector["secrets"]["signing"] = json!("btp-key");
    let prepared = ready(connector, CATALOGUE);
    let order = OrderOf {
        act: None,
        ..ordered("invoice.read invoice.post", None)
    };
    assert_eq!(
        sent(&prepared, order),
        r#"POST https://acme.authentication.example/oauth/token
accept: application/json
content-type: application/x-www-form-urlencoded
x-zid: zone-1
  assertion=JWT by btp-key: {"aud":"idp-party","exp":1795400300,"iat":1795400000,"iss":"https://locum.example","jti":"dlg_01kaz1xq4800000000000000ab","sub":"ada@demo.example"}
  authorities={"az_attr":{"tenant":"acme"}}
  client_id=sb-locum!t1
  client_secret=value-of-btp-client
  grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer
  scope=acme!t1.Invoice.Read acme!t1.Invoice.Post
  token_format=opaque"#
    );
    assert!(!prepared.needs_published_key());
}

#[test]
fn xsuaa_by_client_credentials_and_each_proof_of_the_client() {
    let form = "content-type: application/x-www-form-urlencoded
  client_id=sb-locum!t1
  grant_type=client_credentials
  scope=acme!t1.Invoice.Read
  token_format=jwt";
    let mtls = ready(
        xsuaa("client_credentials", json!({"client_auth": "mtls"})),
        CATALOGUE,
    );
    assert_eq!(
        sent(&mtls, ordered("invoice.read", None)),
        format!(
            "POST https://acme.authentication.example/oauth/token\naccept: application/json\n{}",
            form.replacen("\n", "\nTLS identity: btp-client\n", 1)
        )
    );
    let basic = xsuaa("client_credentials", json!({"client_auth": "basic"}));
    assert_eq!(
        sent(
            &ready(basic.clone(), CATALOGUE),
            ordered("invoice.read", None)
        ),
        format!(
            "POST https://acme.authentication.example/oauth/token\naccept: application/json\nauthorization: Basic {} (secret)\n{form}",
            STANDARD.encode("sb-locum!t1:value-of-btp-client")
        )
    );
    let mut odd = basic;
    odd["secrets"]["client"] = json!("odd");
    assert_eq!(
        sent(&ready(odd, CATALOGUE), ordered("invoice.read", None)),
        format!(
            "POST https://acme.authentication.example/oauth/token\naccept: application/json\nauthorization: Basic {} (secret)\n{}",
            STANDARD.encode("sb-locum%21t1:a%2Bb+%25%3A%C3%BC"),
            form.replacen("\n", "\nx-cf-encoded-credentials: true\n", 1)
        )
    );
}

/// The assertion of a form, decoded.
fn assertion(sending: &Sending, standard: bool) -> String {
    let members = url::form_urlencoded::parse(sending.request.body().expose());
    let (_, value) = members.into_iter().find(|(n, _)| n == "assertion").unwrap();
    let bytes = if standard {
        STANDARD.decode(value.as_bytes())
    } else {
        URL_SAFE_NO_PAD.decode(value.as_bytes())
    };
    String::from_utf8(bytes.unwrap()).unwrap()
}

/// Everything but the assertion.
fn without_assertion(sending: &Sending) -> String {
    let shown = shown(sending);
    let lines = shown
        .lines()
        .filter(|line| !line.starts_with("  assertion="));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn xsuaa_by_saml_bearer() {
    let mut connector = xsuaa(
        "saml_bearer",
        json!({"alias": "acme.aws-live-eu10", "audience": "acme.aws-live-eu10"}),
    );
    connector["secrets"]["signing"] = json!("btp-key");
    let prepared = ready(connector, CATALOGUE);
    let (_, sending) = begun(&prepared, ordered("invoice.read", None));
    assert_eq!(
        without_assertion(&sending),
        "POST https://acme.authentication.example/oauth/token/alias/acme.aws-live-eu10
accept: application/json
content-type: application/x-www-form-urlencoded
  client_id=sb-locum!t1
  client_secret=value-of-btp-client
  grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer
  scope=acme!t1.Invoice.Read
  token_format=jwt"
    );
    let assertion = assertion(&sending, false);
    for part in [
        "<saml:Issuer>LOCUM-CN</saml:Issuer>",
        "<saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">ada</saml:NameID>",
        "Recipient=\"https://acme.authentication.example/oauth/token/alias/acme.aws-live-eu10\"",
        "<saml:Audience>acme.aws-live-eu10</saml:Audience>",
        " ID=\"_dlg_01kaz1xq4800000000000000ab\"",
    ] {
        assert!(assertion.contains(part), "{part} in {assertion}");
    }
    assert!(!assertion.contains("AttributeStatement"), "{assertion}");
}

#[test]
fn s4hana_never_sends_a_scope_and_abap_always_does() {
    let parameters = json!({"client_id": "LOCUM", "audience": "https://my-web.example", "attribute_client_id": true});
    let s4hana = json!({
        "profile": "s4hana", "base_url": "https://my.example", "parameters": parameters,
        "secrets": {"client": "s4-client", "signing": "s4-key"},
    });
    let expected = |scope: &str| {
        format!(
            "POST https://my.example/sap/bc/sec/oauth2/token
accept: application/json
authorization: Basic {} (secret)
content-type: application/x-www-form-urlencoded
  client_id=LOCUM
  grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer{scope}",
            STANDARD.encode("LOCUM:value-of-s4-client")
        )
    };
    let (_, sending) = begun(
        &ready(s4hana.clone(), CATALOGUE),
        ordered("invoice.read", None),
    );
    assert_eq!(without_assertion(&sending), expected(""));
    let text = assertion(&sending, false);
    for part in [
        "<saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">ada</saml:NameID>",
        "<saml:Attribute Name=\"client_id\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified\"><saml:AttributeValue>LOCUM</saml:AttributeValue></saml:Attribute>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let mut abap = s4hana;
    abap["profile"] = json!("abap");
    abap["parameters"]["scopes"] =
        json!({"invoice.read": "ZREAD_SRV_0001", "invoice.post": "ZREAD_SRV_0001 ZPOST_SRV_0001"});
    let prepared = ready(abap, CATALOGUE);
    let (_, sending) = begun(&prepared, ordered("invoice.post invoice.read", None));
    assert_eq!(
        without_assertion(&sending),
        expected("\n  scope=ZREAD_SRV_0001 ZPOST_SRV_0001")
    );
}

#[test]
fn successfactors_knows_the_client_by_its_signature_alone() {
    let connector = |name_id: &str| {
        json!({
            "profile": "successfactors", "base_url": "https://api.sf.example",
            "parameters": {"client_id": "MmEx", "company_id": "acme", "name_id": name_id},
            "secrets": {"signing": "sf-key"},
        })
    };
    let (_, sending) = begun(
        &ready(connector("email"), "worker.read"),
        ordered("worker.read", None),
    );
    assert_eq!(
        without_assertion(&sending),
        "POST https://api.sf.example/oauth/token
accept: application/json
content-type: application/x-www-form-urlencoded
  client_id=MmEx
  company_id=acme
  grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer
  new_token=true"
    );
    let text = assertion(&sending, true);
    for part in [
        "<saml:Issuer>www.successfactors.com</saml:Issuer>",
        "<saml:Audience>www.successfactors.com</saml:Audience>",
        "Recipient=\"https://api.sf.example/oauth/token\"",
        "Name=\"api_key\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified\"><saml:AttributeValue>MmEx<",
        "Name=\"use_email\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified\"><saml:AttributeValue>true<",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (_, sending) = begun(
        &ready(connector("user"), "worker.read"),
        ordered("worker.read", None),
    );
    assert!(!assertion(&sending, true).contains("use_"));
}
