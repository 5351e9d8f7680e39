//! Quirks of XSUAA.

use super::*;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const READ: &str = "acme!t1.Invoice.Read";
const POST: &str = "acme!t1.Invoice.Post";

impl Stage {
    /// An assertion of Locum's, with changes to its claims.
    fn assertion(&self, changes: Value) -> String {
        let mut claims = json!({
            "iss": self.issuer, "sub": "ada", "aud": "sb-locum!t1", "iat": NOW, "exp": NOW + 300,
            "act": {"iss": self.issuer, "sub": "invoice-agent"},
        });
        let (Value::Object(claims_in), Value::Object(changes)) = (&mut claims, changes) else {
            panic!("no object");
        };
        claims_in.extend(changes);
        self.key.sign("JWT", &claims).unwrap()
    }

    fn secret(&self) -> &str {
        self.accounts.sap_btp.client_secret.expose()
    }

    async fn sap_token(&self, assertion: &str, more: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![
            ("grant_type", JWT_BEARER),
            ("assertion", assertion),
            ("client_id", "sb-locum!t1"),
            ("client_secret", self.secret()),
        ];
        pairs.extend(more);
        form(&self.routers.sap_btp, "/oauth/token", &pairs, &[]).await
    }

    async fn sap(&self, request: (&str, &str), token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        call(&self.routers.sap_btp, request, &headers, String::new()).await
    }
}

#[tokio::test]
async fn an_opaque_token_is_narrow_and_ends_itself() {
    let stage = Stage::new().await;
    let assertion = stage.assertion(json!({"jti": "dlg_1"}));
    let more = [("scope", READ), ("token_format", "opaque")];
    let answer = stage.sap_token(&assertion, &more).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["expires_in"], 599);
    assert_eq!(answer.body["scope"], READ);
    assert_eq!(answer.body["token_type"], "bearer");
    assert!(answer.headers.contains_key("x-vcap-request-id"));
    let token = text(&answer.body["access_token"]);
    let read = stage.sap(("GET", "/sap-btp/invoices/4711"), token).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.body["seen"]["sub"], "ada");
    assert_eq!(read.body["seen"]["assertion"], "dlg_1");
    assert_eq!(read.body["seen"]["act"]["sub"], "invoice-agent");
    let posted = stage.sap(("POST", "/sap-btp/invoices"), token).await;
    assert_eq!(posted.status, 403);
    let revoke = format!("/oauth/token/revoke/{token}");
    assert_eq!(stage.sap(("DELETE", &revoke), "another").await.status, 401);
    assert_eq!(stage.sap(("DELETE", &revoke), token).await.status, 200);
    let read = stage.sap(("GET", "/sap-btp/invoices/4711"), token).await;
    assert_eq!(read.status, 401);
}

#[tokio::test]
async fn a_token_ends_when_its_time_is_over() {
    let stage = Stage::new().await;
    let answer = stage
        .sap_token(&stage.assertion(json!({})), &[("token_format", "opaque")])
        .await;
    let token = text(&answer.body["access_token"]);
    stage.pass(599);
    let read = || stage.sap(("GET", "/sap-btp/invoices/4711"), token);
    assert_eq!(read().await.status, 200);
    stage.pass(1);
    assert_eq!(read().await.status, 401);
}

#[tokio::test]
async fn the_scope_of_a_jwt_is_a_list_and_that_of_the_answer_a_text() {
    let stage = Stage::new().await;
    let authorities = r#"{"az_attr":{"purpose":"p"}}"#;
    let more = [("authorities", authorities)];
    let answer = stage.sap_token(&stage.assertion(json!({})), &more).await;
    assert_eq!(answer.body["scope"], format!("{READ} {POST}"));
    let token = text(&answer.body["access_token"]);
    let (header, claims) = test_world::decode(token);
    assert_eq!(header["kid"], "default-jwt-key-1");
    assert_eq!(claims["scope"], json!([READ, POST]));
    assert_eq!(claims["az_attr"]["purpose"], "p");
    let revoke = format!("/oauth/token/revoke/{token}");
    assert_eq!(stage.sap(("DELETE", &revoke), token).await.status, 401);
    let keys = stage.sap(("GET", "/token_keys?zid=another"), token).await;
    assert_eq!(keys.status, 400);
    let keys = stage.sap(("GET", "/token_keys"), token).await;
    assert_eq!(keys.body["keys"][0]["alg"], "RS256");
}

