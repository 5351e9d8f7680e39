//! Quirks of Workday.

use super::*;
use rcgen::{KeyPair, SigningKey as _};

const TOKEN: &str = "/ccx/oauth2/acme/token";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

impl Stage {
    /// An assertion by the key of one of the API clients.
    fn workday_assertion(&self, signer: usize, claims: &Value) -> String {
        let key = self.accounts.workday_hr[signer].private_key.expose();
        let key = KeyPair::from_pem(key).unwrap();
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": "any"});
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = key.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    async fn workday_token(&self, assertion: &str) -> Answer {
        let pairs = [("grant_type", JWT_BEARER), ("assertion", assertion)];
        form(&self.routers.workday_hr, TOKEN, &pairs, &[]).await
    }

    async fn worker(&self, method: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let request = (method, "/workday-hr/workers/42");
        call(&self.routers.workday_hr, request, &headers, String::new()).await
    }
}

fn claims() -> Value {
    json!({"iss": "locum-read", "sub": "ada", "aud": "wd", "exp": NOW + 300})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[tokio::test]
async fn an_api_client_does_what_it_was_registered_for_and_no_more() {
    let stage = Stage::new().await;
    let writes = with("iss", json!("locum-write"));
    let text_exp = with("exp", json!((NOW + 300).to_string()));
    for (signer, claims, put) in [(0, claims(), 403), (0, text_exp, 403), (1, writes, 200)] {
        let assertion = stage.workday_assertion(signer, &claims);
        let answer = stage.workday_token(&assertion).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.body.get("expires_in").is_none());
        let token = text(&answer.body["access_token"]);
        let read = stage.worker("GET", token).await;
        assert_eq!((read.status, text(&read.body["seen"]["sub"])), (200, "ada"));
        assert_eq!(stage.worker("PUT", token).await.status, put);
    }
    assert_eq!(stage.worker("GET", "another").await.status, 401);
}

#[tokio::test]
async fn an_assertion_that_is_not_sound_is_refused() {
    let stage = Stage::new().await;
    let once = stage.workday_assertion(0, &with("jti", json!("dlg_1")));
    assert_eq!(stage.workday_token(&once).await.status, 200);
    let own = |claims: &Value| stage.workday_assertion(0, claims);
    for (bad, error) in [
        (own(&with("aud", json!("another"))), "invalid_grant"),
        (own(&with("exp", json!(NOW))), "invalid_grant"),
        (own(&with("exp", json!("soon"))), "invalid_grant"),
        (own(&with("sub", json!(""))), "invalid_grant"),
        (own(&with("iss", json!("nobody"))), "invalid_client"),
        (stage.workday_assertion(1, &claims()), "invalid_grant"),
        (once, "invalid_grant"),
        ("x".to_owned(), "invalid_grant"),
    ] {
        let answer = stage.workday_token(&bad).await;
        assert_eq!(text(&answer.body["error"]), error, "{}", answer.text);
    }
}

#[tokio::test]
async fn client_credentials_stand_in_a_header_of_the_scheme_id() {
    let stage = Stage::new().await;
    let secret = stage.accounts.workday_hr[0].client_secret.expose();
    let id = basic("ID", "locum-read", secret);
    let wrong = basic("Basic", "locum-read", secret);
    let pairs = [
        ("grant_type", "client_credentials"),
        ("tenant_alias", "acme"),
    ];
    let in_form = [
        pairs[0],
        pairs[1],
        ("client_id", "locum-read"),
        ("client_secret", secret),
    ];
    for (header, pairs, status) in [
        (Some(&id), &pairs[..], 200),
        (Some(&id), &pairs[..1], 400),
        (Some(&wrong), &pairs[..], 401),
        (None, &in_form[..], 401),
    ] {
        let headers: Vec<_> = header
            .iter()
            .map(|h| ("authorization", h.as_str()))
            .collect();
        let answer = form(&stage.routers.workday_hr, TOKEN, pairs, &headers).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let path = "/ccx/oauth2/another/token";
    let answer = form(&stage.routers.workday_hr, path, &pairs, &[]).await;
    assert_eq!(answer.status, 404);
}
