//! One request and its answer, within bounds.

use super::flaw::{CallFlaw, FlawKind};
use crate::body::{self, Encoding};
use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue, Response};
use locum_core::secret::Secret;
use reqwest::{Body, Client, Request};
use url::Url;

/// Most bytes of an answer's body (the contract, "Trouble" of downstream
/// credentials).
pub(super) const ANSWER_BODY_MAX: usize = 256 << 10;
/// Most bytes of an answer's headers. The client itself takes at most 100.
pub(super) const ANSWER_HEAD_MAX: usize = 32 << 10;

/// A body that is wiped once it was sent.
struct Wiped(Secret<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

/// The request to a URL that was vetted.
pub(super) fn to(url: Url, request: http::Request<Secret<Vec<u8>>>) -> Request {
    let (head, body) = request.into_parts();
    let mut out = Request::new(head.method, url);
    *out.headers_mut() = head.headers;
    let as_it_is = HeaderValue::from_static("identity");
    out.headers_mut().insert(ACCEPT_ENCODING, as_it_is);
    *out.body_mut() = Some(Body::from(Bytes::from_owner(Wiped(body))));
    out
}

/// Sends a request, and reads its answer.
///
/// # Errors
/// Why there is none, and whether the request may have left.
pub(super) async fn answer(
    client: &Client,
    request: Request,
) -> Result<Response<Vec<u8>>, CallFlaw> {
    let mut response = client.execute(request).await?;
    if size(response.headers()) > ANSWER_HEAD_MAX {
        let (part, max) = ("head", ANSWER_HEAD_MAX);
        return Err(CallFlaw::unknown(FlawKind::TooLarge { part, max }));
    }
    let encoding = match Encoding::of(response.headers()) {
        Ok(Encoding::Identity) => Encoding::Identity,
        Ok(Encoding::Gzip) | Err(_) => return Err(CallFlaw::unknown(FlawKind::Encoding)),
    };
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = body::read(response, encoding, ANSWER_BODY_MAX).await;
    let mut answer = Response::new(body.map_err(CallFlaw::unknown)?);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// Bytes of headers as HTTP/1.1 writes them.
fn size(headers: &HeaderMap) -> usize {
    let lines = headers.iter();
    lines
        .map(|(name, value)| name.as_str().len() + ": \r\n".len() + value.len())
        .sum()
}