#[tokio::test]
async fn an_assertion_that_is_not_sound_is_refused() {
    let stage = Stage::new().await;
    let good = stage.assertion(json!({}));
    let (_, signature) = good.rsplit_once('.').unwrap();
    let other = stage.assertion(json!({"sub": "bob"}));
    let (others, _) = other.rsplit_once('.').unwrap();
    let once = stage.assertion(json!({"jti": "dlg_1"}));
    assert_eq!(stage.sap_token(&once, &[]).await.status, 200);
    for (bad, why) in [
        (stage.assertion(json!({"aud": "another"})), "audience"),
        (stage.assertion(json!({"exp": NOW})), "expired"),
        (stage.assertion(json!({"iss": "https://x"})), "issuer"),
        (format!("{others}.{signature}"), "tampered"),
        (once, "replayed"),
    ] {
        let answer = stage.sap_token(&bad, &[]).await;
        let error = &answer.body["error"];
        assert_eq!(
            (answer.status, text(error)),
            (401, "invalid_token"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn a_scope_is_cut_and_an_empty_one_refused() {
    let stage = Stage::new().await;
    let wide = format!("{READ} acme!t1.Everything");
    let assertion = stage.assertion(json!({}));
    let cut = stage.sap_token(&assertion, &[("scope", &wide)]).await;
    assert_eq!(cut.body["scope"], READ);
    let none = [("scope", "acme!t1.Everything")];
    let none = stage.sap_token(&assertion, &none).await;
    assert_eq!(
        (none.status, text(&none.body["error"])),
        (400, "invalid_scope")
    );
}

#[tokio::test]
async fn a_basic_header_is_decoded_only_where_it_says_so() {
    let stage = Stage::new().await;
    let plain = basic("Basic", "sb-locum!t1", stage.secret());
    let encoded = basic("Basic", "sb-locum%21t1", stage.secret());
    let says = ("x-cf-encoded-credentials", "true");
    let pairs = [("grant_type", "client_credentials")];
    for (header, says, status) in [
        (&plain, None, 200),
        (&encoded, None, 401),
        (&encoded, Some(says), 200),
    ] {
        let mut headers = vec![("authorization", header.as_str())];
        headers.extend(says);
        let router = &stage.routers.sap_btp;
        let answer = form(router, "/oauth/token", &pairs, &headers).await;
        assert_eq!(answer.status, status);
    }
    let pairs = [
        pairs[0],
        ("client_id", "sb-locum!t1"),
        ("client_secret", "x"),
    ];
    let answer = form(&stage.routers.sap_btp, "/oauth/token", &pairs, &[]).await;
    assert_eq!(
        (answer.status, text(&answer.body["error"])),
        (401, "unauthorized")
    );
}

#[tokio::test]
async fn a_busy_server_says_when_to_come_again() {
    let stage = Stage::new().await;
    let told = json!({"times": 1, "status": 429, "retry_after": 2}).to_string();
    let headers = [("content-type", "application/json")];
    let router = &stage.routers.sap_btp;
    assert_eq!(
        call(router, ("POST", "/-/busy"), &headers, told)
            .await
            .status,
        204
    );
    let assertion = stage.assertion(json!({}));
    let answer = stage.sap_token(&assertion, &[]).await;
    assert_eq!(
        (answer.status, &answer.headers["retry-after"]),
        (429, &"2".parse().unwrap())
    );
    assert_eq!(stage.sap_token(&assertion, &[]).await.status, 200);
}
