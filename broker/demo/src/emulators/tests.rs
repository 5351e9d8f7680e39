#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::super::test_world::{self, NOW};
use super::*;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use locum_core::token::Alg;
use locum_tokens::keys::SigningKey;
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tower::ServiceExt;

mod panorama;
mod sap_btp;
mod workday_hr;

/// What takes long to make, made once: nobody changes it.
static SHARED: OnceLock<(SigningKey, Arc<EmulatorAccounts>)> = OnceLock::new();

/// The three emulators, called directly, with a stand-in for Locum's key set.
struct Stage {
    routers: PerEmulator<Router>,
    accounts: Arc<EmulatorAccounts>,
    /// Seconds since [`NOW`].
    later: Arc<AtomicU64>,
    /// What Locum signs with.
    key: SigningKey,
    issuer: String,
}

/// An answer.
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
    body: Value,
}

impl Stage {
    async fn new() -> Self {
        let (key, accounts) = SHARED.get_or_init(|| {
            let key = SigningKey::generate(Alg::RS256, Some("locum-1")).unwrap();
            let accounts = EmulatorAccounts::generate(&test_world::noise(), NOW).unwrap();
            (key, Arc::new(accounts))
        });
        let (key, accounts) = (key.clone(), Arc::clone(accounts));
        let jwks = json!({"keys": [key.public_jwk()]});
        let routes = Router::new().route("/jwks", get(move || async { Json(jwks) }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let later = Arc::new(AtomicU64::new(0));
        let moved = Arc::clone(&later);
        let mut ambient = test_world::ambient();
        ambient.now = Arc::new(move || NOW + moved.load(Ordering::Relaxed));
        let mut at = test_world::addresses();
        at.issuer.clone_from(&issuer);
        Self {
            routers: routers(&accounts, &at, &ambient).unwrap(),
            accounts,
            later,
            key,
            issuer,
        }
    }

    /// The clock goes on.
    fn pass(&self, seconds: u64) {
        self.later.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// `POST` of a form, with further headers.
async fn form(
    router: &Router,
    path: &str,
    pairs: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    call(router, ("POST", path), &all, body).await
}

async fn call(
    router: &Router,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: String,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body)).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    Answer {
        status,
        headers,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn basic(scheme: &str, id: &str, secret: &str) -> String {
    format!("{scheme} {}", STANDARD.encode(format!("{id}:{secret}")))
}
