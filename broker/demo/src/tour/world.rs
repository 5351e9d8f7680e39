//! The dev world as the tour sees it: over HTTP only.

use super::play::SeenInTour;
use crate::started::{DemoFlaw, Start, Started};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Seconds a request of the tour may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A running dev world and a client.
pub(super) struct TourWorld {
    running: Box<dyn Started>,
    http: reqwest::Client,
}

/// What came back: status and JSON.
pub(super) struct TourAnswer {
    /// HTTP status.
    pub(super) status: u16,
    /// The body, `null` when it is no JSON.
    pub(super) body: Value,
}

impl TourAnswer {
    /// A member of the body as text.
    pub(super) fn text(&self, name: &str) -> String {
        self.body
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// The answer, if it has that status.
    ///
    /// # Errors
    /// What came instead, without tokens: refusals hold none.
    pub(super) fn expect(self, status: u16) -> Result<Self, DemoFlaw> {
        if self.status == status {
            return Ok(self);
        }
        let code = self.text("code");
        Err(format!(
            "expected status {status}, found {} {code}: {}",
            self.status,
            self.text("error_description")
        )
        .into())
    }
}

impl TourWorld {
    /// Starts a world on any free ports.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) async fn start(data: &Path, start: Start) -> Result<SeenInTour<Self>, DemoFlaw> {
        let running = start(data.to_owned()).await?;
        let http = client()?;
        let detail = json!({ "issuer": running.at().issuer, "provider": running.at().idp(), "records": running.records() });
        Ok(SeenInTour {
            value: Self { running, http },
            detail,
        })
    }

    /// Stops it and starts another on the same data.
    ///
    /// # Errors
    /// When either does not go well.
    pub(super) async fn restart(
        self,
        data: &Path,
        start: Start,
    ) -> Result<SeenInTour<Self>, DemoFlaw> {
        self.stop().await?;
        Self::start(data, start).await
    }

    /// Stops it.
    ///
    /// # Errors
    /// When it does not end well.
    pub(super) async fn stop(self) -> Result<(), DemoFlaw> {
        self.running.stop().await
    }

    /// The broker's time, Unix seconds.
    pub(super) fn now_s(&self) -> u64 {
        self.running.now_s()
    }

    /// A text of the ready file.
    pub(super) fn known(&self, pointer: &str) -> String {
        self.running
            .ready()
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// `POST` of a form, with client credentials where a client is named.
    ///
    /// # Errors
    /// When nothing answers.
    pub(super) async fn form(
        &self,
        url: &str,
        client: Option<&str>,
        form: &[(&str, &str)],
    ) -> Result<TourAnswer, DemoFlaw> {
        let mut request = self.http.post(url).form(form);
        if let Some(client) = client {
            request = request.basic_auth(
                client,
                Some(self.known(&format!("/agents/{client}/client_secret"))),
            );
        }
        answer(request).await
    }

    /// `POST /token` for an agent.
    ///
    /// # Errors
    /// When nothing answers.
    pub(super) async fn token(
        &self,
        agent: &str,
        form: &[(&str, &str)],
    ) -> Result<TourAnswer, DemoFlaw> {
        self.form(&self.known("/token_endpoint"), Some(agent), form)
            .await
    }

    /// A request to a demo target.
    ///
    /// # Errors
    /// When nothing answers.
    pub(super) async fn target(
        &self,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<TourAnswer, DemoFlaw> {
        let url = format!("{}{path}", self.running.at().demo);
        let request = match body {
            None => self.http.get(url),
            Some(body) => self.http.post(url).json(body),
        };
        answer(request.bearer_auth(token)).await
    }

    /// A look at a vendor, with its credential in a header.
    ///
    /// # Errors
    /// When nothing answers.
    pub(super) async fn vendor(
        &self,
        url: &str,
        (header, value): (&str, &str),
    ) -> Result<TourAnswer, DemoFlaw> {
        answer(self.http.get(url).header(header, value)).await
    }

    /// A change by the admin API.
    ///
    /// # Errors
    /// When nothing answers.
    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<TourAnswer, DemoFlaw> {
        let url = format!("{}{path}", self.known("/admin_api"));
        let request = self.http.put(url).json(body);
        answer(request.bearer_auth(self.known("/admin_token"))).await
    }

    /// A request to the admin API.
    ///
    /// # Errors
    /// When nothing answers.
    pub(super) async fn admin(
        &self,
        path: &str,
        body: Option<&Value>,
    ) -> Result<TourAnswer, DemoFlaw> {
        let url = format!("{}{path}", self.known("/admin_api"));
        let request = match body {
            None => self.http.get(url),
            Some(body) => self.http.post(url).json(body),
        };
        answer(request.bearer_auth(self.known("/admin_token"))).await
    }

    /// Whether introspection calls a token of SAP's active, asked by SAP's server:
    /// a locked agent cannot ask.
    ///
    /// # Errors
    /// When nothing answers.
    pub(super) async fn is_active(&self, token: &str) -> Result<bool, DemoFlaw> {
        let url = format!("{}/introspect", self.running.at().issuer);
        let request = self.http.post(url).form(&[("token", token)]);
        let (id, secret) = (
            self.known("/targets/sap/rs_client_id"),
            self.known("/targets/sap/rs_client_secret"),
        );
        let answer = answer(request.basic_auth(id, Some(secret)))
            .await?
            .expect(200)?;
        Ok(answer.body.get("active") == Some(&Value::Bool(true)))
    }
}

fn client() -> Result<reqwest::Client, DemoFlaw> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tour's own client: loopback only, no redirects, no proxy"
    )]
    let builder = reqwest::Client::builder();
    Ok(builder
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()?)
}

async fn answer(request: reqwest::RequestBuilder) -> Result<TourAnswer, DemoFlaw> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let bytes = response.bytes().await?;
    Ok(TourAnswer {
        status,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    })
}

/// The claims of a compact JWT, for showing.
pub(super) fn claims(token: &str) -> Value {
    let payload = token
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    payload
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}
