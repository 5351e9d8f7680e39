//! The admin API by its router, in process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod agents;
mod credentials;
mod files;

use crate::app::App;
use axum::body::{Body, to_bytes};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use locum_core::ids::CredentialId;
use locum_stores::state::{AdminCredential, Author, Change, Role};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

const ISSUER: &str = "https://broker.example";
const TOKEN: &str = "a token from elsewhere";
const UNTIL: &str = "2099-01-01T00:00:00Z";

/// A broker on a folder of its own, and who administers it.
struct Desk {
    app: Arc<App>,
    credential: CredentialId,
    folder: tempfile::TempDir,
}

fn open(folder: &tempfile::TempDir) -> Arc<App> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let data = locum_engine::open::Folder::new(folder.path());
    crate::start::open(data, ISSUER, &[7; 32], crate::tests::setup()).unwrap()
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = open(&folder);
        let credential = CredentialId(app.broker.records.mint());
        let desk = Self {
            app,
            credential,
            folder,
        };
        let credential = AdminCredential {
            id: credential,
            name: "administrator".into(),
            role: Role::Admin,
            expires_s: None,
            created_at_ms: 0,
            revoked: false,
            hash: desk.app.broker.records.vault.hash(TOKEN, None).hash,
        };
        desk.record(Change::Credential { credential }).await;
        desk
    }

    /// The same folder, opened by another process.
    fn again(self) -> Self {
        self.app.broker.records.ledger.close();
        let app = open(&self.folder);
        Self { app, ..self }
    }

    async fn record(&self, change: Change) {
        let author = Author::itself("tests");
        self.app
            .broker
            .records
            .record(&[change], &author)
            .await
            .unwrap();
    }

    /// An answer's status and body.
    async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        ask(self.app.clone(), method, path, body).await
    }

    /// The body of a "yes".
    async fn yes(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
        answer
    }

    /// A "no" of that status; its sentence.
    async fn no(&self, status: u16, method: &str, path: &str, body: &Value) -> String {
        let (found, answer) = self.ask(method, path, body).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
        answer["detail"].as_str().unwrap().to_owned()
    }

    /// A workload issuer, and agents with those workload claims, or none.
    async fn with_agents(&self, agents: &[(&str, Value)]) {
        let issuer = json!({"issuer": "https://wl.example", "kind": "oidc", "role": "workload"});
        self.yes("PUT", "/issuers/wl", &issuer).await;
        for (id, claims) in agents {
            self.yes("POST", "/agents", &agent(id, claims)).await;
        }
    }

    async fn known_as(&self, id: &str, claims: &Value) {
        let path = format!("/agents/{id}");
        self.yes("PUT", &path, &agent(id, claims)).await;
    }

    /// A new version of an agent, certified; its id.
    async fn release(&self, agent: &str, name: &str) -> String {
        let made = self.draft(agent, name).await;
        let path = format!("/agents/{agent}/versions/{made}/certify");
        self.yes("POST", &path, &certify()).await;
        made
    }

    async fn draft(&self, agent: &str, name: &str) -> String {
        let path = format!("/agents/{agent}/versions");
        let made = self.yes("POST", &path, &json!({ "version": name })).await;
        made["id"].as_str().unwrap().to_owned()
    }
}

fn certify() -> Value {
    json!({"until": UNTIL, "reason": "tests"})
}

fn why() -> Value {
    json!({"reason": "tests"})
}

/// An agent's declaration, known by those claims, or by none.
fn agent(id: &str, claims: &Value) -> Value {
    let workload = match claims {
        Value::Null => Value::Null,
        claims => json!({"issuer": "wl", "claims": claims}),
    };
    json!({"id": id, "owner": {"kind": "team", "id": "team"}, "workload": workload})
}

async fn ask(app: Arc<App>, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = match body {
        Value::Null => Body::empty(),
        body => Body::from(body.to_string()),
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .unwrap();
    let answer = crate::router::api(&app).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}
