//! Asks another node of the issuer, at the address that it told: bytes there, bytes
//! back. What they say is sealed, so that nothing rests on who answers.

use crate::body::{self, Encoding};
use crate::flaw::FetchFlaw;
use reqwest::{Client, StatusCode, redirect, retry};
use std::time::Duration;

/// Longest that an answer may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Asks other nodes.
#[derive(Clone)]
pub struct PeerClient {
    client: Client,
    max_bytes: usize,
}

impl PeerClient {
    /// One that takes answers of at most so many bytes.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    #[expect(
        clippy::disallowed_methods,
        reason = "no redirects, no proxies; an address is that of a node which knows the master key"
    )]
    pub fn new(max_bytes: usize) -> Result<Self, FetchFlaw> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .no_proxy()
            .timeout(WITHIN)
            .user_agent(concat!("locum/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, max_bytes })
    }

    /// Sends bytes, and gives what is answered.
    ///
    /// # Errors
    /// [`FetchFlaw`].
    pub async fn ask(&self, url: &str, bytes: Vec<u8>) -> Result<Vec<u8>, FetchFlaw> {
        let response = self.client.post(url).body(bytes).send().await?;
        match response.status() {
            StatusCode::OK => body::read(response, Encoding::Identity, self.max_bytes).await,
            status => Err(FetchFlaw::Status(status)),
        }
    }
}
