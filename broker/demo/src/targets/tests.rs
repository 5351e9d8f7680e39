#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::super::keys::DemoKey;
use super::super::test_world::{self, NOW, TestWorld};
use super::*;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Mutex;
use tokio::net::TcpListener;

/// Stands in for the broker: its keys, and what introspection says.
struct Locum {
    key: Mutex<DemoKey>,
    alive: Mutex<Option<bool>>,
    callers: Mutex<Vec<String>>,
}

impl Locum {
    fn sign(&self, typ: &str, claims: &Value) -> String {
        self.key
            .lock()
            .unwrap()
            .signer()
            .unwrap()
            .sign(typ, claims)
            .unwrap()
    }
}

async fn jwks(State(locum): State<Arc<Locum>>) -> Json<Value> {
    Json(json!({"keys": [locum.key.lock().unwrap().public_jwk().unwrap()]}))
}

async fn introspect(
    State(locum): State<Arc<Locum>>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    let basic = headers["authorization"]
        .to_str()
        .unwrap()
        .strip_prefix("Basic ")
        .unwrap();
    let caller = String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap();
    locum.callers.lock().unwrap().push(caller);
    match *locum.alive.lock().unwrap() {
        Some(alive) => (StatusCode::OK, Json(json!({"active": alive}))),
        None => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({}))),
    }
}

struct Stage {
    locum: Arc<Locum>,
    test_world: TestWorld,
    issuer: String,
}

impl Stage {
    async fn new() -> Self {
        let locum = Arc::new(Locum {
            key: Mutex::new(DemoKey::generate("locum-1").unwrap()),
            alive: Mutex::new(Some(true)),
            callers: Mutex::default(),
        });
        let routes = Router::new()
            .route("/jwks", routing::get(jwks))
            .route("/introspect", routing::post(introspect))
            .with_state(Arc::clone(&locum));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let test_world = TestWorld::at(&Addresses {
            issuer: issuer.clone(),
            ..test_world::addresses()
        });
        Self {
            locum,
            test_world,
            issuer,
        }
    }

    fn claims(&self, target: &str, scope: &str) -> Value {
        json!({
            "iss": self.issuer, "sub": "demo:ada", "aud": format!("urn:demo:{target}"),
            "client_id": "invoice-agent", "iat": NOW, "exp": NOW + 300, "jti": "01k", "scope": scope,
            "act": {"iss": self.issuer, "sub": "invoice-agent", "sub_profile": "ai_agent"},
        })
    }

    fn token(&self, target: &str, scope: &str) -> String {
        self.locum.sign("at+jwt", &self.claims(target, scope))
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
    ) -> (u16, String, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let (status, headers, answer) = self.test_world.send(request.body(body).unwrap()).await;
        let challenge = headers
            .get("www-authenticate")
            .map(|v| v.to_str().unwrap().to_owned());
        (status, challenge.unwrap_or_default(), answer)
    }

    async fn read(&self, token: &str) -> (u16, String, Value) {
        self.call("GET", "/sap/invoices/4711", token, &Value::Null)
            .await
    }
}

#[tokio::test]
async fn a_good_token_is_answered_with_what_was_seen() {
    let stage = Stage::new().await;
    let (status, _, answer) = stage.read(&stage.token("sap", "invoice.read")).await;
    assert_eq!(status, 200);
    let act = json!({"iss": stage.issuer, "sub": "invoice-agent", "sub_profile": "ai_agent"});
    let seen = json!({"sub": "demo:ada", "act": act, "scope": "invoice.read"});
    assert_eq!(
        answer,
        json!({"id": "4711", "supplier": "Acme", "amount": "4200.00 EUR", "seen": seen})
    );
    let secret = stage
        .test_world
        .world
        .client_secret("sap-rs")
        .unwrap()
        .expose();
    assert!(*stage.locum.callers.lock().unwrap() == [format!("sap-rs:{secret}")]);
}

#[tokio::test]
async fn rfc6750_3_no_token_is_challenged_without_an_error() {
    let stage = Stage::new().await;
    let (status, challenge, _) = stage.read("").await;
    assert_eq!((status, challenge.as_str()), (401, "Bearer realm=\"sap\""));
}

#[tokio::test]
async fn a_token_that_is_not_for_this_target_or_not_sound_is_invalid() {
    let stage = Stage::new().await;
    let claims = stage.claims("sap", "invoice.read");
    let changed = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        stage.locum.sign("at+jwt", &claims)
    };
    let stranger = DemoKey::generate("locum-1").unwrap().signer().unwrap();
    let unknown = DemoKey::generate("other").unwrap().signer().unwrap();
    for (why, token) in [
        ("audience", stage.token("workday", "invoice.read")),
        ("issuer", changed("iss", json!("http://127.0.0.1:1"))),
        ("expired", changed("exp", json!(NOW))),
        ("typ", stage.locum.sign("JWT", &claims)),
        ("signature", stranger.sign("at+jwt", &claims).unwrap()),
        ("kid", unknown.sign("at+jwt", &claims).unwrap()),
        ("form", "nonsense".to_owned()),
    ] {
        let (status, challenge, _) = stage.read(&token).await;
        assert_eq!(status, 401, "{why}");
        assert!(
            challenge.contains("error=\"invalid_token\""),
            "{why}: {challenge}"
        );
    }
    assert!(
        stage.locum.callers.lock().unwrap().is_empty(),
        "such tokens are not even introspected"
    );
}

