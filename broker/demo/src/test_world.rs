//! A dev world for the tests of this folder, without listeners unless asked.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::emulators::{EmulatorAccounts, PerEmulator};
use super::world::DemoWorld;
use super::{Addresses, Ambient, serve};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tower::ServiceExt;

/// The clock of the tests.
pub(crate) const NOW: u64 = 1_795_400_000;

/// Bytes that differ from call to call, and are no secret.
pub(crate) fn noise() -> impl Fn(&mut [u8]) + Send + Sync {
    let turn = AtomicU8::new(1);
    move |buffer| {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        for (place, byte) in buffer.iter_mut().enumerate() {
            *byte = turn
                .wrapping_mul(31)
                .wrapping_add((place as u8).wrapping_mul(7));
        }
    }
}

pub(crate) fn ambient() -> Ambient {
    // What `main` does first: reqwest is built without a provider.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ambient {
        now: Arc::new(|| NOW),
        fill: Arc::new(noise()),
    }
}

pub(crate) fn addresses() -> Addresses {
    Addresses {
        issuer: "http://127.0.0.1:8420".to_owned(),
        demo: "http://127.0.0.1:8421".to_owned(),
        operations: "http://127.0.0.1:8423".to_owned(),
        emulators: PerEmulator {
            sap_btp: "http://127.0.0.1:8424".to_owned(),
            workday_hr: "http://127.0.0.1:8425".to_owned(),
            panorama: "http://127.0.0.1:8426".to_owned(),
        },
        ca: None,
    }
}

/// Accounts at the emulators.
pub(crate) fn accounts() -> EmulatorAccounts {
    EmulatorAccounts::generate(&noise(), NOW).unwrap()
}

/// Header and payload of a token, unverified.
pub(crate) fn decode(token: &str) -> (Value, Value) {
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    let parts: Vec<_> = token.split('.').collect();
    (part(parts[0]), part(parts[1]))
}

/// The demo listener's routes, called directly.
pub(crate) struct TestWorld {
    pub(crate) world: Arc<DemoWorld>,
    pub(crate) router: Router,
}

impl TestWorld {
    pub(crate) fn new() -> Self {
        Self::at(&addresses())
    }

    pub(crate) fn at(at: &Addresses) -> Self {
        let world = Arc::new(DemoWorld::generate(&noise()).unwrap());
        let router = serve::router(&world, at, &ambient()).unwrap();
        Self { world, router }
    }

    /// Status, headers and JSON body of an answer.
    pub(crate) async fn send(&self, request: Request<Body>) -> (u16, axum::http::HeaderMap, Value) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (
            status,
            headers,
            serde_json::from_slice(&body).unwrap_or_default(),
        )
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let (status, _, body) = self
            .send(Request::get(path).body(Body::empty()).unwrap())
            .await;
        (status, body)
    }

    /// Posts a form to a token endpoint; whatever the answer, nobody may keep it.
    pub(crate) async fn form(&self, path: &str, form: &str) -> (u16, Value) {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        let (status, headers, body) = self.send(request).await;
        assert!(status == 413 || headers["cache-control"] == "no-store");
        (status, body)
    }
}
