//! One careful HTTP client: no redirects, no proxies, ten seconds, one MiB.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect};
use serde_json::Value;
use url::Url;

use crate::exit::Exit;
use crate::failure::Failure;

/// The longest a call may take, connecting included.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is usually read, in bytes.
pub(crate) const MAX_ANSWER: usize = 1024 * 1024;

/// A client for one broker.
pub(crate) struct Http(Client);

/// A whole answer, read within the limit.
pub(crate) struct HttpAnswer {
    status: u16,
    retry_after_s: Option<u64>,
    date_s: Option<i64>,
    body: Vec<u8>,
}

impl Http {
    /// Builds a client for the scheme of `url`. Trust in the system's
    /// certificates is only set up for https, so that plain http on loopback
    /// works on a machine that has none.
    pub(crate) fn new(url: &Url) -> Result<Self, Failure> {
        // reqwest panics without a provider; an executable that chose one keeps it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        #[expect(clippy::disallowed_methods, reason = "the one client of the commands")]
        let mut builder = ClientBuilder::new()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("locum/", env!("CARGO_PKG_VERSION")));
        if url.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        }
        builder.build().map(Self).map_err(|_| {
            Failure::setup("expected the system's certificates for https, found none that work")
        })
    }

    /// Starts a `POST`.
    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.0.post(url)
    }

    /// Starts a `PUT`.
    pub(crate) fn put(&self, url: Url) -> RequestBuilder {
        self.0.put(url)
    }

    /// Starts a `DELETE`.
    pub(crate) fn delete(&self, url: Url) -> RequestBuilder {
        self.0.delete(url)
    }

    /// Starts a `GET`.
    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.0.get(url)
    }

    /// Sends a request and reads the answer whole.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<HttpAnswer, Failure> {
        self.send_for(request, MAX_ANSWER).await
    }

    /// The same for an answer of at most `max` bytes.
    pub(crate) async fn send_for(
        &self,
        request: RequestBuilder,
        max: usize,
    ) -> Result<HttpAnswer, Failure> {
        let mut response = request.send().await.map_err(|error| lost(&error))?;
        let retry_after_s = retry_after(&response);
        let date_s = date(&response);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
            if body.len() + chunk.len() > max {
                return Err(Failure::answer(format!(
                    "expected an answer of at most {max} bytes, found more"
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpAnswer {
            status: response.status().as_u16(),
            retry_after_s,
            date_s,
            body,
        })
    }
}

impl HttpAnswer {
    /// Whether the status is one of success.
    pub(crate) fn is_success(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    /// The `Date` header (RFC 9110 §6.6.1), Unix seconds.
    pub(crate) fn date_s(&self) -> Option<i64> {
        self.date_s
    }

    /// The body as text; empty where it is none.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// The JSON of a success; an empty body is `null`. A refusal becomes the
    /// failure that it describes.
    pub(crate) fn ok(&self) -> Result<Value, Failure> {
        if !self.is_success() {
            let body = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
            return Err(Failure::of_answer(self.status, self.retry_after_s, &body));
        }
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|_| {
            Failure::answer(format!(
                "expected JSON with status {}, found something else; is this a Locum broker?",
                self.status
            ))
        })
    }
}

/// Percent-encodes for a form or a query (RFC 3986 §2.3 stays as it is).
pub(crate) fn percent(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn retry_after(response: &Response) -> Option<u64> {
    response
        .headers()
        .get("retry-after")?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn date(response: &Response) -> Option<i64> {
    let text = response.headers().get("date")?.to_str().ok()?;
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(zoned.timestamp().as_second())
}

/// A call that brought no answer. The error's own text may hold the URL but
/// never a body or a header; still only the host is told.
fn lost(error: &reqwest::Error) -> Failure {
    let place = error.url().map_or_else(
        || "the broker".to_owned(),
        |url| url.origin().ascii_serialization(),
    );
    if error.is_timeout() {
        let message = format!("expected an answer of {place} within 10 s, found none");
        return Failure::local(Exit::Timeout, "CLI-TIMEOUT", message).retryable();
    }
    if error.is_connect() {
        let message =
            format!("expected a broker at {place}, found none that answers; is it running?");
        return Failure::local(Exit::Unavailable, "CLI-CONNECT", message).retryable();
    }
    let message = format!("expected an HTTP answer of {place}, found a broken one");
    Failure::local(Exit::Unavailable, "CLI-TRANSPORT", message).retryable()
}
