//! A broker in the test's own process: on a folder of its own, with a clock that
//! the test sets, asked through its router.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use crate::app::App;
use crate::start;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_ambient::Clock;
use locum_core::ids::{CredentialId, Uuid7};
use locum_engine::open::Folder;
use locum_engine::vault::Vault;
use locum_stores::state::{AdminCredential, Role};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Locum's issuer.
pub(crate) const ISSUER: &str = "http://127.0.0.1:8420";
const MASTER: [u8; 32] = [7; 32];
const ADMIN: &str = "model-admin-token";

/// A broker, and what it takes to end it and to begin again.
pub(crate) struct TestBroker {
    pub(crate) folder: TempDir,
    pub(crate) wall: Arc<AtomicU64>,
    pub(crate) runtime: Runtime,
    /// Bytes of a segment, and from one snapshot to the next.
    pub(crate) segment_bytes: u64,
    /// Requests that a client may make in a second; `None`: as many as it likes.
    rate: Option<u32>,
    /// The broker, unless it was ended.
    running: Option<(Arc<App>, Router)>,
}

/// A folder in memory where there is one: nothing waits for the disk then.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.unwrap()
}

impl TestBroker {
    /// One whose segments have that many bytes.
    pub(crate) fn new(now_ms: u64, segment_bytes: u64) -> Self {
        Self::limited(now_ms, segment_bytes, None)
    }

    /// One that holds clients to a rate.
    pub(crate) fn limited(now_ms: u64, segment_bytes: u64, rate: Option<u32>) -> Self {
        // What `main` does first: reqwest is built without a provider.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut broker = Self {
            folder: folder(),
            wall: Arc::new(AtomicU64::new(now_ms)),
            runtime,
            segment_bytes,
            rate,
            running: None,
        };
        broker.begin();
        broker
    }

    /// Opens the folder.
    pub(crate) fn begin(&mut self) {
        let vault = Vault::open(&MASTER).unwrap();
        let first = AdminCredential {
            id: CredentialId(Uuid7::new(1, [0; 10])),
            name: "model".into(),
            role: Role::Admin,
            expires_s: None,
            created_at_ms: 0,
            revoked: false,
            hash: vault.hash(ADMIN, None).hash,
        };
        let mut setup = crate::tests::setup();
        setup.bounds.requests_per_client_per_s = self.rate;
        let folder = Folder {
            data: self.folder.path().to_owned(),
            segment_bytes: self.segment_bytes,
        };
        let clock = Clock::of(self.wall.clone());
        let _inside = self.runtime.enter();
        let app = start::open_at(folder, ISSUER, &MASTER, setup, clock).unwrap();
        app.api.bootstrap.put(Some(first));
        let router = crate::router::public(&app);
        self.running = Some((app, router));
        self.settle();
    }

    /// Does what a start does besides opening, such as retiring keys.
    pub(crate) fn settle(&self) {
        self.runtime
            .block_on(locum_engine::open::settle(&self.app().broker))
            .unwrap();
    }

    /// Ends the broker; what was answered is on the record.
    pub(crate) fn end(&mut self) {
        self.end_after(|| ());
    }

    /// The same; `look` comes when nothing is being written any more and all is
    /// still in memory.
    pub(crate) fn end_after(&mut self, look: impl FnOnce()) {
        if let Some((app, router)) = self.running.take() {
            drop(router);
            app.broker.records.ledger.close();
            look();
            // It waits at its start until its wall clock has caught up.
            self.wall
                .store(app.broker.records.clock.now_ms(), Ordering::Relaxed);
        }
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.running.as_ref().unwrap().0
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.app().broker.records.clock.now_ms()
    }

    /// Sets the wall clock, which the broker follows where it is not behind.
    pub(crate) fn set(&self, ms: u64) {
        self.wall.store(ms, Ordering::Relaxed);
    }

    /// Lets time pass, from what the broker takes for now.
    pub(crate) fn pass(&self, ms: u64) {
        self.set(self.now_ms() + ms);
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    /// Takes the snapshots away: the next start reads every record.
    pub(crate) fn forget_snapshots(&self) -> usize {
        let files = fs::read_dir(self.ledger()).unwrap();
        let snapshots = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "snap"));
        snapshots.map(|path| fs::remove_file(path).unwrap()).count()
    }

    fn send(&self, request: Request<Body>) -> (u16, Value) {
        let mut request = request;
        let peer = SocketAddr::from(([127, 0, 0, 1], 40_000));
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = self.running.as_ref().unwrap().1.clone();
        self.runtime.block_on(async {
            let answer = router.oneshot(request).await.unwrap();
            let status = answer.status().as_u16();
            let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            (status, serde_json::from_slice(&body).unwrap_or_default())
        })
    }

    /// A form of the public API.
    pub(crate) fn form(&self, path: &str, form: &[(&str, String)]) -> (u16, Value) {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::post(path)
            .header("host", "127.0.0.1:8420")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.send(request)
    }

    /// A request of the administrator.
    pub(crate) fn admin(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.admin_with(method, path, body, &[])
    }

    /// The same with further headers.
    pub(crate) fn admin_with(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, String)],
    ) -> (u16, Value) {
        self.asked(&format!("Bearer {ADMIN}"), (method, path), body, headers)
    }

    /// A request of whoever has that credential.
    pub(crate) fn admin_as(
        &self,
        authorization: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        self.asked(authorization, (method, path), body, &[])
    }

    fn asked(
        &self,
        authorization: &str,
        (method, path): (&str, &str),
        body: &Value,
        headers: &[(&str, String)],
    ) -> (u16, Value) {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request
            .method(method)
            .uri(format!("/admin/v1{path}"))
            .header("host", "127.0.0.1:8420")
            .header("authorization", authorization)
            .header("content-type", "application/json")
            .body(if body.is_null() {
                Body::empty()
            } else {
                Body::from(body.to_string())
            })
            .unwrap();
        self.send(request)
    }

    /// The same where nothing but a yes will do.
    pub(crate) fn must(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.admin(method, path, body);
        assert!(status < 300, "{method} {path} {body}: {status} {answer}");
        answer
    }
}

/// Header and claims of a token, unverified.
pub(crate) fn decode(token: &str) -> (Value, Value) {
    let part = |place: usize| {
        let part = token.split('.').nth(place).unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    };
    (part(0), part(1))
}

/// Unix milliseconds as RFC 3339.
pub(crate) fn shown(ms: u64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms as i64).unwrap();
    format!("{time:.3}")
}
