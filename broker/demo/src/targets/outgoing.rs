//! How the targets call Locum: no proxies, no redirects, bounds on time and
//! size.

use super::super::Addresses;
use reqwest::{Certificate, Client, Response, redirect};
use std::time::Duration;

/// Longest a call may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes.
pub(crate) const ANSWER_MAX: usize = 262_144;

/// Locum could not be asked: the caller has to be told to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocumUnreachable;

/// A client for calls on loopback; over https it trusts the dev world's authority
/// alone.
///
/// # Errors
/// When TLS cannot be set up.
#[expect(
    clippy::disallowed_methods,
    reason = "no redirects, no proxies, bounded"
)]
pub(crate) fn client(at: &Addresses) -> Result<Client, reqwest::Error> {
    let mut builder = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT);
    if let Some(ca) = &at.ca {
        let trusted = Certificate::from_pem(ca.pem.as_bytes())?;
        builder = builder.tls_certs_only([trusted]);
    }
    builder.build()
}

/// The body of a 200, read up to a bound.
///
/// # Errors
/// [`Unreachable`] for another status, a body too long or cut short.
pub(crate) async fn body_of(mut answer: Response) -> Result<Vec<u8>, LocumUnreachable> {
    if answer.status().as_u16() != 200 {
        return Err(LocumUnreachable);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| LocumUnreachable)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(LocumUnreachable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