#[tokio::test]
async fn the_targets_address_will_do_as_audience() {
    let stage = Stage::new().await;
    let mut claims = stage.claims("sap", "invoice.read");
    claims["aud"] = json!("http://127.0.0.1:8421/sap");
    assert_eq!(
        stage.read(&stage.locum.sign("at+jwt", &claims)).await.0,
        200
    );
}

#[tokio::test]
async fn a_dead_token_is_refused_and_an_unknown_one_too() {
    let stage = Stage::new().await;
    let token = stage.token("sap", "invoice.read");
    *stage.locum.alive.lock().unwrap() = Some(false);
    let (status, challenge, _) = stage.read(&token).await;
    assert_eq!(status, 401);
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    *stage.locum.alive.lock().unwrap() = None;
    assert_eq!(stage.read(&token).await.0, 503);
}

#[tokio::test]
async fn rfc6750_3_1_a_scope_that_is_missing_is_named() {
    let stage = Stage::new().await;
    let token = stage.token("sap", "invoice.read invoice.poster");
    let (status, challenge, answer) = stage
        .call("POST", "/sap/invoices", &token, &json!({}))
        .await;
    assert_eq!(
        (status, &answer["error"]),
        (403, &json!("insufficient_scope"))
    );
    assert!(challenge.ends_with("scope=\"invoice.post\""), "{challenge}");
}

#[tokio::test]
async fn keys_are_fetched_again_when_locum_signs_with_a_new_one() {
    let stage = Stage::new().await;
    assert_eq!(stage.read(&stage.token("sap", "invoice.read")).await.0, 200);
    *stage.locum.key.lock().unwrap() = DemoKey::generate("locum-2").unwrap();
    assert_eq!(stage.read(&stage.token("sap", "invoice.read")).await.0, 200);
}

#[tokio::test]
async fn an_invoice_is_posted_within_the_details_of_the_token() {
    let stage = Stage::new().await;
    let mut claims = stage.claims("sap", "invoice.post");
    claims["authorization_details"] = json!([{"type": "invoice_post", "company": "1000",
        "amount": "100.00", "invoices": ["4711"]}]);
    let token = stage.locum.sign("at+jwt", &claims);
    let mut invoice = json!({"company": "1000", "amount": "100.00", "invoice": "4711"});
    let (status, _, answer) = stage.call("POST", "/sap/invoices", &token, &invoice).await;
    assert_eq!((status, &answer["posted"]), (201, &json!(true)));
    assert_eq!(
        answer["seen"]["authorization_details"],
        claims["authorization_details"]
    );
    invoice["amount"] = json!("100.01");
    let (status, challenge, _) = stage.call("POST", "/sap/invoices", &token, &invoice).await;
    assert_eq!(status, 403);
    assert!(
        challenge.contains("error=\"insufficient_authorization\""),
        "{challenge}"
    );
    let free = stage.token("sap", "invoice.post");
    assert_eq!(
        stage
            .call("POST", "/sap/invoices", &free, &Value::Null)
            .await
            .0,
        201
    );
}

#[tokio::test]
async fn workday_and_firewall_read_and_write_under_their_scopes() {
    let stage = Stage::new().await;
    for (target, path, write, status) in [
        ("workday", "/workday/workers/42", "PUT", 200),
        ("firewall", "/firewall/rules", "POST", 201),
    ] {
        let catalogue = TARGETS.iter().find(|t| t.id == target).unwrap();
        let reading = stage.token(target, catalogue.read);
        let writing = stage.token(target, catalogue.write);
        let (found, _, answer) = stage.call("GET", path, &reading, &Value::Null).await;
        assert_eq!(
            (found, &answer["seen"]["sub"]),
            (200, &json!("demo:ada")),
            "{target}"
        );
        let note = json!({"note": "new"});
        assert_eq!(
            stage.call(write, path, &reading, &note).await.0,
            403,
            "{target}"
        );
        let (found, _, answer) = stage.call(write, path, &writing, &note).await;
        assert_eq!(
            (found, &answer["note"]),
            (status, &json!("new")),
            "{target}"
        );
        assert_eq!(
            stage.call(write, path, &writing, &json!([])).await.0,
            400,
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_target_says_what_it_is_with_and_without_a_slash() {
    let test_world = TestWorld::new();
    for path in ["/sap", "/sap/", "/workday", "/firewall/"] {
        let (status, about) = test_world.get(path).await;
        assert_eq!(status, 200, "{path}");
        assert!(
            about["audience"].as_str().unwrap().starts_with("urn:demo:"),
            "{path}"
        );
    }
}
