//! The way out: no redirects, no proxies, bounded in time and in what is read.

use http::{Request, Response};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use reqwest::{Client, redirect};
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Handle;

/// Most bytes of a collector's answer that are read.
const ANSWER_MAX: usize = 65_536;

type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

/// Sends on the broker's runtime for a thread that is outside it.
#[derive(Debug)]
pub(super) struct SpanSender {
    client: Client,
    runtime: Handle,
}

impl SpanSender {
    /// One that gives up after a time.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    #[expect(
        clippy::disallowed_methods,
        reason = "no redirects, no proxies, bounded; the operator names the collector"
    )]
    pub(super) fn new(timeout: Duration) -> Result<Self, String> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .timeout(timeout)
            .user_agent(concat!("locum/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|flaw| format!("OTLP: {flaw}"))?;
        Ok(Self {
            client,
            runtime: Handle::current(),
        })
    }
}

impl HttpClient for SpanSender {
    fn send_bytes<'a, 'b>(&'a self, request: Request<Bytes>) -> Sending<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        let sent = self.runtime.spawn(send(self.client.clone(), request));
        Box::pin(async move { sent.await? })
    }
}

async fn send(client: Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (parts, body) = request.into_parts();
    let sent = client
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body);
    let mut answer = sent.send().await.map_err(reqwest::Error::without_url)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut read = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if read.len() + chunk.len() > ANSWER_MAX {
            return Err(format!("expected an answer of at most {ANSWER_MAX} bytes").into());
        }
        read.extend_from_slice(&chunk);
    }
    let mut response = Response::new(read.into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
