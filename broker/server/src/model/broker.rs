//! The broker under test: on a folder of its own, with a clock that the test
//! sets, asked through its router.

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
use locum_stores::state::{Credential, Role};
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
pub(super) const ISSUER: &str = "http://127.0.0.1:8420";
const MASTER: [u8; 32] = [7; 32];
const ADMIN: &str = "model-admin-token";

/// A broker, and what it takes to end it and to begin again.
pub(super) struct Broker {
    pub(super) folder: TempDir,
    pub(super) wall: Arc<AtomicU64>,
    pub(super) runtime: Runtime,
    /// Bytes of a segment, and from one snapshot to the next.
    pub(super) segment_bytes: u64,
    /// The broker, unless it was ended.
    running: Option<(Arc<App>, Router)>,
}

/// A folder in memory where there is one: nothing waits for the disk then.
pub(super) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.unwrap()
}

impl Broker {
    pub(super) fn new(now_ms: u64, segment_bytes: u64) -> Self {
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
            running: None,
        };
        broker.begin();
        broker
    }

    /// Opens the folder.
    pub(super) fn begin(&mut self) {
        let vault = Vault::open(&MASTER).unwrap();
        let first = Credential {
            id: CredentialId(Uuid7::new(1, [0; 10])),
            name: "model".into(),
            role: Role::Admin,
            expires_s: None,
            created_at_ms: 0,
            revoked: false,
            hash: vault.hash(ADMIN, None).hash,
        };
        let setup = crate::tests::setup();
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
    pub(super) fn settle(&self) {
        self.runtime
            .block_on(locum_engine::open::settle(&self.app().broker))
            .unwrap();
    }

    /// Ends the broker; what was answered is on the record.
    pub(super) fn end(&mut self) {
        self.end_after(|| ());
    }

    /// The same; `look` comes when nothing is being written any more and all is
    /// still in memory.
    pub(super) fn end_after(&mut self, look: impl FnOnce()) {
        if let Some((app, router)) = self.running.take() {
            drop(router);
            app.broker.records.ledger.close();
            look();
            // It waits at its start until its wall clock has caught up.
            self.wall
                .store(app.broker.records.clock.now_ms(), Ordering::Relaxed);
        }
    }

    pub(super) fn app(&self) -> &Arc<App> {
        &self.running.as_ref().unwrap().0
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.app().broker.records.clock.now_ms()
    }

    /// Lets time pass, from what the broker takes for now.
    pub(super) fn pass(&self, ms: u64) {
        self.wall.store(self.now_ms() + ms, Ordering::Relaxed);
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    /// Takes the snapshots away: the next start reads every record.
    pub(super) fn forget_snapshots(&self) -> usize {
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
    pub(super) fn form(&self, path: &str, form: &[(&str, String)]) -> (u16, Value) {
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
    pub(super) fn admin(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.admin_with(method, path, body, &[])
    }

    /// The same with further headers.
    pub(super) fn admin_with(
        &self,
        method: &str,
        path: &str,
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
            .header("authorization", format!("Bearer {ADMIN}"))
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
    pub(super) fn must(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.admin(method, path, body);
        assert!(status < 300, "{method} {path} {body}: {status} {answer}");
        answer
    }
}

/// Header and claims of a token, unverified.
pub(super) fn decode(token: &str) -> (Value, Value) {
    let part = |place: usize| {
        let part = token.split('.').nth(place).unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    };
    (part(0), part(1))
}
